import { fail, ok, type Result } from '../../result.ts'
import type { Dict } from '../plist/value.ts'
import type { MessageFault } from './message-fault.ts'

/**
 * Who is speaking. Keys are opaque, case-sensitive and in wire form.
 *
 * Source: Apple device-management, `mdm/checkin`, for the identifiers; NanoMDM for the form of the key.
 */
export type Enrollment = {
  readonly type: EnrollmentType
  readonly channel: 'device' | 'user'
  /** The device's part of the key. Never contains a colon. */
  readonly deviceKey: string
  /** `DEVICE`, or `DEVICE:USER` on a user channel. */
  readonly key: string
  /** Both may be there: a macOS CheckOut under user enrolment carries the UDID too. */
  readonly udid?: string
  readonly enrollmentId?: string
  readonly user?: EnrollmentUser
}

export type EnrollmentType =
  | 'Device'
  | 'User'
  | 'SharedIPad'
  | 'UserEnrollmentDevice'
  | 'UserEnrollment'

/** `id` is the user's part of the key: on a Shared iPad the short name, as all users share one UserID. */
export type EnrollmentUser = {
  readonly id: string
  readonly shortName?: string
  readonly longName?: string
}

/** Reads the identifiers every message carries: UDID before EnrollmentID, each with its own user id. */
export function readEnrollment(dict: Dict): Result<Enrollment, MessageFault> {
  const found = readIdentifiers(dict)
  if (!found.ok) return found
  const ids = found.value
  if (ids.UDID !== undefined) return underUdid(ids, ids.UDID)
  if (ids.EnrollmentID !== undefined) return underEnrollmentId(ids, ids.EnrollmentID)
  return fail({ kind: 'no-identity', detail: 'neither UDID nor EnrollmentID' })
}

type Identifiers = { readonly [Key in IdentifierKey]?: string }
type IdentifierKey = (typeof identifierKeys)[number]

export const identifierKeys = [
  'UDID',
  'EnrollmentID',
  'UserID',
  'EnrollmentUserID',
  'UserShortName',
  'UserLongName',
] as const

/** Every user of a Shared iPad has this UserID; the Managed Apple Account in UserShortName tells them apart. */
const sharedIPadUserId = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'

function underUdid(ids: Identifiers, udid: string): Result<Enrollment, MessageFault> {
  const { EnrollmentID, EnrollmentUserID, UserID, UserShortName } = ids
  // Ignoring the user would let a user's message speak for the whole device.
  if (UserID === undefined && EnrollmentUserID !== undefined) return strayUser('EnrollmentUserID')
  const device = {
    deviceKey: udid,
    udid,
    ...(EnrollmentID === undefined ? {} : { enrollmentId: EnrollmentID }),
  }
  if (UserID === undefined) return ok({ type: 'Device', channel: 'device', key: udid, ...device })
  if (UserID.toUpperCase() !== sharedIPadUserId) {
    const user = userOf(ids, UserID)
    return ok({ type: 'User', channel: 'user', key: `${udid}:${UserID}`, ...device, user })
  }
  if (UserShortName === undefined || UserShortName === '') {
    return fail({ kind: 'bad-identity', detail: 'a Shared iPad user without UserShortName' })
  }
  const key = `${udid}:${UserShortName}`
  const user = userOf(ids, UserShortName)
  return ok({ type: 'SharedIPad', channel: 'user', key, ...device, user })
}

function underEnrollmentId(
  ids: Identifiers,
  enrollmentId: string,
): Result<Enrollment, MessageFault> {
  const { EnrollmentUserID, UserID } = ids
  const device = { deviceKey: enrollmentId, enrollmentId }
  if (EnrollmentUserID === undefined) {
    if (UserID !== undefined) return strayUser('UserID')
    return ok({ type: 'UserEnrollmentDevice', channel: 'device', key: enrollmentId, ...device })
  }
  const key = `${enrollmentId}:${EnrollmentUserID}`
  const user = userOf(ids, EnrollmentUserID)
  return ok({ type: 'UserEnrollment', channel: 'user', key, ...device, user })
}

const userOf = ({ UserShortName, UserLongName }: Identifiers, id: string): EnrollmentUser => ({
  id,
  ...(UserShortName === undefined ? {} : { shortName: UserShortName }),
  ...(UserLongName === undefined ? {} : { longName: UserLongName }),
})

const strayUser = (key: string): Result<never, MessageFault> =>
  fail({ kind: 'two-identities', detail: `${key} belongs to another device identifier` })

function readIdentifiers(dict: Dict): Result<Identifiers, MessageFault> {
  const ids: { [Key in IdentifierKey]?: string } = {}
  for (const key of identifierKeys) {
    const value = dict[key]
    if (value === undefined) continue
    if (typeof value !== 'string')
      return fail({ kind: 'wrong-type', detail: `${key} is no string` })
    const detail = complaint(key, value)
    if (detail !== undefined) return fail({ kind: 'bad-identity', detail })
    // An empty device identifier is as good as none; the other one may still speak.
    if (value !== '' || !deviceKeys.has(key)) ids[key] = value
  }
  return ok(ids)
}

const deviceKeys: ReadonlySet<string> = new Set(['UDID', 'EnrollmentID'])
const userKeys: ReadonlySet<string> = new Set(['UserID', 'EnrollmentUserID'])

function complaint(key: IdentifierKey, value: string): string | undefined {
  if (value.length > identifierCharsMax) return `${key} is longer than ${identifierCharsMax}`
  // oxlint-disable-next-line no-control-regex -- finding control characters is the point
  if (/[\u0000-\u001f\u007f-\u009f]/.test(value)) return `${key} has a control character`
  if (value === '' && userKeys.has(key)) return `${key} is empty`
  // `A` with user `B` and a device that calls itself `A:B` must not share a key.
  if (deviceKeys.has(key) && value.includes(':')) return `${key} has a colon`
  return undefined
}

/** Real ones have at most 40 characters; accounts and names may be longer, but not without end. */
const identifierCharsMax = 256
