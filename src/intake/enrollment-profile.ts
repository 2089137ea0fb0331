// The configuration profile that makes a computer ours: who it may trust, how it gets its identity, where it reports.
import type { Buildable } from '../protocol/plist/build.ts'

/**
 * What a device never lets a later profile change: these stay with its certificates, so that a renewal says
 * the same, whatever the settings say by then.
 */
export type FixedProfile = {
  /** PayloadIdentifier of the whole profile. */
  readonly identifier: string
  readonly topic: string
  readonly serverUrl: string
  readonly checkInUrl: string
}

export type ProfileParts = {
  readonly fixed: FixedProfile
  readonly scep: {
    readonly url: string
    readonly challenge: string
    /** SHA-1 of the authority's DER, as Apple's clients compare it. */
    readonly caFingerprint: Uint8Array
  }
  /** DER of authorities that the device is to trust for our TLS. */
  readonly anchors: readonly Uint8Array[]
  readonly uuid: () => string
}

/** Of every profile made here: a device knows by it that the next one replaces this one. */
export const profileIdentifier = 'muster.enrollment'

/** The profile as a property list's root. Sources: Apple's TopLevel, com.apple.mdm and com.apple.security.scep. */
export function enrollmentProfile({ fixed, scep, anchors, uuid }: ProfileParts): Buildable {
  const { identifier } = fixed
  const identityUuid = upper(uuid())
  return {
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: upper(uuid()),
    PayloadDisplayName: 'Device management',
    PayloadDescription: 'Lets Muster manage this device.',
    PayloadScope: 'System',
    PayloadContent: [
      ...anchors.map((der, index) => ({
        ...payload('com.apple.security.root', `${identifier}.root.${index + 1}`, upper(uuid())),
        PayloadDisplayName: 'Trust in the management server',
        PayloadContent: der,
      })),
      {
        ...payload('com.apple.security.scep', `${identifier}.identity`, identityUuid),
        PayloadDisplayName: 'Identity',
        PayloadContent: scepContent(scep),
      },
      {
        ...payload('com.apple.mdm', `${identifier}.mdm`, upper(uuid())),
        PayloadDisplayName: 'Management',
        IdentityCertificateUUID: identityUuid,
        Topic: fixed.topic,
        ServerURL: fixed.serverUrl,
        CheckInURL: fixed.checkInUrl,
        SignMessage: true,
        AccessRights: everyRight,
        CheckOutWhenRemoved: true,
        ServerCapabilities: serverCapabilities,
      },
    ],
  }
}

/** The sum of all rights there are: a later profile may not add one. */
const everyRight = 8_191

const serverCapabilities = [
  'com.apple.mdm.per-user-connections',
  'com.apple.mdm.bootstraptoken',
  'com.apple.mdm.token',
]

const scepContent = ({ url, challenge, caFingerprint }: ProfileParts['scep']): Buildable => ({
  URL: url,
  Name: 'Muster',
  // What the certificate says is decided here at issue; this only has to be there.
  Subject: [[['O', 'Muster']], [['CN', 'Muster device']]],
  Challenge: challenge,
  Keysize: 2_048,
  'Key Type': 'RSA',
  // Signing and encryption.
  'Key Usage': 5,
  KeyIsExtractable: false,
  CAFingerprint: caFingerprint,
  Retries: 3,
  RetryDelay: 10,
})

const payload = (
  type: string,
  identifier: string,
  uuid: string,
): { readonly [key: string]: Buildable } => ({
  PayloadType: type,
  PayloadVersion: 1,
  PayloadIdentifier: identifier,
  PayloadUUID: uuid,
})

const upper = (uuid: string): string => uuid.toUpperCase()
