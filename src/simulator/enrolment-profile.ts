import { readPlist } from '../protocol/plist/read.ts'
import { type Dict, isDict, type PlistValue } from '../protocol/plist/value.ts'

/** What a device takes out of an enrolment profile. Names are Apple's. */
export type EnrolmentProfile = {
  /** Path and query; the host in it may be one that only devices can reach. */
  readonly scepPath: string
  readonly challenge: string
  readonly keySize: number
  readonly topic: string
  readonly signsMessages: boolean
}

/** Reads an unsigned profile. Undefined when a device could not enrol with it. */
export function readEnrolmentProfile(bytes: Uint8Array): EnrolmentProfile | undefined {
  const read = readPlist(bytes)
  const payloads = read.ok && isDict(read.value) ? listOf(read.value['PayloadContent']) : []
  const scep = payloads.find(({ PayloadType }) => PayloadType === 'com.apple.security.scep')
  const mdm = payloads.find(({ PayloadType }) => PayloadType === 'com.apple.mdm')
  // The identity the MDM payload names must be the one beside it.
  const isWhole = mdm?.['IdentityCertificateUUID'] === scep?.['PayloadUUID']
  if (mdm === undefined || scep === undefined || !isWhole) return undefined
  const identity = identityOf(scep['PayloadContent'])
  const topic = mdm['Topic']
  if (identity === undefined || typeof topic !== 'string') return undefined
  return { ...identity, topic, signsMessages: mdm['SignMessage'] === true }
}

function identityOf(
  content: PlistValue | undefined,
): Pick<EnrolmentProfile, 'scepPath' | 'challenge' | 'keySize'> | undefined {
  if (!isDict(content)) return undefined
  const { URL: url, Challenge: challenge = '', Keysize: keySize = keySizeDefault } = content
  const isText = typeof url === 'string' && typeof challenge === 'string'
  if (!isText || typeof keySize !== 'number' || !URL.canParse(url)) return undefined
  const { pathname, search } = new URL(url)
  return { scepPath: pathname + search, challenge, keySize }
}

/** Apple's, which nobody should accept any more. */
const keySizeDefault = 1_024

const listOf = (value: PlistValue | undefined): readonly Dict[] =>
  Array.isArray(value) ? value.filter(isDict) : []
