// Walks a host through every state it can be in, and remembers which transitions were taken.
import type { AnyStateNode, AnyTransitionDefinition, InspectionEvent } from 'xstate'
import type { HostEvent } from '../../machines/host-events.ts'
import { createWorld, standingOf, type StoredHost, storedOf, type World } from './world.ts'

/** More than the reachable states of one command by far: a walk that needs more is not closing. */
const statesMax = 20_000

export type Walked = { readonly states: number; readonly taken: ReadonlySet<string> }

/** Breadth first from a new host: every event in every state, each time from the stored snapshot. */
export function walk(alphabet: readonly HostEvent[]): Walked {
  const taken = new Set<string>()
  const inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return
    for (const transition of event._transitions) taken.add(nameOf(transition))
  }
  const first = createWorld()
  const known = new Set([situation(first)])
  const waiting: StoredHost[] = [first.store()]
  for (let stored = waiting.shift(); stored !== undefined; stored = waiting.shift())
    for (const event of alphabet) {
      const world = createWorld({ stored, inspect })
      world.send(event)
      const found = situation(world)
      if (!known.has(found)) waiting.push(storedOf(world.snapshot()))
      known.add(found)
      if (known.size > statesMax) throw new Error('the walk does not close')
    }
  return { states: known.size, taken }
}

/** What the guards look at. Times and counters are left out, so that the walk closes. */
function situation(world: World): string {
  const snapshot = world.snapshot()
  const { channels, agents, depDevices, quarantined } = snapshot.context
  const commands = Object.keys(snapshot.children).map((id) => {
    const { value, context } = world.command(id)
    const deferred = context.deferredRound === channels[context.channel]?.round
    return [
      id,
      value,
      value === 'not_now' && deferred,
      value === 'sent' && Math.min(context.unreads, 2),
    ]
  })
  const lives = Object.values(channels).map(({ key, since, pushRef }) => [key, since, pushRef])
  const parts = [Object.keys(agents), Object.keys(depDevices), quarantined]
  return JSON.stringify([standingOf(snapshot), commands, lives, parts])
}

/** Every transition of a definition, as `state event #n`. */
export function transitionsOf(node: AnyStateNode): readonly string[] {
  const own = [...node.transitions.values()].flat().map((transition) => nameOf(transition))
  return [...own, ...Object.values(node.states).flatMap((inner) => transitionsOf(inner))]
}

function nameOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition
  const among = source.transitions.get(eventType)?.indexOf(transition) ?? -1
  return `${source.id} ${eventType} #${among}`
}
