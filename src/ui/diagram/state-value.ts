import { edgeId, isWithin } from './chart.ts'
import type { Chart } from './chart.ts'

/** An XState snapshot's `value`. */
export type StateValue = string | { readonly [region: string]: StateValue | undefined }

/** The ids of all states a value is in, parents before children: what `Marks.lit` wants. */
export function litStates(value: StateValue, parent = ''): readonly string[] {
  const below = parent === '' ? '' : `${parent}.`
  if (typeof value === 'string') return [below + value]
  return Object.entries(value).flatMap(([key, inner]) => [
    below + key,
    ...(inner === undefined ? [] : litStates(inner, below + key)),
  ])
}

/** A journal row's move: two leaf states, and the event that caused it. */
export type Move = { readonly from: string; readonly to: string; readonly event?: string }

/**
 * The edge a move went along, or undefined when the machine draws none.
 *
 * A move names leaves while an edge may start or end at a compound above them, so the nearest pair wins,
 * and an edge that carries the event wins over one that does not.
 */
export function edgeTaken(chart: Chart, { from, to, event }: Move): string | undefined {
  const exact = edgeId(from, to)
  const candidates = chart.edges
    .filter(({ source, target }) => isWithin(from, source) && isWithin(to, target))
    .filter(({ labels }) => labels.length > 0)
    .map(({ id, source, target, labels }) => ({
      id,
      named: labels.some((label) => label.event === event),
      depth: source.length + target.length,
    }))
    .filter(({ id, named }) => named || event === undefined || id === exact)
  return candidates.toSorted((a, b) => Number(b.named) - Number(a.named) || b.depth - a.depth)[0]
    ?.id
}
