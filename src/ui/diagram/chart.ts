import { labelOf } from './label.ts'
import type { Label, TransitionShape } from './label.ts'

/** What a drawing needs of an XState `StateNode`; `machine.root` is one. */
export type StateShape = {
  readonly path: readonly string[]
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly initial: {
    readonly target?: readonly { readonly path: readonly string[] }[] | undefined
  }
  readonly states: Readonly<Record<string, StateShape>>
  readonly transitions: ReadonlyMap<string, readonly TransitionShape[]>
  readonly always?: readonly TransitionShape[] | undefined
}

/**
 * One state. `id` is its dotted path below the root (`mdm.enrolled.ready`), the root's is empty.
 * `notes` are the transitions that move nothing or are not drawn; the text alternative lists them.
 */
export type ChartNode = {
  readonly id: string
  readonly label: string
  readonly kind: StateShape['type'] | 'initial'
  readonly children: readonly ChartNode[]
  readonly notes: readonly Note[]
}

export type Note = Label & { readonly target?: string }

/** All transitions of one (source, target) pair; `id` is `source>target` and survives other edits of the machine. */
export type ChartEdge = {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly labels: readonly Label[]
}

/** A machine as a picture's plan: JSON throughout, so it can be cached and sent to a thread. */
export type Chart = {
  readonly machine: string
  readonly root: ChartNode
  readonly edges: readonly ChartEdge[]
}

/** Reads an XState v5 machine. Its `root` is taken and not its `definition`, which leaves out `always`. */
export function chartOf(machine: { readonly id: string; readonly root: StateShape }): Chart {
  const edges = new Map<string, ChartEdge>()
  const root = nodeOf(machine.root, edges)
  return { machine: machine.id, root: { ...root, label: machine.id }, edges: [...edges.values()] }
}

/** The edge's id, also for those who only know the two states. */
export const edgeId = (source: string, target: string): string => `${source}>${target}`

/** Every state of the chart, parents first, initial marks included. */
export function* nodesOf(node: ChartNode): Generator<ChartNode> {
  yield node
  for (const child of node.children) yield* nodesOf(child)
}

/** True for the state itself and for everything above it. */
export const isWithin = (id: string, ancestor: string): boolean =>
  ancestor === '' || id === ancestor || id.startsWith(`${ancestor}.`)

function nodeOf(state: StateShape, edges: Map<string, ChartEdge>): ChartNode {
  const id = state.path.join('.')
  const notes = transitionsOf(state).flatMap((transition) => collect(state, transition, edges))
  const children = Object.values(state.states).map((child) => nodeOf(child, edges))
  const initial = state.initial.target?.[0]
  if (state.type !== 'compound' || initial === undefined)
    return { id, label: state.key, kind: state.type, children, notes }
  const start = startOf(id)
  add(edges, { source: start.id, target: initial.path.join('.') })
  return { id, label: state.key, kind: state.type, children: [start, ...children], notes }
}

/** The black dot that points at a compound's first state. Parentheses keep it apart from the states' names. */
const startOf = (parent: string): ChartNode => ({
  id: parent === '' ? '(initial)' : `${parent}.(initial)`,
  label: '',
  kind: 'initial',
  children: [],
  notes: [],
})

const transitionsOf = (state: StateShape): readonly TransitionShape[] => [
  ...[...state.transitions.values()].flat(),
  ...(state.always ?? []),
]

/** Files a transition under the edges it draws, or returns it as notes of its state. */
function collect(
  state: StateShape,
  transition: TransitionShape,
  edges: Map<string, ChartEdge>,
): readonly Note[] {
  const label = labelOf(transition)
  const targets = (transition.target ?? []).map(({ path }) => path.join('.'))
  if (targets.length === 0) return [label]
  // Lines from the frame around all regions into one of them would cross the others.
  if (state.path.length === 0 && state.type === 'parallel')
    return targets.map((target) => ({ ...label, target }))
  for (const target of targets) add(edges, { source: state.path.join('.'), target, label })
  return []
}

function add(
  edges: Map<string, ChartEdge>,
  transition: { readonly source: string; readonly target: string; readonly label?: Label },
): void {
  const { source, target, label } = transition
  const id = edgeId(source, target)
  const labels = edges.get(id)?.labels ?? []
  const known = labels.some(({ event, guard }) => event === label?.event && guard === label.guard)
  edges.set(id, {
    id,
    source,
    target,
    labels: label === undefined || known ? labels : [...labels, label],
  })
}
