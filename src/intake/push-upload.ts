// A push certificate as somebody uploads it, and what to tell them when it is none.
import {
  type PushCertificate,
  type PushCertificateFault,
  readPushPem,
  readPushPkcs12,
} from '../pki/push-certificate.ts'
import { fail, type Result } from '../result.ts'

export type UploadFault = { readonly kind: 'bad'; readonly detail: string }

type Opening = { readonly password?: string; readonly nowMs: number }

/** PEM with certificate and key in any order, or PKCS#12 as Keychain Access exports it. Fails with a sentence. */
export function readPushUpload(
  bytes: Uint8Array,
  opening: Opening,
): Result<PushCertificate, UploadFault> {
  const text = Buffer.from(bytes).toString('latin1')
  const read = text.includes('-----BEGIN ')
    ? readPushPem(text, opening)
    : readPushPkcs12(bytes, opening)
  return read.ok ? read : fail({ kind: 'bad', detail: sentenceFor(read.error, opening) })
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

type Kind = PushCertificateFault['kind']
type FaultOf<K extends Kind> = Extract<PushCertificateFault, { readonly kind: K }>

const sentences: { readonly [K in Kind]: (fault: FaultOf<K>, opening: Opening) => string } = {
  'not-pem': ({ detail }) => `It cannot be read as PEM: ${detail}.`,
  'not-pkcs12': ({ detail }) => `It is neither PEM nor PKCS#12: ${detail}.`,
  'not-a-certificate': ({ detail }) => `A certificate in it cannot be read: ${detail}.`,
  'wrong-password': (_, { password }) =>
    password === undefined
      ? 'The key is protected by a password; give it too.'
      : 'The password does not open the key.',
  unsupported: ({ detail }) =>
    `The file uses something that is not read here: ${detail}. Export it as PEM instead.`,
  'too-slow': () => 'The file asks for more work than any honest one. Export it again.',
  damaged: () => 'The file is damaged.',
  'no-identity': ({ detail }) => `The file holds no certificate with its key: ${detail}.`,
  'no-key': () =>
    'The private key is missing: upload it together with the certificate, in one PEM text or as PKCS#12.',
  'no-certificate': () => 'There is a key and no certificate.',
  'key-mismatch': () => 'The key belongs to no certificate in it.',
  'no-topic': ({ subject }) =>
    `It is no MDM push certificate: the UID in its subject must start with com.apple.mgmt., and the subject is ${subject}.`,
  'not-yet-valid': ({ notBeforeMs }) => `It is valid from ${dayOf(notBeforeMs)} on.`,
  expired: ({ notAfterMs }) =>
    `It expired on ${dayOf(notAfterMs)}. Renew it at identity.apple.com with the same Apple Account, so that its topic stays.`,
}

function sentenceFor(fault: PushCertificateFault, opening: Opening): string {
  // Each row takes faults of the kind it is named for.
  const sentence = sentences[fault.kind] as (
    fault: PushCertificateFault,
    opening: Opening,
  ) => string
  return sentence(fault, opening)
}
