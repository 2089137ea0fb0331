// A machine that throws is a bug of ours. What must not happen is that it takes the process along.
import { createActor } from 'xstate'
import { afterEach, expect, test } from 'vitest'
import { type Effects, effects } from '../../machines/effects.ts'
import { acknowledged, enqueue, enrolled, idle } from './events.ts'
import { collector, machineWith } from './world.ts'

const uncaught: unknown[] = []
const remember = (fault: unknown): void => void uncaught.push(fault)
process.on('uncaughtException', remember)
afterEach(() => void (uncaught.length = 0))

/** A started host in which one effect throws once `armed`. */
function hostThatFailsAt(name: keyof Effects) {
  const state = { armed: false }
  const bug = new Error(`no ${name} today`)
  const actions: typeof effects = {
    ...collector([]),
    [name]: () => {
      if (state.armed) throw bug
    },
  }
  const actor = createActor(machineWith(actions), { input: { id: 'host-1', at: 0 } })
  const heard: unknown[] = []
  actor.subscribe({ error: (fault) => void heard.push(fault) })
  actor.start()
  for (const event of [...enrolled, enqueue('A'), idle()]) actor.send(event)
  state.armed = true
  return { actor, heard, bug }
}

// `alarm.cancel` is asked for by the command, all others by the host itself.
for (const name of ['reply', 'alarm.cancel'] as const)
  test(`a host in which ${name} throws is in error, says so, and does not end the process`, async () => {
    const { actor, heard, bug } = hostThatFailsAt(name)
    actor.send(acknowledged('A'))
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: bug })
    expect(heard).toEqual([bug])
    // XState reports errors nobody observes from a timer of its own.
    await new Promise((resolve) => void setTimeout(resolve, 20))
    expect(uncaught).toEqual([])
  })

test('a failed host takes no further event', () => {
  const { actor } = hostThatFailsAt('reply')
  actor.send(acknowledged('A'))
  const failed = actor.getSnapshot()
  expect(failed.status).toBe('error')
  const warn = console.warn
  console.warn = () => {} // XState says that the actor has stopped
  actor.send(idle())
  console.warn = warn
  expect(actor.getSnapshot()).toBe(failed)
})
