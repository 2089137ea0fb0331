// Lives of a host: what happens to it, step by step, as a test draws it.
import fc from 'fast-check'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  acknowledged,
  agent,
  assigned,
  authenticate,
  cancel,
  checkOut,
  depDevice,
  details,
  enqueue,
  idle,
  notNow,
  osqueryEnroll,
  removed,
  report,
  reset,
  revoke,
  tokenUpdate,
  userToken,
} from '../machines/events.ts'

export const steps = [
  'assign',
  'remove',
  'assign another',
  'remove another',
  'Authenticate',
  'TokenUpdate',
  'user TokenUpdate',
  'awaiting TokenUpdate',
  'CheckOut',
  'user CheckOut',
  'enqueue',
  'enqueue for the user',
  'enqueue what must not be repeated',
  'Idle',
  'Acknowledged',
  'Error',
  'NotNow',
  'cancel',
  'pushed',
  'agent enrolls',
  'details',
  'revoke one',
  'revoke all',
  'reset',
] as const

/** `nth` picks among the commands enqueued so far, or the agents. */
export type Step = { readonly what: (typeof steps)[number]; readonly nth: number }

/** Any life, with the steps that make one interesting drawn more often. */
export const lives = (maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      what: fc.constantFrom<(typeof steps)[number][]>(
        ...steps,
        ...(['Authenticate', 'TokenUpdate', 'enqueue', 'enqueue', 'Idle', 'Idle'] as const),
        ...(['Idle', 'Acknowledged', 'Acknowledged', 'NotNow', 'agent enrolls'] as const),
      ),
      nth: fc.nat({ max: 5 }),
    }),
    { maxLength },
  )

/** One host's life. The same steps at the same times give the same events. */
export type Life = { next(step: Step, at: number): HostEvent }

const commandTtlMs = 3_600_000

export function createLife(hostId: string): Life {
  const device = `DEVICE-${hostId}`
  const user = `${device}:USER`
  const uuids: string[] = []
  const keys = [0, 1, 2].map((nth) => `key-${nth}-of-${hostId}`)

  const channelOf = (commandUUID: string): string =>
    commandUUID.startsWith('user') ? user : device
  function commandFor(prefix: string, at: number, repeatable: boolean): HostEvent {
    const commandUUID = `${prefix}-${uuids.length}-of-${hostId}`
    uuids.push(commandUUID)
    return enqueue(commandUUID, {
      at,
      channel: channelOf(commandUUID),
      seq: uuids.length,
      expiresAt: at + commandTtlMs,
      repeatable,
    })
  }

  const said: Readonly<Record<Step['what'], (at: number, picked: Picked) => HostEvent>> = {
    assign: (at) => listing(`C02${hostId}`, at),
    remove: (at) => ({ ...removed(`C02${hostId}`), at }) as HostEvent,
    'assign another': (at) => listing(`C03${hostId}`, at),
    'remove another': (at) => ({ ...removed(`C03${hostId}`), at }) as HostEvent,
    Authenticate: (at) => authenticate({ at, channel: device, identity: { udid: device } }),
    TokenUpdate: (at) => tokenUpdate({ at, channel: device }),
    'awaiting TokenUpdate': (at) =>
      tokenUpdate({ at, channel: device, awaitingConfiguration: true }),
    'user TokenUpdate': (at) => userToken({ at, channel: user }),
    CheckOut: (at) => ({ ...checkOut(device), at }) as HostEvent,
    'user CheckOut': (at) => ({ ...checkOut(user), at }) as HostEvent,
    enqueue: (at) => commandFor('command', at, true),
    'enqueue for the user': (at) => commandFor('user', at, true),
    'enqueue what must not be repeated': (at) => commandFor('once', at, false),
    Idle: (at) => idle(device, at),
    Acknowledged: (at, { uuid }) =>
      acknowledged(uuid, {
        at,
        channel: channelOf(uuid),
        facts: { hostname: `${hostId} at ${at}` },
      }),
    Error: (at, { uuid }) => report('Error', uuid, { at, channel: channelOf(uuid) }),
    NotNow: (at, { uuid }) => ({ ...notNow(uuid, channelOf(uuid)), at }) as HostEvent,
    cancel: (at, { uuid }) => ({ ...cancel(uuid), at }) as HostEvent,
    pushed: (at) => ({ type: 'apns.pushed', at, channel: device, apnsId: 'apns-1' }),
    'agent enrolls': (at, { key }) =>
      osqueryEnroll(agent(key, { enrolledAt: at, instance: 'one' }), {
        facts: { platform: 'darwin', hostname: hostId },
      }),
    details: (at, { key }) => ({ ...details(key, at) }) as HostEvent,
    'revoke one': (at, { key }) => ({ ...revoke([key]), at }) as HostEvent,
    'revoke all': (at) => ({ ...revoke(null), at }) as HostEvent,
    reset: (at) => ({ ...reset, at }) as HostEvent,
  }

  return {
    next: ({ what, nth }, at) =>
      said[what](at, {
        uuid: uuids[nth % (uuids.length || 1)] ?? 'nothing-yet',
        key: keys[nth % 3] ?? '',
      }),
  }
}

const listing = (serial_number: string, at: number): HostEvent =>
  assigned({
    at,
    identity: { serial: serial_number },
    device: { ...depDevice, serial_number, since: at, raw: { serial_number, seen: at } },
  })

type Picked = { readonly uuid: string; readonly key: string }
