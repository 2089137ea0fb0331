import { nodesOf } from './chart.ts'
import type { Chart } from './chart.ts'

/** What a drawing shows beside the machine itself. */
export type Marks = {
  /** Ids of the states that are current; the states around them are lit with them. */
  readonly lit: readonly string[]
  /** Id of the edge taken last. */
  readonly last?: string | undefined
  /** How many hosts are in a state, or how often an edge was taken. With counts, edges without one are dotted. */
  readonly counts?: Readonly<Record<string, number>> | undefined
  /** Where a state's name leads. Anything but http(s) and paths of our own is ignored. */
  readonly links?: Readonly<Record<string, string>> | undefined
}

/** What a record says of an id, and nothing it inherits: a state may be called `constructor`. */
export const markOf = <Value>(
  record: Readonly<Record<string, Value>> | undefined,
  id: string,
): Value | undefined => (record !== undefined && Object.hasOwn(record, id) ? record[id] : undefined)

/** The lit states and everything around them: a state is never current without its parents. */
export function litWithParents(lit: readonly string[]): ReadonlySet<string> {
  return new Set(
    lit.flatMap((id) => {
      const keys = id.split('.')
      return keys.map((_, index) => keys.slice(0, index + 1).join('.'))
    }),
  )
}

/** The innermost lit states by name, for a sentence. */
export function litWords(chart: Chart, lit: ReadonlySet<string>): string {
  const leaves = [...nodesOf(chart.root)].filter(
    ({ id, children }) => lit.has(id) && !children.some((child) => lit.has(child.id)),
  )
  return leaves.map(({ id }) => id).join(', ')
}

/** `×17`, `×12.3k`, `×4M`: never wider than the room the layout left. */
export function countText(count: number): string {
  if (count < 10_000) return `×${count}`
  if (count < 999_500) return `×${short(count / 1_000)}k`
  return `×${short(count / 1_000_000)}M`
}

const short = (value: number): string => (value < 100 ? value.toFixed(1) : value.toFixed(0))

/** The link, if a browser can only follow it to a page. */
export const safeLink = (href: string | undefined): string | undefined =>
  href !== undefined && /^(?:https?:\/\/|\/(?![/\\])|[?#])/i.test(href) ? href : undefined

/**
 * The id of a state's group in the page: `s-host-mdm-enrolled` in the wide drawing, `n-…` in the narrow one,
 * so that both can stand on one page. A dash or an odd character inside a name is written as its code.
 */
export function stateElementId(chart: Chart, state: string, prefix: 's' | 'n'): string {
  const keys = [chart.machine, ...(state === '' ? [] : state.split('.'))]
  const plain = keys.map((key) =>
    key.replace(/[^A-Za-z0-9_]/gu, (character) => `:${character.codePointAt(0)?.toString(16)}`),
  )
  return [prefix, ...plain].join('-')
}
