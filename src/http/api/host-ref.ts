import type { HostRow } from '../../../storage/rows.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import type { ApiDeps } from './deps.ts'
import { answered } from './faults.ts'

type RefDeps = Pick<ApiDeps, 'store' | 'queries'>

/** Longer than any identifier or enrollment key we keep. */
const refCharsMax = 256

/** Merges in a row that are followed; each of them took an operator or two sightings. */
const mergesMax = 16

/** Hosts named as what may have been meant. */
const nearMax = 5

/**
 * The host a reference means: an id, or any identifier that the host has now, in any case.
 *
 * A merged one is followed to the host it lives on in. Fails: not found (with near matches), ambiguous.
 */
export async function hostByRef(deps: RefDeps, ref: string): Promise<Result<HostRow, Problem>> {
  if (ref === '' || ref.length > refCharsMax) return fail(await unknown(deps, ''))
  const byId = deps.store.lookups.host(ref.toLowerCase())
  if (byId !== undefined) return survivorOf(deps, byId)
  const found = answered(await deps.queries.hostsByRef(ref))
  if (!found.ok) return found
  const present = found.value.filter(({ merged_into }) => merged_into === null)
  const proven = present.filter(({ quarantined }) => quarantined === 0)
  // A quarantined host claims to be another: it answers to such a name only where no other host does.
  const live = proven.length > 0 ? proven : present
  const [first, ...others] = live.length > 0 ? live : found.value
  if (first === undefined) return fail(await unknown(deps, ref))
  if (others.length === 0 || live.length === 0) return survivorOf(deps, first)
  return fail({ kind: 'ambiguous', more: { candidates: live.map(candidateOf) } })
}

/** As `hostByRef`, for a reference that is the address itself: a merged host's moves to its survivor. */
export async function hostAt(
  deps: RefDeps,
  { path: { ref }, url }: { readonly path: { readonly ref: string }; readonly url: URL },
): Promise<Result<HostRow, Problem>> {
  const found = await hostByRef(deps, ref)
  if (!found.ok) return found
  const named = deps.store.lookups.host(ref.toLowerCase())
  if (named === undefined || named.id === found.value.id) return found
  return fail({
    kind: 'moved',
    detail: 'The host was merged into another one.',
    more: { survivor: found.value.id },
    headers: { location: movedPath(url, found.value.id) },
  })
}

/** The same address with the survivor in it: `…/hosts/{ref}` and whatever follows. */
const movedPath = ({ pathname, search }: URL, id: string): string =>
  pathname.replace(/(?<=\/hosts\/)[^/]+/, id) + search

function survivorOf({ store }: RefDeps, row: HostRow): Result<HostRow, Problem> {
  let host = row
  for (let merges = 0; merges < mergesMax && host.merged_into !== null; merges += 1) {
    const next = store.lookups.host(host.merged_into)
    if (next === undefined) return fail({ kind: 'not-found', detail: 'The host was deleted.' })
    host = next
  }
  return ok(host)
}

async function unknown({ queries }: RefDeps, ref: string): Promise<Problem> {
  const near = await nearMatches(queries, ref)
  return {
    kind: 'not-found',
    detail:
      'No host has that id, serial, UUID, UDID, EnrollmentID, enrollment key or osquery instance.',
    ...(near.length > 0 && { more: { candidates: near.map(candidateOf) } }),
  }
}

/** Hosts whose name, serial or UUID begins like the reference; shorter beginnings say too little. */
async function nearMatches(queries: RefDeps['queries'], ref: string): Promise<readonly HostRow[]> {
  for (const q of [ref, ref.slice(0, 6)]) {
    if (q.length < 3) continue
    const sort = { column: 'id', descending: false } as const
    const page = await queries.listHosts({ filters: {}, q, sort, limit: nearMax })
    if (page.ok && page.value.items.length > 0) return page.value.items
  }
  return []
}

const candidateOf = ({ id, serial, uuid, hostname, quarantined }: HostRow) => ({
  id,
  serial,
  uuid,
  hostname,
  quarantined: quarantined === 1,
})
