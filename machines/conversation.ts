// Which command a talking channel gets next. Costs grow with the open commands, never with history.
import type { CommandContext, CommandSnapshot } from './command.ts'

type Child = { readonly getSnapshot: () => unknown }
export type Children = Readonly<Record<string, Child | undefined>>

/**
 * The host's open command with that id, if it has one.
 *
 * Guarded by `hasOwn`, since devices choose the id and may choose `constructor`.
 */
export function openCommand(children: Children, commandUUID: string): CommandSnapshot | undefined {
  if (!Object.hasOwn(children, commandUUID)) return undefined
  // A host spawns nothing but commands.
  const snapshot = children[commandUUID]?.getSnapshot() as CommandSnapshot | undefined
  return snapshot?.status === 'active' ? snapshot : undefined
}

export function openCommands(children: Children): readonly CommandSnapshot[] {
  return Object.keys(children).flatMap((id) => openCommand(children, id) ?? [])
}

export const openOn = (children: Children, channel: string): readonly CommandSnapshot[] =>
  openCommands(children).filter(({ context }) => context.channel === channel)

type Turn = {
  readonly channel: string
  readonly round: number
  /** The command the device is just reporting on. */
  readonly except: string | null
  readonly at: number
}

/** Priority first, then the order in which they were enqueued. */
export function nextCommand(children: Children, turn: Turn): CommandSnapshot | undefined {
  const offered = openOn(children, turn.channel).filter((command) => mayBeOffered(command, turn))
  return offered.toSorted(
    ({ context: a }, { context: b }) => b.priority - a.priority || a.seq - b.seq,
  )[0]
}

/** What each state says to being offered now. */
const offers: Readonly<
  Record<CommandSnapshot['value'], (context: CommandContext, turn: Turn) => boolean>
> = {
  queued: () => true,
  pushed: () => true,
  not_now: ({ deferredRound }, turn) => deferredRound !== turn.round,
  // Its report was lost, or our answer was: a channel has one command in flight at a time.
  sent: ({ repeatable }) => repeatable,
  unknown: () => false,
  acknowledged: () => false,
  error: () => false,
  format_error: () => false,
  expired: () => false,
  cancelled: () => false,
  superseded: () => false,
  failed: () => false,
}

const mayBeOffered = ({ value, context }: CommandSnapshot, turn: Turn): boolean =>
  context.commandUUID !== turn.except && context.expiresAt > turn.at && offers[value](context, turn)

/** Sent, must not run twice, and the device now says Idle: we will not learn what became of these. */
export const lostCommands = (children: Children, channel: string): readonly CommandSnapshot[] =>
  openOn(children, channel).filter(({ value, context }) => value === 'sent' && !context.repeatable)

/** The command that left last and was not reported on, of one channel or of all: an unread report is taken to be about it. */
export const lastSent = (children: Children, channel: string | null): CommandSnapshot | undefined =>
  openCommands(children)
    .filter(
      ({ value, context }) => value === 'sent' && (channel ?? context.channel) === context.channel,
    )
    .toSorted((a, b) => b.context.since - a.context.since)[0]

/** True when deferred commands wait for a new round before they may be offered again. */
export const awaitsNewRound = (children: Children, channel: string, round: number): boolean =>
  openOn(children, channel).some(
    ({ value, context }) => value === 'not_now' && context.deferredRound === round,
  )
