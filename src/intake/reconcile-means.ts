import type { Store } from '../../storage/store.ts'
import type { Fresh } from '../identity/decision.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'

/** What mending identity takes. */
export type ReconcileMeans = {
  readonly store: Store
  readonly hosts: Hosts
  readonly world: World
}

export const freshOf = ({ world }: ReconcileMeans): Fresh => ({
  atMs: world.now(),
  hostId: world.uuid(),
  conflictId: world.uuid(),
  mergeId: world.uuid(),
})
