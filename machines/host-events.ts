// What can happen to a host. `who.TheirWord`; `at` is in ms and always comes from outside.
import type { CommandOutput, ReportBody } from './command.ts'
import type {
  Agent,
  Channel,
  DepDevice,
  EnrollmentType,
  FactName,
  HostContext,
  Identity,
  SaidFacts,
} from './host-context.ts'

type Happened<Type extends string> = { readonly type: Type; readonly at: number }

/** A sighting brings the identity it resolved to and whether that was clear. */
type Sighted = {
  readonly identity: Partial<Identity>
  readonly quarantined: boolean
  readonly facts: SaidFacts
}

/** Apple's list no longer has that serial number. */
export type Delisted = Happened<'dep.removed'> & { readonly serial: string }

export type DepEvent =
  | (Happened<'dep.assigned'> & Sighted & { readonly device: DepDevice })
  | Delisted

export type Authenticate = Happened<'mdm.Authenticate'> &
  Sighted & {
    readonly channel: string
    readonly enrollmentType: EnrollmentType
    readonly topic: string
  }

export type TokenUpdate = Happened<'mdm.TokenUpdate'> & {
  readonly channel: string
  readonly kind: 'device' | 'user'
  readonly enrollmentType: EnrollmentType
  readonly topic: string
  readonly pushRef: string
  readonly userShortName: string | null
  /** Absent in the message is null: it then changes nothing. */
  readonly awaitingConfiguration: boolean | null
  readonly unlockTokenRef: string | null
}

export type CommandReport = Happened<
  'mdm.Acknowledged' | 'mdm.Error' | 'mdm.CommandFormatError'
> & {
  readonly channel: string
  readonly commandUUID: string
  /** What the result says about the computer, where it does. */
  readonly facts: SaidFacts
  /** Why a strict reader refuses the report. */
  readonly unread?: string
} & ReportBody

export type Idle = Happened<'mdm.Idle'> & { readonly channel: string }

/** A report for none of our open commands: `finished` late or twice, `foreign` of another host, or `unknown`. */
export type StrayReport = Happened<'mdm.stray_report'> & {
  readonly channel: string
  readonly commandUUID: string
  readonly status: string
  readonly standing: 'finished' | 'foreign' | 'unknown'
  /** A second final report that says something else than the first. */
  readonly differs: boolean
}

/** A report that cannot be read, or that does not say how which command went. */
export type UnreadReport = Happened<'mdm.unread_report'> & {
  /** Null where nothing says which channel spoke. */
  readonly channel: string | null
  /** An open command of that channel; null where the report names none. */
  readonly commandUUID: string | null
  /** Ours: what a device wrote there instead may be a secret. */
  readonly reason: string
}

export type MdmEvent =
  | Authenticate
  | TokenUpdate
  | (Happened<'mdm.CheckOut'> & { readonly channel: string })
  | (Happened<'mdm.SetBootstrapToken'> & { readonly ref: string | null })
  | Idle
  | CommandReport
  | (Happened<'mdm.NotNow'> & { readonly channel: string; readonly commandUUID: string })
  | StrayReport
  | UnreadReport

export type Revoke = Happened<'osquery.revoke'> & {
  /** Null revokes every agent of the host. */
  readonly keyHashes: readonly string[] | null
}

export type OsqueryEvent =
  | (Happened<'osquery.enroll'> &
      Sighted & {
        readonly agent: Agent
        /** Until when (ms) the instance's former key still works. */
        readonly graceUntil: number
        /** Hashes of node keys that were used lately: none of them is evicted. */
        readonly speaking: readonly string[]
      })
  | (Happened<'osquery.details'> & {
      readonly keyHash: string
      /** None where an agent that was here before says what this host is. */
      readonly facts: SaidFacts
    })
  | Revoke

export type Enqueue = Happened<'operator.enqueue'> & {
  readonly commandUUID: string
  readonly channel: string
  readonly requestType: string
  readonly priority: number
  readonly seq: number
  readonly expiresAt: number
  readonly repeatable: boolean
  readonly requestRef: string
  readonly requestDigest: string
  /** Waits for the device to come by itself. */
  readonly silent?: boolean
}

export type OperatorEvent =
  | Enqueue
  | (Happened<'operator.cancel'> & { readonly commandUUID: string })
  /** The server's data was restored from a backup: what this host did since is not known. */
  | Happened<'operator.restore'>
  /** What a command asks for is lost or damaged, so that nothing can be sent. */
  | (Happened<'request.lost'> & { readonly commandUUID: string })
  /** Ends MDM and osquery standing; what Apple's list says stays. */
  | Happened<'operator.reset'>

/** What one host hands another when they turn out to be one computer, or two. */
export type Parts = {
  readonly mdm: {
    readonly state: 'authenticated' | 'awaiting_configuration' | 'ready' | 'erased'
    readonly epoch: number
    readonly enrolledAt: number | null
    readonly channels: Readonly<Record<string, Channel>>
    readonly unlockTokenRef: string | null
    readonly bootstrapTokenRef: string | null
  } | null
  /** By serial number. */
  readonly depDevices: Readonly<Record<string, DepDevice>>
  readonly agents: Readonly<Record<string, Agent>>
}

/** Takes over what another host was. */
export type Absorb = Happened<'identity.absorb'> & { readonly parts: Parts }

/** Gives back what belongs to another host, and keeps the rest. */
export type Release = Happened<'identity.release'> & { readonly parts: Parts }

export type IdentityEvent =
  | Absorb
  | Release
  /** Becomes part of a host whose computer begins a new MDM life: what was to be done in this one is over. */
  | Happened<'identity.yield'>
  /** Another computer enrolled under this host's enrollment key: whoever holds it now, it is not this one. */
  | (Happened<'identity.displace'> & { readonly channel: string })
  /** The claims changed without a sighting: an operator decided, or a merge did. */
  | (Happened<'identity.settle'> & {
      readonly identity: Identity
      readonly quarantined: boolean
      /** Facts another host knew; what this one knows itself outweighs them. */
      readonly facts: HostContext['facts']
      /** Facts that turn out to be another host's. */
      readonly forget: readonly FactName[]
    })

/** What Apple's push service said. */
export type Pushed = Happened<'apns.pushed'> & {
  readonly channel: string
  readonly apnsId: string
}

export type PushRefused = Happened<'apns.refused'> & {
  readonly channel: string
  /** Apple's word, or ours where nothing could be sent. */
  readonly reason: string
  /** Null where Apple was not asked. */
  readonly status: number | null
  /** What is at fault: only another address, another certificate, or other code will change the answer. */
  readonly fault: 'address' | 'topic' | 'request'
  /** `addressAt` of the address that was used. */
  readonly addressAt: number | null
  /** When (ms) the certificate that was used came to us; null where there was none. */
  readonly certificateAt: number | null
  /** Since when (ms) Apple knows that the address is dead. */
  readonly deadSince: number | null
}

/** A topic can be pushed to again: its certificate is new. */
export type PushReady = Happened<'apns.ready'> & { readonly topic: string }

export type ApnsEvent = Pushed | PushRefused | PushReady

/** XState's word to a parent that one of its commands is over. */
export type CommandDone = {
  readonly type: `xstate.done.actor.${string}`
  readonly output: CommandOutput
  readonly actorId: string
}

export type HostEvent =
  | DepEvent
  | MdmEvent
  | OsqueryEvent
  | OperatorEvent
  | IdentityEvent
  | CommandDone
  | (Happened<'alarm'> & { readonly name: string })
  | ApnsEvent
