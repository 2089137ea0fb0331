// Whom a call is for: enrollment IDs in the last segment of its path, separated by commas.
import type { Store } from '../../../storage/store.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { PushedNow } from './deps.ts'

/** One call of a script that lists a whole fleet; each target is a commit of its own. */
const targetsMax = 5_000

/** Longest enrollment ID we keep. */
const idCharsMax = 256

export type Target = {
  /** As the caller wrote it: results are keyed by it. */
  readonly id: string
  /** Undefined when nothing is enrolled under it. */
  readonly found: { readonly hostId: string; readonly channel: string } | undefined
}

/** `prefix` is the path up to the IDs. Fails with the sentence for the caller. */
export function readTargets(
  path: string,
  prefix: string,
  lookups: Store['lookups'],
): Result<readonly Target[], string> {
  const segments = path.slice(prefix.length).split(',')
  if (segments.some((segment) => segment === '')) return fail('getting enrollment ids: empty path')
  if (segments.length > targetsMax)
    return fail(`getting enrollment ids: more than ${targetsMax} of them`)
  const targets = new Map<string, Target>()
  for (const segment of segments) {
    const id = decoded(segment)
    if (id === undefined) return fail(`getting enrollment ids: cannot be read: ${segment}`)
    const row = id.length > idCharsMax ? undefined : lookups.enrollment(id)
    targets.set(id, { id, found: row && { hostId: row.host_id, channel: row.key } })
  }
  return ok([...targets.values()])
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** What a push brought, as it stands under its target. */
export const pushWords = (
  pushed: Exclude<PushedNow, { readonly kind: 'topic-failed' }>,
): { readonly push_result: string } | { readonly push_error: string } =>
  pushed.kind === 'pushed' ? { push_result: pushed.apnsId } : { push_error: pushed.reason }
