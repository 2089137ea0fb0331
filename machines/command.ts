import { assign, setup, type SnapshotFrom } from 'xstate'
import { effects } from './effects.ts'

/** One item of a device's ErrorChain, outermost first. */
export type ErrorChainItem = {
  readonly ErrorCode: number
  readonly ErrorDomain: string
  readonly LocalizedDescription: string
  readonly USEnglishDescription?: string
}

/** What an operator asked for. The payload itself is sealed; only `requestRef` is kept here. */
export type CommandInput = {
  readonly commandUUID: string
  /** Enrollment key of the channel it is for. */
  readonly channel: string
  readonly requestType: string
  /** Higher goes first; within one priority the lower `seq` does. */
  readonly priority: number
  readonly seq: number
  readonly createdAt: number
  readonly expiresAt: number
  /** False for what must not run twice: a lost report makes it `unknown` instead of sent again. */
  readonly repeatable: boolean
  readonly requestRef: string
  readonly requestDigest: string
  /** Waits for the device to come by itself: nothing is pushed for it. */
  readonly silent: boolean
}

/** How the last push that was to bring its device here went: Apple's id, or why there was none. */
export type PushNote = {
  readonly at: number
  readonly apnsId: string | null
  readonly reason: string | null
}

export type CommandContext = CommandInput & {
  /** When (ms) it entered its state, or was sent once more. */
  readonly since: number
  readonly push: PushNote | null
  /** How often it left for the device. */
  readonly attempts: number
  readonly deferrals: number
  /** The round of the conversation in which the device last said NotNow. */
  readonly deferredRound: number | null
  /** Reports that came after it was sent and did not say how it went. */
  readonly unreads: number
  readonly resultRef: string | null
  readonly resultDigest: string | null
  readonly errorChain: readonly ErrorChainItem[]
}

/** What a report brings beside its status. The body is sealed under `resultRef`. */
export type ReportBody = {
  readonly resultRef: string
  readonly resultDigest: string
  readonly errorChain: readonly ErrorChainItem[]
}

export type CommandEvent =
  | { readonly type: 'push'; readonly at: number; readonly apnsId: string }
  | { readonly type: 'push_refused'; readonly at: number; readonly reason: string }
  | { readonly type: 'offer'; readonly at: number }
  | ({ readonly type: 'Acknowledged' | 'Error' | 'CommandFormatError' } & ReportBody)
  | { readonly type: 'NotNow'; readonly at: number; readonly round: number }
  | { readonly type: 'report_lost' }
  /** A report came that cannot be read, or does not say how the command went. */
  | { readonly type: 'report_unread' }
  /** The server went back to a backup: what was sent since then is not known. */
  | { readonly type: 'restored' }
  /** What was asked for is lost, so that nothing can be sent. */
  | { readonly type: 'request_lost' }
  | { readonly type: 'expire' }
  | { readonly type: 'cancel' }
  | { readonly type: 'supersede' }

/** What the host hears when a command is over. */
export type CommandOutput = {
  readonly requestType: string
  readonly channel: string
  readonly state: string
}

export const expiryAlarm = (commandUUID: string): string => `expire:${commandUUID}`

/** Every open state takes a final report: what the device says it did is what happened. */
const reports = {
  Acknowledged: { target: 'acknowledged', actions: keepResult() },
  Error: { target: 'error', actions: keepResult() },
  CommandFormatError: { target: 'format_error', actions: keepResult() },
} as const

/** After so many unread reports a command is offered no more: it would come again at each Idle. */
const unreadsMax = 3

/** Whether one more report that cannot be read makes the command `unknown`. */
export const isLastUnread = ({ unreads }: Pick<CommandContext, 'unreads'>): boolean =>
  unreads + 1 >= unreadsMax

const unread = {
  report_unread: [
    {
      guard: ({ context }: { readonly context: CommandContext }) => isLastUnread(context),
      target: 'unknown',
      actions: 'countUnread',
    },
    { actions: 'countUnread' },
  ],
} as const

/** How any open command can end without its device. */
const endings = { expire: 'expired', supersede: 'superseded', request_lost: 'failed' } as const

type PushRefusal = { readonly at: number; readonly reason: string }

/** A push wakes a channel for all that waits on it: each of them notes how it went. */
const pushes = {
  push: { actions: notePush() },
  push_refused: {
    actions: {
      type: 'notePush',
      params: ({ event }: { readonly event: PushRefusal }) => ({
        at: event.at,
        apnsId: null,
        reason: event.reason,
      }),
    },
  },
} as const

/** A command that must not run twice may have been sent since the backup: it is never sent again by itself. */
const doubted = {
  restored: {
    guard: ({ context }: { readonly context: CommandContext }) => !context.repeatable,
    target: 'unknown',
  },
} as const

const offered = {
  type: 'stamp',
  params: ({ event }: { readonly event: { readonly at: number } }) => event,
} as const

const deferred = {
  target: 'not_now',
  actions: {
    type: 'countDeferral',
    params: ({ event }: { readonly event: { readonly at: number; readonly round: number } }) =>
      event,
  },
} as const

/**
 * One MDM command, from the operator's wish to the device's word.
 *
 * A child of its host. Open states wait for the device; final states are final.
 */
export const commandMachine = setup({
  types: {
    context: {} as CommandContext,
    input: {} as CommandInput,
    output: {} as CommandOutput,
    events: {} as CommandEvent,
  },
  actions: {
    ...effects,
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    keepResult: assign((_, body: ReportBody) => ({
      resultRef: body.resultRef,
      resultDigest: body.resultDigest,
      errorChain: body.errorChain,
    })),
    countDeferral: assign(
      ({ context }, deferral: { readonly at: number; readonly round: number }) => ({
        deferrals: context.deferrals + 1,
        deferredRound: deferral.round,
        since: deferral.at,
      }),
    ),
    countUnread: assign({ unreads: ({ context }) => context.unreads + 1 }),
    stamp: assign((_, { at }: { readonly at: number }) => ({ since: at })),
    notePush: assign((_, push: PushNote) => ({ push })),
  },
}).createMachine({
  id: 'command',
  context: ({ input }) => ({
    ...input,
    since: input.createdAt,
    push: null,
    attempts: 0,
    deferrals: 0,
    deferredRound: null,
    unreads: 0,
    resultRef: null,
    resultDigest: null,
    errorChain: [],
  }),
  entry: {
    type: 'alarm.set',
    params: ({ context }) => ({
      name: expiryAlarm(context.commandUUID),
      dueAt: context.expiresAt,
    }),
  },
  // Reached only when a final state is entered: nothing is left to expire.
  exit: {
    type: 'alarm.cancel',
    params: ({ context }) => ({ name: expiryAlarm(context.commandUUID) }),
  },
  output: ({ context, event }) => ({
    requestType: context.requestType,
    channel: context.channel,
    state: String(event.output),
  }),
  initial: 'queued',
  states: {
    /** Waits for the device to come. */
    queued: {
      on: {
        ...pushes,
        push: { target: 'pushed', actions: [notePush(), offered] },
        offer: { target: 'sent', actions: offered },
        cancel: 'cancelled',
        ...doubted,
        ...reports,
        ...endings,
      },
    },
    /** Apple took our push; that proves nothing about the device yet. */
    pushed: {
      on: {
        ...pushes,
        offer: { target: 'sent', actions: offered },
        cancel: 'cancelled',
        ...doubted,
        ...reports,
        ...endings,
      },
    },
    /** Recorded before the answer left, so it may be on the device or lost on the way. */
    sent: {
      entry: 'countAttempt',
      on: {
        ...pushes,
        offer: { target: 'sent', reenter: true, actions: offered },
        NotNow: deferred,
        report_lost: 'unknown',
        ...unread,
        ...doubted,
        ...reports,
        ...endings,
      },
    },
    /** The device cannot now and has kept nothing: it must be offered again. */
    not_now: {
      on: {
        ...pushes,
        offer: { target: 'sent', actions: offered },
        ...doubted,
        ...reports,
        ...endings,
      },
    },
    /** Nobody knows whether it ran: its report was lost or cannot be read, or the server was restored from a backup. Never offered again; a late report still settles it. */
    unknown: {
      on: { NotNow: deferred, ...reports, ...endings },
    },
    acknowledged: { type: 'final', output: 'acknowledged' },
    error: { type: 'final', output: 'error' },
    format_error: { type: 'final', output: 'format_error' },
    expired: { type: 'final', output: 'expired' },
    cancelled: { type: 'final', output: 'cancelled' },
    superseded: { type: 'final', output: 'superseded' },
    /** Its payload was lost or damaged on the server before it could leave. */
    failed: { type: 'final', output: 'failed' },
  },
})

function keepResult() {
  return {
    type: 'keepResult',
    params: ({ event }: { readonly event: ReportBody }): ReportBody => event,
  } as const
}

function notePush() {
  return {
    type: 'notePush',
    params: ({
      event,
    }: {
      readonly event: { readonly at: number; readonly apnsId: string }
    }): PushNote => ({ at: event.at, apnsId: event.apnsId, reason: null }),
  } as const
}

export type CommandSnapshot = SnapshotFrom<typeof commandMachine>
export type CommandState = CommandSnapshot['value']
