import type { ClaimRow, ConflictRow } from '../../storage/rows.ts'
import type { ClaimRef } from './ledger.ts'

export type ConflictKind =
  /** One serial, two boards, and no proof that the board was replaced. */
  | 'serial-reuse'
  /** One hardware UUID, several serials. */
  | 'clone'
  /** Weaker evidence says otherwise than stronger, or neither can be believed over the other. */
  | 'contradiction'
  /** An agent says that two hosts known to Apple or MDM are one. */
  | 'proposed-merge'
  /** A certificate nobody minted for a host asks to be that host, which Apple, MDM or an enrollment speaks for. */
  | 'takeover'
  /** An operator took a merge back; kept so that the same sighting does not merge again. */
  | 'split'
  /** No contradiction: an event at which this host's machine throws each time. */
  | 'failing'

/** What a sighting may lead to. */
export type SightedKind = Exclude<ConflictKind, 'failing'>

export type Choice = 'merge' | 'confirm-replacement' | 'keep-separate' | 'dismiss'

/** A conflict row's `detail`. */
type ConflictDetail = {
  /** One sentence for an operator. */
  readonly sentence: string
  readonly seen: readonly ClaimRef[]
  readonly contradicts: readonly (ClaimRef & { readonly host_id: string })[]
  readonly choices: readonly Choice[]
}

export type Found = {
  readonly id: string
  readonly kind: SightedKind
  /** The host the conflict is about: the one set apart, or the first of a clone set. */
  readonly hostId: string
  readonly others: readonly string[]
  readonly claim: ClaimRef | undefined
  readonly seen: readonly ClaimRef[]
  readonly contradicts: readonly ClaimRow[]
  readonly atMs: number
}

/** Says what was seen, what it contradicts and what can be done about it. */
export function openConflict(found: Found): ConflictRow {
  const detail: ConflictDetail = {
    sentence: sentences[found.kind](found),
    seen: found.seen.map(({ kind, value }) => ({ kind, value })),
    contradicts: found.contradicts.map(({ kind, value, host_id }) => ({ kind, value, host_id })),
    choices: choicesOf[found.kind],
  }
  return {
    id: found.id,
    kind: found.kind,
    host_id: found.hostId,
    others: JSON.stringify(found.others),
    claim_kind: found.claim?.kind ?? null,
    claim_value: found.claim?.value ?? null,
    detail: JSON.stringify(detail),
    opened_at: found.atMs,
    resolved_at: null,
    resolution: null,
  }
}

type Failing = {
  readonly id: string
  readonly hostId: string
  readonly event: string
  readonly reason: string
  readonly tries: number
  readonly cause: string
  /** Where the event is sealed. */
  readonly kept: string
}

/** Shows an event that its host cannot take, beside the contradictions, until somebody has seen it. */
export function failingConflict(failing: Failing, atMs: number): ConflictRow {
  const { id, hostId, event, reason, tries, cause, kept } = failing
  const sentence =
    `This host could not take ${event} in ${tries} tries: ${reason}. ` +
    'That is a bug of Muster, not of the computer: the event is kept, and everything else goes on.'
  const detail = {
    sentence,
    seen: [],
    contradicts: [],
    choices: choicesOf.failing,
    event,
    reason,
    cause,
    kept,
  }
  return {
    id,
    kind: 'failing',
    host_id: hostId,
    others: '[]',
    claim_kind: null,
    claim_value: null,
    detail: JSON.stringify(detail),
    opened_at: atMs,
    resolved_at: null,
    resolution: null,
  }
}

/** What an operator may answer, by kind. */
export const choicesOf: Readonly<Record<ConflictKind, readonly Choice[]>> = {
  'serial-reuse': ['confirm-replacement', 'keep-separate', 'dismiss'],
  clone: ['merge', 'keep-separate', 'dismiss'],
  contradiction: ['merge', 'keep-separate', 'dismiss'],
  'proposed-merge': ['merge', 'keep-separate', 'dismiss'],
  takeover: ['merge', 'keep-separate', 'dismiss'],
  split: [],
  failing: ['dismiss'],
}

/** Ids of every host a conflict names. */
export const partiesOf = (conflict: ConflictRow): readonly string[] => [
  conflict.host_id,
  ...othersOf(conflict),
]

/** The column is ours: anything but a list of ids in it is a bug. */
export function othersOf({ others }: ConflictRow): readonly string[] {
  const ids: unknown = JSON.parse(others)
  if (!Array.isArray(ids)) throw new Error('a conflict names its other hosts as a list')
  return ids.map(String)
}

/** The same conflict with one more clone in it. Bound: 1,000 are named, 40 kB; beyond that the set says enough. */
export function joined(conflict: ConflictRow, hostId: string): ConflictRow {
  const parties = partiesOf(conflict)
  if (parties.includes(hostId) || parties.length >= namedMax) return conflict
  return { ...conflict, others: JSON.stringify([...othersOf(conflict), hostId]) }
}

const namedMax = 1_000

/** The same conflict with the places of merged hosts taken by the one they became. */
export function addressed(conflict: ConflictRow, from: readonly string[], to: string): ConflictRow {
  if (!partiesOf(conflict).some((id) => from.includes(id))) return conflict
  const [owner = to, ...others] = new Set(
    partiesOf(conflict).map((id) => (from.includes(id) ? to : id)),
  )
  return { ...conflict, host_id: owner, others: JSON.stringify(others) }
}

export const settledBy = (
  conflict: ConflictRow,
  resolution: string,
  atMs: number,
): ConflictRow => ({
  ...conflict,
  resolved_at: atMs,
  resolution,
})

/** Whether an operator said that these two, each under any id it went by, are different computers. */
export function areKeptApart(
  conflicts: readonly ConflictRow[],
  one: readonly string[],
  other: readonly string[],
): boolean {
  return conflicts.some((conflict) => {
    const parties = partiesOf(conflict)
    return (
      conflict.resolution === 'keep-separate' &&
      parties.some((id) => one.includes(id)) &&
      parties.some((id) => other.includes(id))
    )
  })
}

const list = (claims: readonly ClaimRef[]): string =>
  claims.map(({ kind, value }) => `${names[kind]} ${value}`).join(' and ') || 'no identifier'

const names: Readonly<Record<ClaimRef['kind'], string>> = {
  serial: 'serial',
  uuid: 'hardware UUID',
  udid: 'UDID',
  enrollment_id: 'enrollment ID',
  osquery_instance: 'osquery instance',
}

const sentences: Readonly<Record<SightedKind, (found: Found) => string>> = {
  'serial-reuse': ({ seen, contradicts }) =>
    `A computer came with ${list(seen)}, but that serial belongs to a host with ${list(contradicts)}. ` +
    'Confirm the replacement if its board was changed; keep them separate if these are two computers.',
  clone: ({ claim, seen, contradicts }) =>
    `${list(claim ? [claim] : [])} is used by several computers: one came with ${list(seen)}, another has ${list(contradicts)}. ` +
    'They are told apart by serial, then osquery instance. Merge them if they are one computer, or give the clones UUIDs of their own.',
  contradiction: ({ seen, contradicts }) =>
    `A computer came with ${list(seen)}, which contradicts ${list(contradicts)}, known on evidence at least as good. ` +
    'Merge the hosts if they are one computer; keep them separate if they are not.',
  'proposed-merge': ({ seen }) =>
    `An agent says that ${list(seen)} are one computer, but they belong to different hosts that Apple or MDM vouch for. ` +
    'Merge them if that is true; keep them separate if the agent is not to be believed.',
  takeover: ({ seen }) =>
    `A device with ${list(seen)} says that it is this host, but its certificate was not issued for it. ` +
    'Merge them if it is that computer: its certificate is then the one that counts. Keep them separate if it is another one.',
  split: ({ seen }) =>
    `An operator split these hosts, which were merged over ${list(seen)}; the same evidence does not merge them again.`,
}
