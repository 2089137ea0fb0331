import type { Turnstile } from '../../src/intake/turnstile.ts'
import type { Hosts } from '../../src/runtime/hosts.ts'
import type { Performers } from '../../src/runtime/outbox.ts'
import type { World } from '../../src/runtime/world.ts'
import type { Thresholds } from '../../storage/queries.ts'
import type { Lookups, Store } from '../../storage/store.ts'
import type { MissingRule } from './model-store.ts'

export type BugTools = { readonly world: World; readonly performers: Performers }

/** A mistake somebody could make, put between the parts of one life. The parts themselves stay as they are. */
export type PlantedBug = {
  readonly name: string
  /** Rules the database does not hold. */
  readonly missing?: readonly MissingRule[]
  /** How far the time had come by which things are due is not read at the start. */
  readonly forgetsClock?: true
  /** What makes a host online, offline or missing. */
  readonly thresholds?: (now: number) => Thresholds
  /** Time and chance as the parts see them. */
  readonly world?: (world: World) => World
  readonly store?: (store: Store, tools: BugTools) => Store
  readonly hosts?: (hosts: Hosts, tools: BugTools) => Hosts
  readonly performers?: (performers: Performers, tools: BugTools) => Performers
  /** The lock on the folder is missing: a process that was taken for dead goes on beside the next one. */
  readonly twins?: boolean
  /** The store as alarms see it. */
  readonly alarmStore?: (store: Store) => Store
  readonly mdmLookups?: (lookups: Lookups) => Lookups
  readonly turnstile?: Turnstile
}
