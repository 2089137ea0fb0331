import type { Committed, Store, Write } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'

/** Rows that belong to no host's turn: durable first, and then known to whoever remembers or watches them. */
export async function commitTold(
  { store, live }: { readonly store: Store; readonly live: Live },
  writes: readonly Write[],
): Promise<Committed> {
  const committed = await store.commit(writes)
  if (committed.ok) live.publish(writes, committed.journalSeqs)
  // It may be on disk with only the answer lost.
  else live.doubt(writes)
  return committed
}
