import type { ClaimRow, ClaimStatus } from '../../storage/rows.ts'
import type { ClaimRef, Ledger } from './ledger.ts'
import type { Sighting } from './sighting.ts'
import { isStrong, outranks, stronger } from './trust.ts'

/** Where a sighting's claims go. `apart`: it contradicts others and may restate nothing of theirs. */
export type Landing = {
  readonly hostId: string
  readonly atMs: number
  readonly apart: boolean
}

/**
 * Writes a sighting's claims onto the host it landed on: new ones at its trust, known ones raised to it.
 * What another host owns is only disputed, what clones share is shared.
 */
export function land(ledger: Ledger, sighting: Sighting, landing: Landing): void {
  for (const claim of sighting.claims) {
    const mine = ledger.row(claim, landing.hostId)
    const isNewHere = mine === undefined && !landing.apart
    if (isNewHere && !isStrong(claim)) shareInstance(ledger, claim, landing.hostId)
    const status = statusFor(ledger, claim, landing.hostId)
    if (mine === undefined)
      ledger.put({
        ...claim,
        host_id: landing.hostId,
        status,
        source: sighting.trust,
        first_seen: landing.atMs,
        last_seen: landing.atMs,
      })
    else ledger.put(repeated(mine, { status, sighting, landing }))
  }
  forgetInstances(ledger, landing.hostId)
}

/** Instances remembered per host: every reinstallation is a new one, and each decision reads them all. */
const instancesMax = 32

function forgetInstances(ledger: Ledger, hostId: string): void {
  const instances = ledger.of(hostId).filter((claim) => !isStrong(claim))
  if (instances.length <= instancesMax) return
  const byAge = instances.toSorted((one, other) => one.last_seen - other.last_seen)
  for (const row of byAge.slice(0, -instancesMax)) ledger.drop(row)
}

/** Last-seen of a claim moves in steps, so that a computer seen again and again writes nothing. */
const lastSeenStepMs = 86_400_000

type Said = {
  readonly status: ClaimStatus
  readonly sighting: Sighting
  readonly landing: Landing
}

function repeated(mine: ClaimRow, { status, sighting, landing }: Said): ClaimRow {
  // Weaker evidence than what the row stands on refreshes it and restates nothing.
  const restated = outranks(mine.source, sighting.trust)
    ? mine
    : { ...mine, status, source: stronger(mine.source, sighting.trust) }
  const isNews = restated.status !== mine.status || restated.source !== mine.source
  const isDue = landing.atMs - mine.last_seen >= lastSeenStepMs
  return isNews || isDue ? { ...restated, last_seen: Math.max(mine.last_seen, landing.atMs) } : mine
}

function statusFor(ledger: Ledger, claim: ClaimRef, hostId: string): ClaimStatus {
  const others = ledger.on(claim).filter((row) => row.host_id !== hostId)
  if (others.some((row) => row.status === 'active')) return 'disputed'
  return others.some((row) => row.status === 'shared') ? 'shared' : 'active'
}

/** One instance on two computers is a disk image put on both: true of both, and telling neither. */
function shareInstance(ledger: Ledger, claim: ClaimRef, hostId: string): void {
  for (const row of ledger.on(claim))
    if (row.host_id !== hostId && row.status === 'active') ledger.put({ ...row, status: 'shared' })
}
