import type { Lookups } from '../../../storage/store.ts'
import type { World } from '../../runtime/world.ts'
import type { Lanes } from './lanes.ts'

/** Hosts looked up in the table before others have their turn: some 2 ms. */
const atOnceMax = 200
const restMs = 5

type GatheringOptions = {
  readonly lookups: Lookups
  readonly world: World
  /** Of the webhook. */
  readonly id: string
  readonly lanes: Lanes
  readonly isOn: () => boolean
  readonly found: () => void
}

/** Takes up everything that waits in the table, host by host, without keeping others waiting. */
export function createGathering(options: GatheringOptions): { begin(): void } {
  const { lookups, world, id, lanes, isOn } = options
  let under = false

  function after(hostId: string): void {
    const last = read(() => some(hostId))
    options.found()
    if (last === undefined) under = false
    else world.later(() => after(last), restMs)
  }

  /** A page that makes no sense ends this round: what waits behind it is gathered by the next one. */
  function read<Found>(lookup: () => Found): Found | undefined {
    try {
      return lookup()
    } catch {
      return undefined
    }
  }

  function begin(): void {
    if (under || !isOn()) return
    under = true
    // What is about no host, such as a test.
    if (read(() => lookups.nextDelivery(id, '')) !== undefined) lanes.expect('')
    after('')
  }

  /** Where it stopped; undefined at the end. What the lanes have no room for is gathered another time. */
  function some(hostId: string): string | undefined {
    let last = hostId
    for (let taken = 0; taken < atOnceMax; taken += 1) {
      const next = isOn() ? lookups.nextDeliveryBeyond(id, last) : undefined
      if (next === undefined || !lanes.expect(next.host_id)) return undefined
      last = next.host_id
    }
    return last
  }

  return { begin }
}
