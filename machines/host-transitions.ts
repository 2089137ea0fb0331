// Transitions that more than one state of a host has.
import type {
  Absorb,
  Authenticate,
  CommandDone,
  CommandReport,
  Delisted,
  Idle,
  Release,
  TokenUpdate,
  UnreadReport,
} from './host-events.ts'

/** The arguments of an action that runs on that event only. */
export type On<Event> = { readonly event: Event }

export const done = { type: 'reply', params: { kind: 'done' } } as const

/** A new MDM life. Commands queued for the former one must not run on a wiped computer. */
export const begin = [
  'supersedeCommands',
  'dropSecrets',
  { type: 'noteTopic', params: ({ event }: On<Authenticate>) => event },
  { type: 'startEpoch', params: ({ event }: On<Authenticate>) => event },
  { type: 'learnIdentity', params: ({ event }: On<Authenticate>) => event },
  {
    type: 'learnFacts',
    params: ({ event }: On<Authenticate>) =>
      ({ facts: event.facts, source: 'mdm', at: event.at }) as const,
  },
  done,
] as const

export const learnToken = [
  { type: 'noteTopic', params: ({ event }: On<TokenUpdate>) => event },
  { type: 'learnToken', params: ({ event }: On<TokenUpdate>) => event },
  { type: 'wakeChannel', params: ({ event }: On<TokenUpdate>) => event },
  done,
] as const

/** A command is over: it leaves the actor, and with the last of its channel goes what would have woken that. */
export const letGo = [
  {
    type: 'letRest',
    params: ({ event }: On<CommandDone>) => ({
      id: event.actorId,
      channel: event.output.channel,
    }),
  },
  { type: 'freeChild', params: ({ event }: On<CommandDone>) => ({ id: event.actorId }) },
] as const

/** The channel takes its next command. */
export const takeIdle = {
  guard: { type: 'channelKnown', params: ({ event }: On<Idle>) => event },
  actions: {
    type: 'converse',
    params: ({ event }: On<Idle>) => ({ ...event, after: 'idle', except: null }) as const,
  },
} as const

/** The command takes its report, and the channel its next command. */
export const takeReport = (status: 'Acknowledged' | 'Error' | 'CommandFormatError') =>
  ({
    guard: { type: 'channelKnown', params: ({ event }: On<CommandReport>) => event },
    actions: [
      {
        type: 'tell',
        params: ({ event }: On<CommandReport>) => ({
          channel: event.channel,
          commandUUID: event.commandUUID,
          event: {
            type: status,
            resultRef: event.resultRef,
            resultDigest: event.resultDigest,
            errorChain: event.errorChain,
          },
        }),
      },
      {
        type: 'learnFacts',
        params: ({ event }: On<CommandReport>) =>
          ({ facts: event.facts, source: 'mdm', at: event.at }) as const,
      },
      { type: 'noteUnread', params: ({ event }: On<CommandReport>) => event },
      {
        type: 'converse',
        params: ({ event }: On<CommandReport>) =>
          ({ ...event, after: 'report', except: event.commandUUID }) as const,
      },
    ],
  }) as const

/** A report that does not say how a command went: noted, and answered like an Idle where its channel is known. */
export const takeUnread = [
  {
    guard: { type: 'channelUnsaid', params: ({ event }: On<UnreadReport>) => event },
    actions: [
      { type: 'takeUnread', params: ({ event }: On<UnreadReport>) => event },
      { type: 'reply', params: { kind: 'nothing' } },
    ],
  },
  {
    guard: {
      type: 'channelKnown',
      params: ({ event }: On<UnreadReport>) => ({ channel: event.channel ?? '' }),
    },
    actions: [
      { type: 'takeUnread', params: ({ event }: On<UnreadReport>) => event },
      {
        type: 'converse',
        params: ({ event }: On<UnreadReport>) => ({
          at: event.at,
          channel: event.channel ?? '',
          after: 'unread' as const,
          except: event.commandUUID,
        }),
      },
    ],
  },
] as const

const mdmStates = {
  authenticated: 'authenticated',
  awaiting_configuration: 'enrolled.awaiting_configuration',
  ready: 'enrolled.ready',
  erased: 'enrolled.erased',
} as const

const absorb = <State extends keyof typeof mdmStates>(state: State) =>
  ({
    guard: {
      type: 'bringsMdm',
      params: ({ event }: On<Absorb>) => ({ parts: event.parts, state }),
    },
    target: `#host.mdm.${mdmStates[state]}`,
    actions: { type: 'absorbMdm', params: ({ event }: On<Absorb>) => event },
  }) as const

/** Two hosts turn out to be one computer: the newer MDM standing of the two is the true one. */
export const absorbing = [
  absorb('authenticated'),
  absorb('awaiting_configuration'),
  absorb('ready'),
  absorb('erased'),
] as const

/** Agents go; with the last of them the host is no longer enrolled. */
export const revoking = <Event>(keys: (args: On<Event>) => readonly string[] | null) =>
  [
    {
      guard: { type: 'noAgentLeft', params: (args: On<Event>) => ({ keyHashes: keys(args) }) },
      target: '#host.osquery.unenrolled',
      actions: {
        type: 'forgetAgents',
        params: (args: On<Event>) => ({ keyHashes: keys(args) }),
      },
    },
    {
      actions: {
        type: 'forgetAgents',
        params: (args: On<Event>) => ({ keyHashes: keys(args) }),
      },
    },
  ] as const

const released = ({ event }: On<Release>): { readonly serials: readonly string[] } => ({
  serials: Object.keys(event.parts.depDevices),
})

export const releasingDevices = [
  {
    guard: { type: 'noDeviceLeft', params: released },
    target: '#host.dep.unassigned',
    actions: { type: 'forgetDevices', params: released },
  },
  { actions: { type: 'forgetDevices', params: released } },
] as const

const delisted = ({ event }: On<Delisted>): { readonly serials: readonly string[] } => ({
  serials: [event.serial],
})

/** One serial number leaves Apple's list; while another is on it, no state says so, and a note does. */
export const delisting = [
  {
    guard: { type: 'noDeviceLeft', params: delisted },
    target: '#host.dep.unassigned',
    actions: { type: 'forgetDevices', params: delisted },
  },
  {
    guard: { type: 'deviceListed', params: ({ event }: On<Delisted>) => event },
    actions: [
      { type: 'forgetDevices', params: delisted },
      {
        type: 'note',
        params: ({ event }: On<Delisted>) => ({
          event: event.type,
          detail: { serial_number: event.serial },
        }),
      },
    ],
  },
] as const
