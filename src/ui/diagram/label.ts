/** What a label needs of an XState transition definition. */
export type TransitionShape = {
  readonly eventType: string
  readonly target?: readonly { readonly path: readonly string[] }[] | undefined
  readonly guard?: unknown
}

/** The words on an edge. */
export type Label = { readonly event: string; readonly guard?: string }

/** A transition in an operator's words: `after 10m`, `always`, `done`, or the event's own name. */
export function labelOf({ eventType, guard }: TransitionShape): Label {
  const event = wordsOf.get(eventType) ?? eventWords(eventType)
  return guard === undefined ? { event } : { event, guard: guardWords(guard) }
}

/** An `always` transition has no event, and a star stands for all events or all children. */
const wordsOf: ReadonlyMap<string, string> = new Map([
  ['', 'always'],
  ['*', 'any event'],
  ['xstate.done.actor.*', 'child done'],
  ['xstate.error.actor.*', 'child failed'],
])

/** One line of text: `Acknowledged [hasMore]`. */
export const textOf = ({ event, guard }: Label): string =>
  guard === undefined ? event : `${event} [${guard}]`

/** XState's own event names carry ids that mean nothing to a reader. */
function eventWords(type: string): string {
  for (const [prefix, words] of ownEvents)
    if (type.startsWith(prefix)) return words(type.slice(prefix.length))
  return type
}

const ownEvents: readonly (readonly [string, (rest: string) => string])[] = [
  ['xstate.after.', (rest) => `after ${delayWords(rest.split('.', 1)[0] ?? rest)}`],
  ['xstate.done.state.', () => 'done'],
  ['xstate.done.actor.', (actor) => `done: ${actor}`],
  ['xstate.error.actor.', (actor) => `error: ${actor}`],
  ['xstate.snapshot.', (actor) => `snapshot: ${actor}`],
]

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `600000` is `10m`; a named delay stays its name. */
function delayWords(delay: string): string {
  const ms = Number(delay)
  if (!Number.isFinite(ms)) return delay
  const unit = units.find(([, size]) => ms >= size)
  return unit === undefined ? `${ms}ms` : `${Math.round((ms / unit[1]) * 10) / 10}${unit[0]}`
}

const nameless = '…'

/** A guard is a name, an object with a name, a composition of guards, or an inline function. */
function guardWords(guard: unknown): string {
  if (typeof guard === 'string') return guard
  if (typeof guard === 'function') return functionWords(guard)
  const named = typeof guard === 'object' && guard !== null && 'type' in guard
  return named ? String(guard.type) : nameless
}

/** XState's `and`, `or` and `not` are functions of those names that carry their parts. */
function functionWords(guard: object & { readonly name: string }): string {
  const parts = 'guards' in guard && Array.isArray(guard.guards) ? guard.guards.map(guardWords) : []
  // An inline function is named after the property it was written under.
  if (parts.length === 0) return ['', 'guard'].includes(guard.name) ? nameless : guard.name
  return guard.name === 'not' ? `not ${parts.join(' ')}` : parts.join(` ${guard.name} `)
}
