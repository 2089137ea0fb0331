import type { ClaimKind } from '../../storage/rows.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'
import { isPlaceholder } from './placeholders.ts'

/** An identifier in the one spelling it is stored and compared in. */
export type Claim = { readonly kind: ClaimKind; readonly value: string }

/** What a channel said, in its own spelling. `udid` is MDM's `UDID`, `uuid` a hardware UUID. */
export type RawIdentifiers = {
  readonly serial?: string | undefined
  readonly uuid?: string | undefined
  readonly udid?: string | undefined
  readonly enrollmentId?: string | undefined
  readonly osqueryInstance?: string | undefined
}

type Refusal = {
  readonly field: keyof RawIdentifiers
  readonly kind: 'placeholder' | 'too-long' | 'not-printable-ascii' | 'not-a-uuid' | 'two-uuids'
}

export type Normalised = {
  /** At most one claim of each kind. */
  readonly claims: readonly Claim[]
  /** What names no computer. A placeholder is everyday; any other kind is a broken or hostile sender. */
  readonly refused: readonly Refusal[]
}

/**
 * Turns what a channel said into claims: trimmed, in one case, without braces, without placeholders.
 *
 * A UDID in UUID form becomes kind `uuid`, since a Mac's MDM UDID is its hardware UUID: that is what joins
 * MDM and osquery. Bound: 128 characters each (VMware serials have 54, iOS UDIDs 40).
 */
export function normalise(raw: RawIdentifiers): Normalised {
  const claims: Claim[] = []
  const refused: Refusal[] = []
  for (const field of fields) {
    const value = raw[field]
    if (value === undefined) continue
    const claim = readers[field](value.trim())
    if (!claim.ok) refused.push({ field, kind: claim.error })
    else if (claims.every((earlier) => earlier.kind !== claim.value.kind)) claims.push(claim.value)
    else if (claims.every((earlier) => earlier.value !== claim.value.value))
      refused.push({ field, kind: 'two-uuids' })
  }
  return { claims, refused }
}

type Read = Result<Claim, Refusal['kind']>

const fields = ['serial', 'uuid', 'udid', 'enrollmentId', 'osqueryInstance'] as const

const readers: Readonly<Record<keyof RawIdentifiers, (value: string) => Read>> = {
  serial: (value) => checked('serial', value.toUpperCase()),
  uuid: (value) => {
    const uuid = dashed(bare(value))
    if (uuidShape.test(uuid)) return checked('uuid', uuid)
    return isPlaceholder(value) ? fail('placeholder') : fail('not-a-uuid')
  },
  udid: (value) => {
    const udid = dashed(bare(value))
    return checked(uuidShape.test(udid) ? 'uuid' : 'udid', udid)
  },
  // Apple and osquery define these as opaque, so their case is theirs.
  enrollmentId: (value) => checked('enrollment_id', value),
  osqueryInstance: (value) => checked('osquery_instance', value),
}

const lengthMax = 128
/** Look-alikes from other scripts would be second names for one computer, so only ASCII names one. */
const printable = /^[ -~]+$/
const uuidShape = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/
const undashed = /^([0-9A-F]{8})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{12})$/

function checked(kind: ClaimKind, value: string): Read {
  if (isPlaceholder(value)) return fail('placeholder')
  if (value.length > lengthMax) return fail('too-long')
  return printable.test(value) ? ok({ kind, value }) : fail('not-printable-ascii')
}

const bare = (value: string): string =>
  (value.startsWith('{') && value.endsWith('}') ? value.slice(1, -1).trim() : value).toUpperCase()

const dashed = (value: string): string => value.replace(undashed, '$1-$2-$3-$4-$5')
