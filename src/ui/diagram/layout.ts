import type { Chart } from './chart.ts'
import type { Geometry } from './geometry.ts'
import type { Direction } from './graph.ts'
import { createLayoutThread } from './thread.ts'

export type MachineVersion = { readonly id: string; readonly version: string | number }

export type Diagrams = {
  /** Where everything goes. Rejects with one sentence when the layout fails, takes too long or is closed. */
  readonly geometry: (of: MachineVersion, chart: Chart, direction: Direction) => Promise<Geometry>
  /** Ends the thread; whatever is still being laid out rejects. */
  readonly close: () => Promise<void>
}

/** A few machines in two directions, with room for the versions of a long upgrade. */
const cachedMax = 64

/** Lays charts out in one thread, once per machine, version and direction. */
export function createDiagrams(options: { readonly warn: (sentence: string) => void }): Diagrams {
  const cached = new Map<string, Promise<Geometry>>()
  const thread = createLayoutThread()
  let closed = false

  const geometry: Diagrams['geometry'] = (of, chart, direction) => {
    const key = JSON.stringify([of.id, of.version, direction])
    const known = cached.get(key)
    const asked = known ?? thread.lay(chart, direction)
    // Asked for last stands last: the first is the one to forget.
    cached.delete(key)
    cached.set(key, asked)
    if (known !== undefined) return known
    const oldest = cached.keys().next()
    if (cached.size > cachedMax && !oldest.done) cached.delete(oldest.value)
    asked.catch((reason: Error) => {
      // Forgotten, so that the next page tries again with a fresh thread.
      if (cached.get(key) === asked) cached.delete(key)
      if (!closed) options.warn(`diagram of ${of.id} not laid out: ${reason.message}`)
    })
    return asked
  }

  return {
    geometry,
    close: () => {
      closed = true
      return thread.close()
    },
  }
}
