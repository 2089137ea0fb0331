// A host as lists show it.
import { z } from '@hono/zod-openapi'
import type { HostRow, LastSeenRow } from '../../../storage/rows.ts'
import type { Presence, Thresholds } from '../../../storage/queries.ts'
import { iso, isoOrNull, time } from './fields.ts'

const text = z.string().nullable()

export const hostItem = z
  .object({
    id: z.string(),
    serial: text,
    uuid: text,
    udid: text,
    hostname: text,
    platform: text,
    os_version: text,
    model: text,
    lifecycle: z.string(),
    status: text,
    mdm: z.object({ state: z.string(), last_seen_at: time.nullable() }),
    dep: z.object({ state: z.string() }),
    osquery: z.object({ state: z.string(), last_seen_at: time.nullable() }),
    presence: z.enum(['online', 'offline', 'missing', 'never']).nullable(),
    quarantined: z.boolean(),
    epoch: z.int(),
    first_seen_at: time,
    last_seen_at: time.nullable(),
  })
  .openapi('Host')

export type HostItem = z.input<typeof hostItem>

/** How lately a host must have been heard of to count as online. */
export const onlineWithinMs = 5 * 60_000
const missingAfterMs = 30 * 24 * 3_600_000

export const thresholdsAt = (now: number): Thresholds => ({
  onlineSinceMs: now - onlineWithinMs,
  missingBeforeMs: now - missingAfterMs,
  // A clock that is put right by some seconds makes nobody offline.
  aheadFromMs: now + onlineWithinMs,
})

/** Null for a pending host: nobody expects to hear of it yet. */
export function presenceOf(
  { lifecycle }: Pick<HostRow, 'lifecycle'>,
  seenAt: number | null,
  { onlineSinceMs, missingBeforeMs, aheadFromMs }: Thresholds,
): Presence | null {
  if (lifecycle === 'dep_assigned') return null
  if (seenAt === null) return 'never'
  if (seenAt >= aheadFromMs) return 'offline'
  if (seenAt >= onlineSinceMs) return 'online'
  return seenAt < missingBeforeMs ? 'missing' : 'offline'
}

type Seen = Pick<LastSeenRow, 'mdm_at' | 'osquery_at'> & { readonly at: number | null }
const unseen: Seen = { at: null, mdm_at: null, osquery_at: null }

export function itemOf(row: HostRow, seen: Seen = unseen, now: number): HostItem {
  return {
    id: row.id,
    serial: row.serial,
    uuid: row.uuid,
    udid: row.udid,
    hostname: row.hostname,
    platform: row.platform,
    os_version: row.os_version,
    model: row.model,
    lifecycle: row.lifecycle,
    status: row.status,
    mdm: { state: row.mdm, last_seen_at: isoOrNull(seen.mdm_at) },
    dep: { state: row.dep },
    osquery: { state: row.osquery, last_seen_at: isoOrNull(seen.osquery_at) },
    presence: presenceOf(row, seen.at, thresholdsAt(now)),
    quarantined: row.quarantined === 1,
    epoch: row.epoch,
    first_seen_at: iso(row.first_seen_at),
    last_seen_at: isoOrNull(seen.at),
  }
}
