// The computers of a filled database: what each is, is called, and has been through.
import type { HostEvent } from '../machines/host-events.ts'
import { hashToken } from '../src/secrets/tokens.ts'
import type { Write } from '../storage/store.ts'
import { serialOf, uuidOf } from './devices.ts'

/** Of ten: three managed with an agent, three managed, two with an agent only, two that only Apple told of. */
export const managed = (nth: number): boolean => nth % 10 < 6
export const withAgent = (nth: number): boolean => [0, 1, 2, 6, 7].includes(nth % 10)
const assigned = (nth: number): boolean => nth % 10 >= 8 || nth % 10 < 4

/** What told of it, and for a managed one, what was asked of it since. */
export function eventsOf(nth: number, at: number): readonly HostEvent[] {
  return [
    ...(assigned(nth) ? [assignment(nth, at)] : []),
    ...(managed(nth) ? [...enrollment(nth, at), ...commandsOf(nth, at)] : []),
    ...(withAgent(nth) ? [agentEnrollment(nth, at)] : []),
  ]
}

/** Spread over six weeks, in no order. */
export const seenAtOf = (nth: number, now: number): number =>
  now - ((nth * 7_919_000) % (45 * 86_400_000))

const identityOf = (nth: number) => ({ serial: serialOf(nth), uuid: uuidOf(nth) })
export const hostnameOf = (nth: number): string => `bench-${nth}`
export const nodeKeyOf = (nth: number): string => `bench-key-${nth}`
export const keyHashOf = (nth: number): string => hashToken(nodeKeyOf(nth))
export const instanceOf = (nth: number): string => uuidOf(nth + 0x20_0000)

const models = ['MacBookPro18,3', 'Mac14,2', 'Macmini9,1', 'iMac21,1'] as const
const versions = ['15.5', '15.4.1', '14.7.6', '13.7'] as const

const assignment = (nth: number, at: number): HostEvent => ({
  type: 'dep.assigned',
  at,
  identity: { serial: serialOf(nth) },
  quarantined: false,
  facts: { model: models[nth % 4] ?? models[0], platform: 'darwin', color: 'SILVER' },
  device: {
    serial_number: serialOf(nth),
    profile_status: 'assigned',
    profile_uuid: null,
    op_date: '2026-01-01T00:00:00Z',
    since: at,
    raw: { serial_number: serialOf(nth), model: models[nth % 4], profile_status: 'assigned' },
  },
})

const enrollment = (nth: number, at: number): readonly HostEvent[] => [
  {
    type: 'mdm.Authenticate',
    at,
    channel: uuidOf(nth),
    enrollmentType: 'Device',
    topic: 'com.apple.mgmt.External.bench',
    identity: identityOf(nth),
    quarantined: false,
    facts: {
      hostname: hostnameOf(nth),
      platform: 'darwin',
      model: models[nth % 4] ?? models[0],
      os_version: versions[nth % 4] ?? versions[0],
      os_build: '24F74',
    },
  },
  {
    type: 'mdm.TokenUpdate',
    at,
    channel: uuidOf(nth),
    kind: 'device',
    enrollmentType: 'Device',
    topic: 'com.apple.mgmt.External.bench',
    pushRef: `${uuidOf(nth)}.push`,
    userShortName: null,
    awaitingConfiguration: false,
    unlockTokenRef: null,
  },
]

/** Commands a managed host has finished; one host in twenty has another that waits, without a push, for it to come. */
const finishedEach = 2
export const hasOpen = (nth: number): boolean => managed(nth) && nth % 20 === 13
const year = 365 * 86_400_000

function commandsOf(nth: number, at: number): readonly HostEvent[] {
  const channel = uuidOf(nth)
  const finished = Array.from({ length: finishedEach }, (_, count): readonly HostEvent[] => {
    const commandUUID = `${hostnameOf(nth)}-${count}`
    return [
      enqueue(nth, commandUUID, at),
      { type: 'mdm.Idle', at, channel },
      {
        type: 'mdm.Acknowledged',
        at,
        channel,
        commandUUID,
        facts: {},
        resultRef: `${commandUUID}.result`,
        resultDigest: '0'.repeat(64),
        errorChain: [],
      },
    ]
  })
  const open = hasOpen(nth)
    ? [{ ...enqueue(nth, `${hostnameOf(nth)}-open`, at), silent: true }]
    : []
  return [...finished.flat(), ...open]
}

const enqueue = (nth: number, commandUUID: string, at: number) => ({
  type: 'operator.enqueue' as const,
  at,
  commandUUID,
  channel: uuidOf(nth),
  requestType: 'DeviceInformation',
  priority: 0,
  seq: nth,
  expiresAt: at + year,
  repeatable: true,
  requestRef: `${commandUUID}.request`,
  requestDigest: '0'.repeat(64),
})

const agentEnrollment = (nth: number, at: number): HostEvent => ({
  type: 'osquery.enroll',
  at,
  identity: identityOf(nth),
  quarantined: false,
  speaking: [],
  facts: { hostname: hostnameOf(nth), platform: 'darwin', osquery_version: '5.16.0' },
  agent: {
    keyHash: keyHashOf(nth),
    instance: instanceOf(nth),
    enrolledAt: at,
    expiresAt: null,
    detailAt: at,
  },
  graceUntil: at,
})

export function claimsOf(nth: number, host_id: string, now: number): readonly Write[] {
  const kinds =
    managed(nth) || withAgent(nth) ? (['serial', 'uuid'] as const) : (['serial'] as const)
  return kinds.map((kind) => ({
    put: 'claim',
    row: {
      kind,
      value: identityOf(nth)[kind],
      host_id,
      status: 'active',
      source: managed(nth) || assigned(nth) ? 'apple' : 'agent',
      first_seen: now,
      last_seen: now,
    },
  }))
}
