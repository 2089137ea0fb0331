// What holds in every history of a host, whatever its devices and operators do.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EffectAction } from '../../machines/effects.ts'
import { acknowledged, device, enrolled, expiry, idle, notNow, user, userToken } from './events.ts'
import { histories, type Step, uuids } from './histories.ts'
import { createReference } from './reference.ts'
import { createWorld, nextOf, replyIn, type World } from './world.ts'

const start = (): World => {
  const world = createWorld()
  world.send(...enrolled, userToken())
  return world
}

const always = (claim: string, holds: (history: readonly Step[]) => void): void =>
  test(claim, () => {
    fc.assert(
      fc.property(histories, (history) => holds(history)),
      {
        numRuns: 100,
        reporter(details) {
          if (!details.failed) return
          const steps = details.counterexample?.[0].map(({ says }) => says).join('\n')
          throw new Error(`seed ${details.seed}, after:\n${steps}`, {
            cause: details.errorInstance,
          })
        },
      },
    )
  })

always('every history gives the answers and the states the protocol asks for', (history) => {
  const world = start()
  const reference = createReference()
  for (const { events, next, does } of history) {
    const asked = world.send(...events)
    does?.(reference)
    if (next !== undefined) expect(sentBy(asked)).toBe(next(reference))
    expect(world.commands()).toEqual(
      Object.fromEntries(reference.commands.map(({ uuid: id, state }) => [id, state])),
    )
  }
})

always('one answer sends at most one command, and nothing else sends any', (history) => {
  const world = start()
  for (const { events, next } of history) {
    const before = departures(world)
    const sent = next === undefined ? undefined : sentBy(world.send(...events))
    if (next === undefined) world.send(...events)
    const left = Object.entries(departures(world)).filter(([id, n]) => n !== (before[id] ?? 0))
    expect(left).toEqual(sent === undefined ? [] : [[sent, (before[sent] ?? 0) + 1]])
  }
})

always('no command leaves after it was over', (history) => {
  const world = start()
  const over = new Map<string, number>()
  for (const { events } of history) {
    world.send(...events)
    for (const id of Object.keys(world.commands())) {
      const { status, context } = world.command(id)
      if (over.has(id)) expect(context.attempts).toBe(over.get(id))
      if (status === 'done') over.set(id, context.attempts)
    }
  }
})

always('what must not run twice leaves again only after the device said NotNow', (history) => {
  const world = start()
  for (const { events } of history) {
    world.send(...events)
    for (const id of Object.keys(world.commands())) {
      const { attempts, deferrals, repeatable } = world.command(id).context
      if (!repeatable) expect(attempts).toBeLessThanOrEqual(1 + deferrals)
    }
  }
})

always(
  'a conversation ends with commands deferred only when NotNow was its last word',
  (history) => {
    const world = start()
    for (const { events, next } of history) {
      const [event] = events
      const asked = world.send(...events)
      if (next === undefined || event === undefined || !('channel' in event)) continue
      if (event.type === 'mdm.NotNow' || sentBy(asked) !== undefined) continue
      // The device will not come back by itself after anything else, so nothing may wait for it,
      // except what it has just reported on without having been asked.
      const reportedOn = 'commandUUID' in event ? event.commandUUID : undefined
      const waiting = Object.entries(world.commands()).filter(
        ([id, state]) =>
          id !== reportedOn &&
          ['queued', 'pushed', 'not_now'].includes(state) &&
          world.command(id).context.channel === event.channel,
      )
      expect(waiting).toEqual([])
    }
  },
)

always('a device that keeps answering has every command finished, deferred ones too', (history) => {
  const world = start()
  for (const { events } of history) world.send(...events)
  for (const on of [device, user]) {
    // Each command is refused once more before it is done.
    for (const id of Object.keys(world.commands()))
      if (nextOf(world, idle(on)) === id) world.send(notNow(id, on))
    let next = nextOf(world, idle(on))
    for (let answers = 0; next !== undefined; answers += 1) {
      expect(answers).toBeLessThan(uuids.length)
      next = nextOf(world, acknowledged(next, { channel: on }))
    }
  }
  // Only what we may not send again is open, and that ends by itself.
  for (const state of openStates(world)) expect(state).toBe('unknown')
  world.send(...uuids.map((id) => expiry(id)))
  expect(openStates(world)).toEqual([])
})

always('a host that is stored and woken between any two events lives the same life', (history) => {
  const steady = start()
  let woken = start()
  for (const { events } of history) {
    woken = createWorld({ stored: woken.store() })
    expect(woken.store()).toEqual(steady.store())
    expect(woken.send(...events)).toEqual(steady.send(...events))
  }
  expect(woken.store()).toEqual(steady.store())
})

always('the same events twice give the same snapshots and the same effects', (history) => {
  const [one, two] = [start(), start()]
  for (const { events } of history) {
    const text = JSON.stringify(events)
    expect(one.send(...events)).toEqual(two.send(...events))
    expect(one.store()).toEqual(two.store())
    expect(JSON.stringify(events)).toBe(text)
  }
})

function sentBy(asked: readonly EffectAction[]): string | undefined {
  const reply = replyIn(asked)
  return reply?.kind === 'command' ? reply.commandUUID : undefined
}

const departures = (world: World): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(world.commands()).map((id) => [id, world.command(id).context.attempts]),
  )

const openStates = (world: World): readonly string[] =>
  Object.keys(world.commands())
    .filter((id) => world.command(id).status === 'active')
    .map((id) => world.command(id).value)
