import { isCloneOf } from './agents.ts'
import { standApart } from './apart.ts'
import { candidates } from './candidates.ts'
import type { SightedKind } from './conflicts.ts'
import { areKeptApart } from './conflicts.ts'
import type { Decision, Fresh } from './decision.ts'
import { openDraft } from './draft.ts'
import type { KnownHost, KnownHosts } from './known.ts'
import { settle } from './settle.ts'
import type { Sighting } from './sighting.ts'
import { isStrong, isTelling, isVouchedFor } from './trust.ts'
import { originsOf } from './undo.ts'
import { isSame } from './verdict.ts'
import type { Reading } from './verdict.ts'

/**
 * Which host a sighting is, and what that changes. A pure decision: commit it with what it was read
 * from, and on a conflict read and decide again.
 */
export function resolve(sighting: Sighting, known: KnownHosts, fresh: Fresh): Decision {
  const bound =
    sighting.credential === undefined ? undefined : known.hosts.get(sighting.credential.hostId)
  if (sighting.claims.length === 0 && bound === undefined) return { kind: 'unidentifiable' }

  const readings = candidates(sighting, known, bound)
  if (bound !== undefined && isCopied(readings, bound))
    return { kind: 'copied-credential', hostId: bound.hostId }

  const group = readings.filter(isSame)
  const present = group.find(({ host }) => sighting.rivals?.get(host.hostId) === 'present')
  if (present !== undefined) return { kind: 'agent-present', hostId: present.host.hostId }

  const draft = { ...openDraft(known, fresh), sighting }
  const reason = whyApart(sighting, readings, known)
  return reason === undefined
    ? settle(draft, readings)
    : standApart(draft, { reason, readings, bound })
}

/** A credential beats a payload: one that names another computer comes with a stolen or cloned key. */
const isCopied = (readings: readonly Reading[], bound: KnownHost): boolean =>
  readings.some(
    ({ host, against, verdict }) => host === bound && against.length > 0 && verdict !== 'corrected',
  )

/** What forbids to take the sighting for the hosts it names; undefined when nothing does. */
function whyApart(
  sighting: Sighting,
  readings: readonly Reading[],
  known: KnownHosts,
): SightedKind | undefined {
  const holder = readings.find(({ verdict }) => verdict === 'holds')
  if (holder !== undefined) return kindOf(holder, sighting)
  const group = readings.filter(isSame)
  if (group.some(({ host }) => sighting.rivals?.get(host.hostId) === 'clone')) return 'clone'
  if (group.some(({ host: one }) => group.some(({ host: other }) => isCloneOf(one, other))))
    return 'clone'
  if (group.some((one, index) => group.slice(index + 1).some((other) => differ(one, other))))
    return 'contradiction'
  const conflicts = [...known.hosts.values()].flatMap((host) => host.conflicts)
  const ids = group.map(({ host }) => originsOf(host))
  if (
    ids.some((one, index) =>
      ids.slice(index + 1).some((other) => areKeptApart(conflicts, one, other)),
    )
  )
    return 'contradiction'
  const vouchedFor = group.filter(({ host }) => isVouchedFor(host))
  return sighting.trust === 'agent' && vouchedFor.length > 1 ? 'proposed-merge' : undefined
}

function kindOf({ matched, against }: Reading, sighting: Sighting): SightedKind {
  if (against.length === 0) return 'takeover'
  const isSerial = matched.some((row) => row.kind === 'serial')
  return isSerial && !sighting.virtual ? 'serial-reuse' : 'contradiction'
}

/** Two hosts that both say what they are, and not the same. */
function differ(one: Reading, other: Reading): boolean {
  const kept = (reading: Reading) =>
    reading.host.claims.filter(
      (row) => isStrong(row) && isTelling(row) && !reading.against.includes(row),
    )
  return kept(one).some((row) => {
    const ofKind = kept(other).filter(({ kind }) => kind === row.kind)
    return ofKind.length > 0 && ofKind.every(({ value }) => value !== row.value)
  })
}
