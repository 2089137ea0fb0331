import { fail, ok, type Result } from '../result.ts'
import { contentInfoOf } from './content-info.ts'
import { readDerOrBer } from './der-or-ber.ts'
import { explicit0, sequenceTag } from './der-shape.ts'
import { der } from './der-write.ts'
import { oids } from './oids.ts'

/**
 * A CMS SignedData that signs nothing and only carries certificates ("degenerate", RFC 5652 section 5.2).
 *
 * The order given is kept, although DER would sort a SET: clients take the first certificate for the leaf.
 */
export function writeCertificates(certificates: readonly Uint8Array[]): Uint8Array {
  const signed = der.sequence(
    der.integer(1),
    der.set(),
    der.sequence(der.oid(oids.data)),
    der.tagged(0xa0, Buffer.concat(certificates)),
    der.set(),
  )
  return der.sequence(der.oid(oids.signedData), der.tagged(0xa0, signed))
}

/** The certificates of such a message, in its order, each as DER. Bound: 1 MB, 64 certificates. Fails: `not-certificates`. */
export function readCertificates(
  bytes: Uint8Array,
): Result<readonly Uint8Array[], CertificatesFault> {
  if (bytes.length > bytesMax) return broken(`more than ${bytesMax} bytes`)
  const root = readDerOrBer(bytes)
  if (!root.ok) return broken(`neither DER nor BER: ${root.error.kind}`)
  const info = contentInfoOf(root.value)
  if (info?.type !== oids.signedData) return broken('not a SignedData')
  const set = info.content.children.find(({ tag }) => tag === explicit0)
  // Other choices than a plain certificate have context tags: attribute certificates, nothing for us.
  const certificates = (set?.children ?? []).filter(({ tag }) => tag === sequenceTag)
  if (certificates.length > certificatesMax)
    return broken(`more than ${certificatesMax} certificates`)
  return ok(certificates.map((node) => node.bytes))
}

export type CertificatesFault = { readonly kind: 'not-certificates'; readonly detail: string }

const bytesMax = 1_000_000
/** A chain has three. */
const certificatesMax = 64

const broken = (detail: string): Result<never, CertificatesFault> =>
  fail({ kind: 'not-certificates', detail })
