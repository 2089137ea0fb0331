import type { HostRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'
import { createKeyIndex } from './key-index.ts'

/** Merges in a row that are followed: more would be a circle. */
const mergesMax = 16

/** The live host an id stands for by now. Undefined for none, and for one that was deleted. */
export function survivorOf(
  lookups: { readonly host: (id: string) => Followed | undefined },
  hostId: string | null,
): string | undefined {
  let id = hostId
  for (let merges = 0; merges < mergesMax && id !== null; merges += 1) {
    const row = lookups.host(id)
    if (row === undefined || row.merged_into === null) return row?.id
    id = row.merged_into
  }
  return undefined
}

/** The same out of memory, for hosts that are asked for with every poll. */
export function createSurvivors(
  lookups: Pick<Lookups, 'host'>,
  live: Live,
): (hostId: string) => string | undefined {
  const hosts = createKeyIndex<Followed>({
    live,
    lookUp(id) {
      const row = lookups.host(id)
      return row && followed(row)
    },
    changed(write) {
      if ('put' in write && write.put === 'host') return [write.row.id, followed(write.row)]
      if ('drop' in write && write.drop === 'host') return [write.id, null]
      return undefined
    },
  })
  return (hostId) => survivorOf({ host: (id) => hosts.get(id) }, hostId)
}

/** All of a host's row that matters here. */
type Followed = Pick<HostRow, 'id' | 'merged_into'>

const followed = ({ id, merged_into }: HostRow): Followed => ({ id, merged_into })
