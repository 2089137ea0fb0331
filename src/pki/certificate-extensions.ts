import { oidOf, readDer, type DerNode } from './der-read.ts'
import { booleanTag, fieldsOf, octetStringTag, oidTag } from './der-shape.ts'
import { oids } from './oids.ts'

export type CertificateExtensions = {
  readonly isCa: boolean
  readonly keyUsage: readonly string[] | null
  readonly extendedKeyUsage: readonly string[] | null
  readonly subjectKeyId: string | null
}

/** What a certificate says it may be used for. Undefined: an extension is malformed or stands there twice. */
export function readExtensions(wrapper: DerNode | undefined): CertificateExtensions | undefined {
  const values = valuesOf(wrapper?.children[0]?.children ?? [])
  if (values === undefined) return undefined
  const read = <Value>(oid: string, reader: (node: DerNode) => Value): Value | null => {
    const node = values.get(oid)
    return node === undefined ? null : reader(node)
  }
  return {
    isCa: read(oids.basicConstraints, isAuthority) ?? false,
    keyUsage: read(oids.keyUsage, usagesOf),
    extendedKeyUsage: read(oids.extendedKeyUsage, ({ children }) =>
      children.map((node) => oidOf(node) ?? ''),
    ),
    subjectKeyId: read(oids.subjectKeyIdentifier, ({ content }) =>
      Buffer.from(content).toString('hex'),
    ),
  }
}

/** The bits of KeyUsage, first bit first (RFC 5280 section 4.2.1.3). */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const
export type KeyUsage = (typeof keyUsages)[number]

const known = new Set<string>([
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectKeyIdentifier,
  oids.basicConstraints,
])

/** By object identifier. */
function valuesOf(extensions: readonly DerNode[]): ReadonlyMap<string, DerNode> | undefined {
  const values = new Map<string, DerNode>()
  for (const extension of extensions) {
    const [type] = fieldsOf(extension, [oidTag]) ?? []
    const oid = type && oidOf(type)
    const value = oid && valueOf(oid, extension.children.at(-1))
    if (!oid || !value || values.has(oid)) return undefined
    values.set(oid, value)
  }
  return values
}

/** The element inside an extension's OCTET STRING; of an extension we do not read, the OCTET STRING. */
function valueOf(oid: string, holder: DerNode | undefined): DerNode | undefined {
  if (holder?.tag !== octetStringTag) return undefined
  if (!known.has(oid)) return holder
  const inner = readDer(holder.content)
  return inner.ok ? inner.value : undefined
}

const isAuthority = (constraints: DerNode): boolean =>
  fieldsOf(constraints, [booleanTag])?.[0].content[0] === 0xff

/** A BIT STRING: the first byte counts unused bits, the rest are flags, most significant first. */
const usagesOf = (bits: DerNode): readonly string[] =>
  keyUsages.filter(
    (_, index) => ((bits.content[1 + (index >> 3)] ?? 0) & (0x80 >> (index & 7))) !== 0,
  )
