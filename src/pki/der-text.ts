import type { DerNode } from './der-read.ts'

/**
 * The text of any ASN.1 string type. Undefined: the node is no string.
 *
 * Bytes said to be UTF-8 that are not are read as Latin-1, as are the untyped ones of old clients: what comes out
 * is compared with a secret or shown to a person, and both want the same text for the same bytes.
 */
export function textOf(node: DerNode): string | undefined {
  const bytes = Buffer.from(node.content)
  switch (node.tag) {
    case 0x0c: // UTF8String
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return utf8OrLatin1(bytes)
    case 0x14: // T61String
      return bytes.toString('latin1')
    case 0x1e: // BMPString
      return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : undefined
    default:
      return undefined
  }
}

function utf8OrLatin1(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes.toString('latin1')
}
