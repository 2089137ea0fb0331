// Things that happen to a host, with everything a test does not care about filled in.
import type { CommandInput } from '../../machines/command.ts'
import type { Agent, DepDevice } from '../../machines/host-context.ts'
import type {
  Authenticate,
  CommandReport,
  DepEvent,
  Enqueue,
  HostEvent,
  OsqueryEvent,
  Parts,
  PushRefused,
  StrayReport,
  UnreadReport,
  TokenUpdate,
} from '../../machines/host-events.ts'

export const device = '4F3C1A2B-0000-4000-8000-000000000001'
export const user = `${device}:8D6E0C1B-0000-4000-8000-00000000000A`

/** When nothing else is said, an event happens at this time and a command lives until `later`. */
export const now = 1_000
export const later = 1_000_000

type Given<Event> = Partial<Omit<Event, 'type'>>

export const authenticate = (given: Given<Authenticate> = {}): Authenticate => ({
  type: 'mdm.Authenticate',
  at: now,
  channel: device,
  enrollmentType: 'Device',
  topic: 'com.apple.mgmt.External.one',
  identity: { udid: device, serial: 'C02ONE' },
  quarantined: false,
  facts: {},
  ...given,
})

export const tokenUpdate = (given: Given<TokenUpdate> = {}): TokenUpdate => ({
  type: 'mdm.TokenUpdate',
  at: now,
  channel: device,
  kind: 'device',
  enrollmentType: 'Device',
  topic: 'com.apple.mgmt.External.one',
  pushRef: 'push-1',
  userShortName: null,
  awaitingConfiguration: null,
  unlockTokenRef: null,
  ...given,
})

export const userToken = (given: Given<TokenUpdate> = {}): TokenUpdate =>
  tokenUpdate({
    channel: user,
    kind: 'user',
    enrollmentType: 'User',
    pushRef: 'push-user',
    userShortName: 'ada',
    ...given,
  })

export const checkOut = (channel: string = device): HostEvent => ({
  type: 'mdm.CheckOut',
  at: now,
  channel,
})

/** A host that is enrolled and has told its push token. */
export const enrolled: readonly HostEvent[] = [authenticate(), tokenUpdate()]

export const enqueue = (commandUUID: string, given: Given<Enqueue> = {}): Enqueue => ({
  type: 'operator.enqueue',
  at: now,
  commandUUID,
  channel: device,
  requestType: 'DeviceInformation',
  priority: 0,
  seq: 1,
  expiresAt: later,
  repeatable: true,
  requestRef: `request:${commandUUID}`,
  requestDigest: 'digest',
  ...given,
})

export const commandInput = (given: Partial<CommandInput> = {}): CommandInput => {
  const { type: _type, at, ...wish } = enqueue('A')
  return { silent: false, ...wish, createdAt: at, ...given }
}

export const cancel = (commandUUID: string): HostEvent => ({
  type: 'operator.cancel',
  at: now,
  commandUUID,
})

export const reset: HostEvent = { type: 'operator.reset', at: now }
export const restored: HostEvent = { type: 'operator.restore', at: now }

export const requestLost = (commandUUID: string): HostEvent => ({
  type: 'request.lost',
  at: now,
  commandUUID,
})

export const idle = (channel: string = device, at: number = now): HostEvent => ({
  type: 'mdm.Idle',
  at,
  channel,
})

export const notNow = (commandUUID: string, channel: string = device): HostEvent => ({
  type: 'mdm.NotNow',
  at: now,
  channel,
  commandUUID,
})

const finalStatuses = ['Acknowledged', 'Error', 'CommandFormatError'] as const
type FinalStatus = (typeof finalStatuses)[number]

export const reportBody = {
  resultRef: 'result-1',
  resultDigest: 'result-digest',
  errorChain: [],
} as const

export const report = (
  status: FinalStatus,
  commandUUID: string,
  given: Given<CommandReport> = {},
): CommandReport => ({
  type: `mdm.${status}`,
  at: now,
  channel: device,
  commandUUID,
  facts: {},
  ...reportBody,
  ...given,
})

export const acknowledged = (
  commandUUID: string,
  given: Given<CommandReport> = {},
): CommandReport => report('Acknowledged', commandUUID, given)

export const stray = (commandUUID: string, given: Given<StrayReport> = {}): StrayReport => ({
  type: 'mdm.stray_report',
  at: now,
  channel: device,
  commandUUID,
  status: 'Acknowledged',
  standing: 'finished',
  differs: false,
  ...given,
})

export const unread = (given: Given<UnreadReport> = {}): UnreadReport => ({
  type: 'mdm.unread_report',
  at: now,
  channel: device,
  commandUUID: null,
  reason: 'unknown-status',
  ...given,
})

export const pushed = (channel: string = device): HostEvent => ({
  type: 'apns.pushed',
  at: now,
  channel,
  apnsId: 'apns-1',
})

export const pushRefused = (given: Given<PushRefused> = {}): PushRefused => ({
  type: 'apns.refused',
  at: now,
  channel: device,
  reason: 'Unregistered',
  status: 410,
  fault: 'address',
  addressAt: now,
  certificateAt: 5,
  deadSince: null,
  ...given,
})

export const pushReady: HostEvent = {
  type: 'apns.ready',
  at: now,
  topic: 'com.apple.mgmt.External.one',
}

export const pushAlarmRings = (at: number, channel: string = device): HostEvent => ({
  type: 'alarm',
  at,
  name: `push:${channel}`,
})

export const expiry = (commandUUID: string, at: number = later): HostEvent => ({
  type: 'alarm',
  at,
  name: `expire:${commandUUID}`,
})

type Assigned = Extract<DepEvent, { readonly type: 'dep.assigned' }>

export const depDevice = {
  serial_number: 'C02ONE',
  profile_status: 'assigned',
  profile_uuid: 'profile-1',
  op_date: '2026-01-01T00:00:00Z',
  since: now,
  raw: { serial_number: 'C02ONE', profile_status: 'assigned' },
} as const

export const assigned = (given: Given<Assigned> = {}): Assigned => ({
  type: 'dep.assigned',
  at: now,
  identity: { serial: 'C02ONE' },
  quarantined: false,
  facts: {},
  device: depDevice,
  ...given,
})

/** Another computer of Apple's list. */
export const otherDevice = {
  ...depDevice,
  serial_number: 'C02OTHER',
  raw: { serial_number: 'C02OTHER', profile_status: 'assigned' },
} as const

export const removed = (serial: string = depDevice.serial_number): HostEvent => ({
  type: 'dep.removed',
  at: now,
  serial,
})

/** Devices as a host knows them. */
export const listed = (...devices: readonly DepDevice[]): Parts['depDevices'] =>
  Object.fromEntries(devices.map((one) => [one.serial_number, one]))

export const agent = (keyHash: string, given: Partial<Agent> = {}): Agent => ({
  keyHash,
  instance: `instance-of-${keyHash}`,
  enrolledAt: now,
  expiresAt: null,
  detailAt: 0,
  ...given,
})

type OsqueryEnroll = Extract<OsqueryEvent, { readonly type: 'osquery.enroll' }>

export const osqueryEnroll = (of: Agent, given: Given<OsqueryEnroll> = {}): OsqueryEnroll => ({
  type: 'osquery.enroll',
  at: of.enrolledAt,
  identity: { uuid: device },
  quarantined: false,
  facts: {},
  agent: of,
  graceUntil: of.enrolledAt + 600,
  speaking: [],
  ...given,
})

export const details = (keyHash: string, at: number = now): HostEvent => ({
  type: 'osquery.details',
  at,
  keyHash,
  facts: { hostname: 'ada.local' },
})

export const revoke = (keyHashes: readonly string[] | null): HostEvent => ({
  type: 'osquery.revoke',
  at: now,
  keyHashes,
})

const noParts: Parts = { mdm: null, depDevices: {}, agents: {} }

/** An MDM life that began with an Authenticate at `since`. */
export const mdmParts = (
  state: NonNullable<Parts['mdm']>['state'],
  since: number,
): NonNullable<Parts['mdm']> => ({
  state,
  epoch: 3,
  enrolledAt: state === 'authenticated' ? null : since + 5,
  channels: {
    [device]: {
      key: device,
      kind: 'device',
      type: 'Device',
      topic: 'com.apple.mgmt.External.one',
      pushRef: state === 'authenticated' ? null : 'push-other',
      addressAt: state === 'authenticated' ? null : since + 5,
      addressFault: null,
      userShortName: null,
      since,
      round: 0,
    },
  },
  unlockTokenRef: state === 'authenticated' ? null : 'unlock-other',
  bootstrapTokenRef: null,
})

export const absorb = (parts: Partial<Parts>): HostEvent => ({
  type: 'identity.absorb',
  at: now,
  parts: { ...noParts, ...parts },
})

export const release = (parts: Partial<Parts>): HostEvent => ({
  type: 'identity.release',
  at: now,
  parts: { ...noParts, ...parts },
})

type Settle = Extract<HostEvent, { readonly type: 'identity.settle' }>

export const settle = (given: Given<Settle> = {}): Settle => ({
  type: 'identity.settle',
  at: now,
  identity: { serial: 'C02TWO', uuid: null, udid: null, enrollment_id: null },
  quarantined: false,
  facts: { hostname: { value: 'other.local', source: 'osquery', at: 5 } },
  forget: [],
  ...given,
})

export const yielded: HostEvent = { type: 'identity.yield', at: now }

export const displaced: HostEvent = { type: 'identity.displace', at: now, channel: device }
