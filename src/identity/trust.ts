import type { ClaimRow, Trust } from '../../storage/rows.ts'
import type { KnownHost } from './known.ts'

/** Whether `one` is strictly better evidence than `other`. */
export const outranks = (one: Trust, other: Trust): boolean => ranks[one] > ranks[other]

export const stronger = (one: Trust, other: Trust): Trust => (outranks(one, other) ? one : other)

const ranks: Readonly<Record<Trust, number>> = { agent: 0, mdm: 1, apple: 2 }

/** A claim its host still makes. A superseded one is history. */
export const isCurrent = (claim: ClaimRow): boolean => claim.status !== 'superseded'

/** A claim that tells its host from others: what clones share tells nothing. */
export const isTelling = (claim: ClaimRow): boolean =>
  claim.status === 'active' || claim.status === 'disputed'

/** An osquery instance is copied with every disk image, so it never decides against anything else. */
export const isStrong = ({ kind }: Pick<ClaimRow, 'kind'>): boolean => kind !== 'osquery_instance'

/** Whether anybody but agents speaks for a host. */
export const isVouchedFor = ({ claims, enrollments }: KnownHost): boolean =>
  enrollments.length > 0 || claims.some((row) => isCurrent(row) && row.source !== 'agent')
