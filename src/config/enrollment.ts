// Settings about enrolment: who signs, who is believed, and what devices are told.
import { readCertificates, readRoots, readSigner } from './certificates.ts'
import type { ProfileSigner } from '../intake/profiles.ts'
import type { Certificate } from '../pki/certificate.ts'
import { fail, ok, type Result } from '../result.ts'
import { oneOf, readSecret, type Setting } from './setting.ts'

export type EnrollmentConfig = {
  /** Where devices reach this server; of a request to this machine when undefined. */
  readonly publicUrl: string | undefined
  /** What devices listen to, where no push certificate says it or several do. */
  readonly pushTopic: string | undefined
  /** A device certificate authority that was brought, its certificate first. */
  readonly caCertificate: readonly Certificate[] | undefined
  readonly caKey: string | undefined
  /** A SCEP challenge that everybody may use again and again. */
  readonly scepChallenge: string | undefined
  readonly challengeLifetimeMs: number
  readonly certificateLifetimeMs: number
  /** How long before its end a certificate is renewed. */
  readonly renewBeforeMs: number
  /** What devices are to trust for our TLS. */
  readonly tlsRoot: readonly Certificate[] | undefined
  readonly profileSigner: ProfileSigner | undefined
  /** Whose devices are believed beside Apple's. */
  readonly deviceRoot: readonly Certificate[] | undefined
  readonly ade: 'assigned' | 'any'
  readonly accountEnrollment: readonly AccountEnrollment[] | undefined
}

/** One way of account-driven enrolment, as Apple's service discovery document lists it. */
export type AccountEnrollment = {
  readonly version: 'mdm-byod' | 'mdm-adde'
  readonly baseUrl: string
}

export const enrollmentSettings: {
  readonly [Name in keyof EnrollmentConfig]: Setting<EnrollmentConfig[Name]>
} = {
  publicUrl: {
    flag: 'publicUrl',
    variable: 'MUSTER_PUBLIC_URL',
    read: readPublicUrl,
    fallback: undefined,
  },
  pushTopic: {
    flag: 'pushTopic',
    variable: 'MUSTER_PUSH_TOPIC',
    read: readTopic,
    fallback: undefined,
  },
  caCertificate: {
    flag: 'caCertificateFile',
    variable: 'MUSTER_CA_CERTIFICATE',
    read: readRoots,
    fallback: undefined,
  },
  caKey: { flag: 'caKeyFile', variable: 'MUSTER_CA_KEY', read: ok, fallback: undefined },
  scepChallenge: {
    flag: 'scepChallengeFile',
    variable: 'MUSTER_SCEP_CHALLENGE',
    read: readSecret,
    fallback: undefined,
  },
  challengeLifetimeMs: {
    flag: 'challengeLifetime',
    variable: 'MUSTER_CHALLENGE_LIFETIME',
    read: readDuration({ min: '1m', max: '7d' }),
    fallback: 3_600_000,
  },
  certificateLifetimeMs: {
    flag: 'certificateLifetime',
    variable: 'MUSTER_CERTIFICATE_LIFETIME',
    read: readDuration({ min: '1h', max: '3650d' }),
    fallback: 365 * 86_400_000,
  },
  renewBeforeMs: {
    flag: 'renewBefore',
    variable: 'MUSTER_RENEW_BEFORE',
    read: readDuration({ min: '1m', max: '365d' }),
    fallback: 60 * 86_400_000,
  },
  tlsRoot: {
    flag: 'tlsRootFile',
    variable: 'MUSTER_TLS_ROOT',
    read: readCertificates,
    fallback: undefined,
  },
  profileSigner: {
    flag: 'profileSignerFile',
    variable: 'MUSTER_PROFILE_SIGNER',
    read: readSigner,
    fallback: undefined,
  },
  deviceRoot: {
    flag: 'deviceRootFile',
    variable: 'MUSTER_DEVICE_ROOT',
    read: readRoots,
    fallback: undefined,
  },
  ade: {
    flag: 'ade',
    variable: 'MUSTER_ADE',
    read: oneOf(['assigned', 'any']),
    fallback: 'assigned',
  },
  accountEnrollment: {
    flag: 'accountEnrollment',
    variable: 'MUSTER_ACCOUNT_ENROLLMENT',
    read: readAccountEnrollment,
    fallback: undefined,
  },
}

/** Apple's devices talk https only; plain http is for what stays on one machine. */
function readPublicUrl(text: string): Result<string, string> {
  const url = URL.parse(text)
  const isBare = url !== null && `${url.origin}/` === url.href
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal(url.hostname))
  return isBare && isSafe
    ? ok(url.origin)
    : fail('must be an https address without a path, such as https://mdm.example.com')
}

const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host.startsWith('127.')

function readTopic(text: string): Result<string, string> {
  return /^com\.apple\.mgmt\.[\w.-]{1,200}$/.test(text)
    ? ok(text)
    : fail('must be a push topic, com.apple.mgmt.…')
}

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const msOf = (text: string): number | undefined => {
  const { count, unit = '' } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {}
  const unitMs = unitsMs[unit]
  return unitMs === undefined ? undefined : Number(count) * unitMs
}

/** `90m`, `36h`, `365d`, between two bounds that are written the same way. */
export function readDuration({
  min,
  max,
}: {
  readonly min: string
  readonly max: string
}): (text: string) => Result<number, string> {
  return (text) => {
    const ms = msOf(text)
    const fits = ms !== undefined && ms >= (msOf(min) ?? 0) && ms <= (msOf(max) ?? 0)
    return fits ? ok(ms) : fail(`must be a duration from ${min} to ${max}`)
  }
}

/** `mdm-byod=https://…`, several by comma. */
function readAccountEnrollment(text: string): Result<readonly AccountEnrollment[], string> {
  const read = text.split(',').map((pair): AccountEnrollment | undefined => {
    const { version, url = '' } =
      /^(?<version>mdm-byod|mdm-adde)=(?<url>.+)$/.exec(pair.trim())?.groups ?? {}
    if (version !== 'mdm-byod' && version !== 'mdm-adde') return undefined
    return URL.parse(url)?.protocol === 'https:' ? { version, baseUrl: url } : undefined
  })
  const ways = read.filter((way) => way !== undefined)
  return ways.length === read.length
    ? ok(ways)
    : fail('must be mdm-byod=https://… or mdm-adde=https://…, several by comma')
}
