// The conversation once more, in the words of the protocol and without any machine: what the real
// one is compared with. Deferral is a flag here, where the host counts rounds.
type State =
  | 'queued'
  | 'pushed'
  | 'sent'
  | 'not_now'
  | 'unknown'
  | 'acknowledged'
  | 'error'
  | 'expired'
  | 'cancelled'
  | 'superseded'

type Wish = {
  readonly uuid: string
  readonly channel: string
  readonly priority: number
  readonly repeatable: boolean
}
type Command = Wish & { state: State; deferred: boolean }

const open: ReadonlySet<State> = new Set(['queued', 'pushed', 'sent', 'not_now', 'unknown'])

export type Reference = {
  readonly commands: readonly Readonly<Command>[]
  enqueue(wish: Wish): void
  /** These answer with the CommandUUID that is sent next, or undefined. */
  idle(channel: string): string | undefined
  settle(channel: string, uuid: string, state: 'acknowledged' | 'error'): string | undefined
  notNow(channel: string, uuid: string): string | undefined
  stray(channel: string): string | undefined
  push(channel: string): void
  cancel(uuid: string): void
  expire(uuid: string): void
  supersede(): void
}

export function createReference(): Reference {
  const commands: Command[] = []
  const isOpen = ({ state }: Command): boolean => open.has(state)
  const on = (channel: string): readonly Command[] =>
    commands.filter((command) => isOpen(command) && command.channel === channel)
  const named = (uuid: string): readonly Command[] =>
    commands.filter((command) => isOpen(command) && command.uuid === uuid)

  function newRound(channel: string): void {
    for (const command of on(channel)) command.deferred = false
  }
  function offer(channel: string, except?: string): string | undefined {
    const next = on(channel)
      .filter(({ uuid, state }) => uuid !== except && state !== 'unknown')
      .filter(({ state, repeatable, deferred }) => (state === 'sent' ? repeatable : !deferred))
      // Stable, so within one priority the order of enqueueing stays.
      .toSorted((a, b) => b.priority - a.priority)[0]
    if (next !== undefined) next.state = 'sent'
    return next?.uuid
  }
  return {
    commands,
    enqueue: (wish) => void commands.push({ ...wish, state: 'queued', deferred: false }),
    idle(channel) {
      newRound(channel)
      for (const command of on(channel))
        if (command.state === 'sent' && !command.repeatable) command.state = 'unknown'
      return offer(channel)
    },
    settle(channel, uuid, state) {
      for (const command of on(channel)) if (command.uuid === uuid) command.state = state
      newRound(channel)
      return offer(channel, uuid)
    },
    notNow(channel, uuid) {
      for (const command of on(channel))
        if (command.uuid === uuid && (command.state === 'sent' || command.state === 'unknown')) {
          command.state = 'not_now'
          command.deferred = true
        }
      return offer(channel, uuid)
    },
    stray(channel) {
      newRound(channel)
      return offer(channel)
    },
    push(channel) {
      for (const command of on(channel)) if (command.state === 'queued') command.state = 'pushed'
    },
    cancel(uuid) {
      for (const command of named(uuid))
        if (command.state === 'queued' || command.state === 'pushed') command.state = 'cancelled'
    },
    expire(uuid) {
      for (const command of named(uuid)) command.state = 'expired'
    },
    supersede() {
      for (const command of commands) if (isOpen(command)) command.state = 'superseded'
    },
  }
}
