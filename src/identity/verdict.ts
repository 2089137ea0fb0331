import type { ClaimRow } from '../../storage/rows.ts'
import type { KnownHost } from './known.ts'
import type { Sighting } from './sighting.ts'
import { isCurrent, isStrong, isTelling, isVouchedFor, outranks } from './trust.ts'

/** How one host that owns some of a sighting's identifiers stands to the sighting. */
type Verdict =
  /** Nothing contradicts: it is the same computer. */
  | 'agrees'
  /** The same computer, and its contradicting claims lose: a new board, or weaker evidence filled a gap wrongly. */
  | 'corrected'
  /** Another computer, which held the identifier on weaker evidence and gives it up. */
  | 'yields'
  /** Another computer under the same hardware UUID on equal evidence: clones. */
  | 'shares'
  /** It contradicts, and the sighting proves nothing against it. */
  | 'holds'

export type Reading = {
  readonly host: KnownHost
  readonly verdict: Verdict
  /** Its claims that the sighting repeats, as their owner. */
  readonly matched: readonly ClaimRow[]
  /** Its claims that cannot be true of the same computer as the sighting. */
  readonly against: readonly ClaimRow[]
}

/** Whether a host is the very computer of the sighting. */
export const isSame = ({ verdict }: Reading): boolean =>
  verdict === 'agrees' || verdict === 'corrected'

export function readHost(sighting: Sighting, host: KnownHost): Reading {
  const matched = host.claims.filter(
    (row) => isStrong(row) && row.status === 'active' && says(sighting, row),
  )
  const against = contradicting(sighting, host.claims)
  return { host, matched, against, verdict: verdictOn(sighting, { host, matched, against }) }
}

/** Whether the sighting names exactly this identifier. */
export const says = (sighting: Sighting, row: ClaimRow): boolean =>
  sighting.claims.some(({ kind, value }) => row.kind === kind && row.value === value)

/** Claims of a kind that the sighting names with a value this host does not have. */
function contradicting(sighting: Sighting, rows: readonly ClaimRow[]): readonly ClaimRow[] {
  return sighting.claims.filter(isStrong).flatMap((claim) => {
    const ofKind = rows.filter((row) => row.kind === claim.kind && isCurrent(row))
    const agreed = ofKind.some((row) => row.value === claim.value)
    return agreed ? [] : ofKind.filter(isTelling)
  })
}

type Grounds = Omit<Reading, 'verdict'>

function verdictOn(sighting: Sighting, grounds: Grounds): Verdict {
  if (walksIn(sighting, grounds)) return 'holds'
  if (grounds.against.length === 0) return 'agrees'
  if (isNewBoard(sighting, grounds) || correctsGap(sighting, grounds)) return 'corrected'
  const { matched } = grounds
  if (matched.length === 0) return 'holds'
  if (matched.every((row) => outranks(sighting.trust, row.source))) return 'yields'
  return isClone(sighting, grounds) ? 'shares' : 'holds'
}

/**
 * A certificate that is not this host's may not become it, whatever the payload says: neither where it is enrolled,
 * nor where Apple's list or a device with a certificate of its own has said who it is. Quarantined hosts are no
 * exception, or else whoever comes second would be taken for the computer that an operator was asked about.
 */
function walksIn(sighting: Sighting, { host, matched }: Grounds): boolean {
  if (matched.length === 0 || !isForeign(sighting, host)) return false
  return !(host.quarantined && sighting.vouched) && isVouchedFor(host)
}

/** Comes with a certificate that speaks for another host, or for none yet, and with no word of Apple's. */
export function isForeign(
  { source, trust, credential, newCertificate }: Sighting,
  host: KnownHost,
): boolean {
  if (source !== 'mdm' || trust === 'apple' || credential?.hostId === host.hostId) return false
  return newCertificate === true || credential !== undefined
}

/** A challenge speaks for the one host it was minted for. */
const isMintedFor = ({ vouched, credential }: Sighting, host: KnownHost): boolean =>
  vouched && credential?.hostId === host.hostId

/** Same serial, other hardware: believed of a real computer, and only on the best word there is. */
function isNewBoard(sighting: Sighting, { host, matched, against }: Grounds): boolean {
  const { virtual, trust } = sighting
  if (virtual || (!isMintedFor(sighting, host) && trust !== 'apple')) return false
  return matched.some((row) => row.kind === 'serial') && against.every(isHardware)
}

/**
 * The host is bound to the sighting at its trust or above, and what contradicts came from below it:
 * otherwise whoever holds the enroll secret could lock a computer out by lying about it first.
 */
function correctsGap({ virtual, trust }: Sighting, { matched, against }: Grounds): boolean {
  const binding = matched.filter((row) => !outranks(trust, row.source))
  return (
    binding.some((row) => !virtual || row.kind !== 'serial') &&
    against.every((row) => outranks(trust, row.source))
  )
}

function isClone({ trust }: Sighting, { matched, against }: Grounds): boolean {
  return (
    matched.every((row) => isHardware(row) && row.source === trust) &&
    against.every((row) => row.kind === 'serial')
  )
}

const isHardware = ({ kind }: ClaimRow): boolean => kind === 'uuid' || kind === 'udid'
