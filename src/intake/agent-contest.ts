// Two agents that both speak for one host: shown once as a conflict.
import type { Lookups, Write } from '../../storage/store.ts'
import { openConflict } from '../identity/conflicts.ts'
import type { World } from '../runtime/world.ts'

type Options = { readonly lookups: Lookups; readonly world: World }

/** The conflict, unless the host had one over clones before: an operator may know of both agents. */
export function contestWrites({ lookups, world }: Options, hostId: string): readonly Write[] {
  if (lookups.conflictsOf(hostId).some(({ kind }) => kind === 'clone')) return []
  const claims = lookups.claimsOf(hostId)
  const row = openConflict({
    id: world.uuid(),
    kind: 'clone',
    hostId,
    others: [],
    claim: claims.find(({ kind }) => kind === 'uuid'),
    seen: claims,
    contradicts: claims.filter(({ kind }) => kind === 'osquery_instance'),
    atMs: world.now(),
  })
  return [{ put: 'conflict', row }]
}
