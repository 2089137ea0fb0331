import type { Store } from '../../../storage/store.ts'
import { nameOf } from './hosts-table.ts'

/** What hosts are called, each looked up once. One that was deleted is its id. */
export function hostNames({ store }: { readonly store: Store }): (hostId: string) => string {
  const names = new Map<string, string>()
  return (hostId) => {
    const known = names.get(hostId)
    if (known !== undefined) return known
    const row = store.lookups.host(hostId)
    const name = row === undefined ? hostId : nameOf(row)
    names.set(hostId, name)
    return name
  }
}
