// What a host knows. Plain JSON, so that its snapshot can be stored; secrets appear as references only.

/** Which of the three ways of seeing a computer something came by. */
export type Source = 'dep' | 'mdm' | 'osquery'

export type FactName =
  | 'hostname'
  | 'platform'
  | 'os_name'
  | 'os_version'
  | 'os_build'
  | 'model'
  | 'model_name'
  | 'hardware_vendor'
  | 'cpu_brand'
  | 'physical_memory_bytes'
  | 'disk_encrypted'
  | 'booted_at'
  | 'osquery_version'
  | 'device_family'
  | 'color'
  | 'asset_tag'

export type FactValue = string | number | boolean

/** `at` is when the value was first said, not last repeated. */
export type Fact = { readonly value: FactValue; readonly source: Source; readonly at: number }

export type Facts = { readonly [Name in FactName]?: Fact }
export type SaidFacts = { readonly [Name in FactName]?: FactValue }

/** Strong identifiers, normalised: what the host is listed by. The claims table is what decides. */
export type Identity = {
  readonly serial: string | null
  readonly uuid: string | null
  readonly udid: string | null
  readonly enrollment_id: string | null
}

export type EnrollmentType =
  | 'Device'
  | 'User'
  | 'SharedIPad'
  | 'UserEnrollmentDevice'
  | 'UserEnrollment'

/** Apple says that the address leads nowhere. Another certificate may prove it wrong, and so does the next TokenUpdate. */
export type AddressFault = {
  readonly reason: string
  readonly at: number
  /** When (ms) the certificate that was pushed with came to us: which one it was. */
  readonly certificateAt: number
}

/** One MDM conversation partner. `Token` and `PushMagic` are sealed under `pushRef`. */
export type Channel = {
  /** Enrollment key, wire form: `DEVICE` or `DEVICE:USER`. */
  readonly key: string
  readonly kind: 'device' | 'user'
  readonly type: EnrollmentType
  readonly topic: string
  /** Null until the first TokenUpdate, and again after a new Authenticate: nothing to push to. */
  readonly pushRef: string | null
  /** When (ms) that address last came. */
  readonly addressAt: number | null
  readonly addressFault: AddressFault | null
  readonly userShortName: string | null
  readonly since: number
  /** Stretch of a conversation within which a deferred command is not offered again. */
  readonly round: number
}

/** A serial number that Apple's list assigns to us. */
export type DepDevice = {
  readonly serial_number: string
  readonly profile_status: string | null
  readonly profile_uuid: string | null
  readonly op_date: string | null
  readonly since: number
  /** Apple's device object as it came. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** An osquery installation that holds a node key of ours. */
export type Agent = {
  readonly keyHash: string
  readonly instance: string | null
  readonly enrolledAt: number
  /** Set once a newer key was issued to the same instance: until then the old one still works. */
  readonly expiresAt: number | null
  /** When its detail queries last answered; 0 when never. */
  readonly detailAt: number
}

export type HostContext = {
  readonly id: string
  readonly firstSeenAt: number
  readonly identity: Identity
  /** Seen, but contradicting another host: visible, never a target. */
  readonly quarantined: boolean
  readonly facts: Facts
  /** What an agent says differently from a fact that MDM gave. */
  readonly agentFacts: Facts
  /** Counts Authenticates: which MDM life this is. */
  readonly epoch: number
  readonly enrolledAt: number | null
  readonly channels: Readonly<Record<string, Channel>>
  readonly unlockTokenRef: string | null
  readonly bootstrapTokenRef: string | null
  /** How many reports came that belong to none of our open commands; picks where the raw body is kept. */
  readonly strays: number
  /** By serial number. A computer has one; a host that operators made of several listed ones has each. */
  readonly depDevices: Readonly<Record<string, DepDevice>>
  readonly agents: Readonly<Record<string, Agent>>
}

/** Agents kept per host: instances beyond this push out one that is not in use. */
export const agentsMax = 16

/** User channels kept per host: Shared iPads cache many users, few more than this. */
export const channelsMax = 256

/** Open commands per host, all channels together: every turn looks at each, and each takes 2 kB awake. */
export const openCommandsMax = 1_000

export const emptyContext = (id: string, at: number): HostContext => ({
  id,
  firstSeenAt: at,
  identity: { serial: null, uuid: null, udid: null, enrollment_id: null },
  quarantined: false,
  facts: {},
  agentFacts: {},
  epoch: 0,
  enrolledAt: null,
  channels: {},
  unlockTokenRef: null,
  bootstrapTokenRef: null,
  strays: 0,
  depDevices: {},
  agents: {},
})
