import { createActor, getNextSnapshot } from 'xstate'
import { expect, test } from 'vitest'
import {
  type CommandEvent,
  commandMachine,
  type CommandSnapshot,
  type CommandState,
  expiryAlarm,
} from '../../machines/command.ts'
import type { EffectAction } from '../../machines/effects.ts'
import { commandInput, device, later, now, reportBody } from './events.ts'
import { collector } from './world.ts'

const events = {
  push: { type: 'push', at: 30, apnsId: 'apns-1' },
  push_refused: { type: 'push_refused', at: 40, reason: 'Unregistered' },
  offer: { type: 'offer', at: 50 },
  Acknowledged: { type: 'Acknowledged', ...reportBody },
  Error: {
    type: 'Error',
    ...reportBody,
    errorChain: [
      {
        ErrorCode: 12021,
        ErrorDomain: 'MCMDMErrorDomain',
        LocalizedDescription: 'Unknown command',
      },
    ],
  },
  CommandFormatError: { type: 'CommandFormatError', ...reportBody },
  NotNow: { type: 'NotNow', at: 60, round: 4 },
  report_lost: { type: 'report_lost' },
  expire: { type: 'expire' },
  cancel: { type: 'cancel' },
  supersede: { type: 'supersede' },
  restored: { type: 'restored' },
  request_lost: { type: 'request_lost' },
  report_unread: { type: 'report_unread' },
} as const satisfies { readonly [Type in CommandEvent['type']]: CommandEvent }

type EventName = keyof typeof events

function start() {
  const asked: EffectAction[] = []
  const actor = createActor(commandMachine.provide({ actions: collector(asked) }), {
    input: commandInput(),
  })
  actor.start()
  return { actor, asked }
}

/** The shortest life that ends in each state. */
const paths: Readonly<Record<CommandState, readonly EventName[]>> = {
  queued: [],
  pushed: ['push'],
  sent: ['offer'],
  not_now: ['offer', 'NotNow'],
  unknown: ['offer', 'report_lost'],
  acknowledged: ['offer', 'Acknowledged'],
  error: ['offer', 'Error'],
  format_error: ['offer', 'CommandFormatError'],
  expired: ['expire'],
  cancelled: ['cancel'],
  superseded: ['supersede'],
  failed: ['request_lost'],
}

function at(state: CommandState): ReturnType<typeof start> {
  const living = start()
  for (const name of paths[state]) living.actor.send(events[name])
  return living
}

const columns = Object.keys(events) as readonly EventName[] // the keys of a literal

// What is not in the table stays where it is.
// prettier-ignore
const moves: Readonly<Record<CommandState, readonly string[]>> = {
  //             push      refused offer   Acknowledged    Error    CommandFormatError  NotNow     report_lost  expire     cancel       supersede      restored  request_lost  report_unread
  queued:       ['pushed', '-',    'sent', 'acknowledged', 'error', 'format_error',     '-',       '-',         'expired', 'cancelled', 'superseded', '-', 'failed', '-'],
  pushed:       ['-',      '-',    'sent', 'acknowledged', 'error', 'format_error',     '-',       '-',         'expired', 'cancelled', 'superseded', '-', 'failed', '-'],
  sent:         ['-',      '-',    'sent', 'acknowledged', 'error', 'format_error',     'not_now', 'unknown',   'expired', '-',         'superseded', '-', 'failed', '-'],
  not_now:      ['-',      '-',    'sent', 'acknowledged', 'error', 'format_error',     '-',       '-',         'expired', '-',         'superseded', '-', 'failed', '-'],
  unknown:      ['-',      '-',    '-',    'acknowledged', 'error', 'format_error',     'not_now', '-',         'expired', '-',         'superseded', '-', 'failed', '-'],
  acknowledged: ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
  error:        ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
  format_error: ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
  expired:      ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
  cancelled:    ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
  superseded:   ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
  failed:       ['-',      '-',    '-',    '-',            '-',     '-',                '-',       '-',         '-',       '-',         '-',          '-',          '-', '-'],
}
const states = Object.keys(moves) as readonly CommandState[] // the keys of a Record by state
const open: readonly CommandState[] = ['queued', 'pushed', 'sent', 'not_now', 'unknown']
const final = states.filter((state) => !open.includes(state))

test('the table names every state of the machine', () => {
  expect(Object.keys(commandMachine.states).toSorted()).toEqual([...states].toSorted())
})

for (const state of states)
  for (const [column, name] of columns.entries()) {
    const cell = moves[state][column] ?? 'missing'
    const next = cell === '-' ? state : cell
    test(`a ${state} command that takes ${name} ${cell === '-' ? 'stays so' : `becomes ${next}`}`, () => {
      const before = at(state).actor.getSnapshot()
      expect(getNextSnapshot(commandMachine, before, events[name]).value).toBe(next)
    })
  }

for (const state of open) {
  const restored = (repeatable: boolean): CommandState => {
    const before = at(state).actor.getSnapshot()
    const context = { ...before.context, repeatable }
    return getNextSnapshot(commandMachine, { ...before, context }, events.restored).value
  }
  test(`a ${state} command that must not run twice is unknown after a restore`, () =>
    expect(restored(false)).toBe('unknown'))
  test(`a ${state} command that may run twice goes on after a restore`, () =>
    expect(restored(true)).toBe(state))
}

for (const state of open)
  for (const name of ['Acknowledged', 'Error', 'CommandFormatError'] as const)
    test(`a ${state} command keeps what a final ${name} brings, and is over`, () => {
      const { actor } = at(state)
      actor.send(events[name])
      const { context, status } = actor.getSnapshot()
      expect(status).toBe('done')
      expect(context).toMatchObject({
        resultRef: events[name].resultRef,
        resultDigest: events[name].resultDigest,
        errorChain: events[name].errorChain,
      })
    })

test('a command that starts asks to be woken when it expires', () => {
  expect(start().asked).toEqual([
    { type: 'alarm.set', params: { name: expiryAlarm('A'), dueAt: later } },
  ])
})

for (const state of open)
  test(`on its way to ${state} the command leaves its expiry alarm alone`, () => {
    expect(at(state).asked.filter(({ type }) => type !== 'reply')).toHaveLength(1)
  })

for (const state of final)
  test(`a command that is ${state} cancels its expiry alarm, once`, () => {
    const { asked } = at(state)
    expect(asked.slice(1)).toEqual([{ type: 'alarm.cancel', params: { name: expiryAlarm('A') } }])
  })

for (const state of final)
  test(`a command that is ${state} says so to its host, with what was asked for`, () => {
    expect(at(state).actor.getSnapshot().output).toEqual({
      requestType: 'DeviceInformation',
      channel: device,
      state,
    })
  })

for (const state of final)
  test(`a command that is ${state} is marked final in its definition`, () => {
    expect(commandMachine.states[state]?.type).toBe('final')
  })

test('every departure is counted, the repeated one too', () => {
  const { actor } = at('sent')
  expect(actor.getSnapshot().context.attempts).toBe(1)
  actor.send(events.offer)
  expect(actor.getSnapshot().context.attempts).toBe(2)
})

for (const state of ['queued', 'pushed', 'sent', 'not_now'] as const) {
  test(`a ${state} command notes the push that is to bring its device here`, () => {
    const { actor } = at(state)
    actor.send(events.push)
    expect(actor.getSnapshot().context.push).toEqual({ at: 30, apnsId: 'apns-1', reason: null })
  })

  test(`a ${state} command notes why there was no push`, () => {
    const { actor } = at(state)
    actor.send(events.push_refused)
    const push = { at: 40, apnsId: null, reason: 'Unregistered' }
    expect(actor.getSnapshot().context.push).toEqual(push)
  })
}

test('a command knows since when it is in its state, and when it was last sent', () => {
  const { actor } = at('queued')
  const since = (): number => actor.getSnapshot().context.since
  expect(since()).toBe(now)
  actor.send(events.push)
  expect(since()).toBe(30)
  actor.send({ ...events.push, at: 35 })
  expect(since()).toBe(30)
  actor.send(events.offer)
  actor.send({ ...events.offer, at: 55 })
  expect(since()).toBe(55)
  actor.send(events.NotNow)
  expect(since()).toBe(60)
})

test('every NotNow is counted and remembers the round it was said in', () => {
  const { actor } = at('not_now')
  expect(actor.getSnapshot().context).toMatchObject({ deferrals: 1, deferredRound: 4 })
  actor.send(events.offer)
  actor.send({ type: 'NotNow', at: 70, round: 5 })
  expect(actor.getSnapshot().context).toMatchObject({ deferrals: 2, deferredRound: 5 })
})

test('a NotNow that comes after its report was given up says that nothing ran: the command may be offered again', () => {
  const { actor } = at('unknown')
  actor.send(events.NotNow)
  expect(actor.getSnapshot().value).toBe('not_now')
  actor.send(events.offer)
  expect(actor.getSnapshot().value).toBe('sent')
})

test('letting a command go from memory cancels no alarm', () => {
  const { actor, asked } = at('sent')
  actor.stop()
  expect(asked).toHaveLength(1)
})

test('a restored command sets no second alarm', () => {
  const { actor } = at('sent')
  const stored = JSON.parse(JSON.stringify(actor.getPersistedSnapshot())) as CommandSnapshot
  const asked: EffectAction[] = []
  const again = createActor(commandMachine.provide({ actions: collector(asked) }), {
    snapshot: stored,
    input: commandInput(),
  })
  again.start()
  expect(asked).toEqual([])
  again.send(events.Acknowledged)
  expect(asked).toEqual([{ type: 'alarm.cancel', params: { name: expiryAlarm('A') } }])
})
