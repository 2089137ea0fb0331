import { fail, ok, type Result } from '../result.ts'
import { leadsTo } from './certificate-chain.ts'
import { type Certificate, readCertificate } from './certificate.ts'
import { readSigned, verifySigned } from './cms-signed.ts'
import { appleRoot } from './apple-root.ts'

/**
 * The property list a device sends to prove which one it is before it is enrolled: CMS with the content inside,
 * signed by the identity built into the device.
 *
 * The chain is checked to `roots` (default: Apple's) without dates, since the authorities between expired long ago.
 * It proves that Apple made a device that said so once, not that it says so now: a captured message is as good.
 * Bound: 64 kB, 8 certificates.
 * Fails: `not-signed` on the encoding, `bad-signature`, `unknown-signer` when the chain ends elsewhere.
 */
export function readMachineInfo(
  bytes: Uint8Array,
  roots: readonly Certificate[] = appleRoots,
): Result<MachineInfo, MachineInfoFault> {
  if (bytes.length > bytesMax) return notSigned(`more than ${bytesMax} bytes`)
  const message = readSigned(bytes)
  if (!message.ok) return notSigned(message.error.kind)
  const { content } = message.value
  if (content === null || content.length === 0) return notSigned('no content')
  const verified = verifySigned(message.value, {})
  if (!verified.ok) return fail({ kind: 'bad-signature', detail: verified.error.kind })
  const { certificate, signingTimeMs } = verified.value
  const { subject, issuer } = certificate
  const intermediates = readable(message.value.certificates)
  return !certificate.isCa && leadsTo(certificate, { roots, intermediates })
    ? ok({ plist: content, signer: certificate, signingTimeMs: signingTimeMs ?? null })
    : fail({ kind: 'unknown-signer', subject, issuer })
}

/** One that cannot be read, or comes after too many others, vouches for nothing: the chain ends there. */
const readable = (certificates: readonly Uint8Array[]): readonly Certificate[] =>
  certificates.slice(0, certificatesMax).flatMap((der) => {
    const read = readCertificate(der)
    return read.ok ? [read.value] : []
  })

export type MachineInfo = {
  /** The property list as signed, to be read by whoever knows its keys. */
  readonly plist: Uint8Array
  readonly signer: Certificate
  readonly signingTimeMs: number | null
}

export type MachineInfoFault =
  | { readonly kind: 'not-signed'; readonly detail: string }
  | { readonly kind: 'bad-signature'; readonly detail: string }
  | { readonly kind: 'unknown-signer'; readonly subject: string; readonly issuer: string }

/** A dozen short keys and four certificates are 6 kB. */
const bytesMax = 65_536
/** A leaf, two authorities and the root. */
const certificatesMax = 8

const appleRoots: readonly Certificate[] = [appleRoot()]

const notSigned = (detail: string): Result<never, MachineInfoFault> =>
  fail({ kind: 'not-signed', detail })
