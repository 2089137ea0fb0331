import type { Lookups } from '../../storage/store.ts'

/** Merges in a row that are followed: more would be a circle. */
const mergesMax = 16

/** The live host an id stands for by now. Undefined for none, and for one that was deleted. */
export function survivorOf(
  lookups: Pick<Lookups, 'host'>,
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
