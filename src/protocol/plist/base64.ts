/**
 * Base64 as RFC 4648 section 4 has it, with XML whitespace anywhere: padding required, bits behind the
 * last byte zero. Undefined: not that.
 */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const packed = blank.test(text) ? text.replace(blanks, '') : text
  // The engine's decoder forgives nearly everything, and its encoder has one spelling for each sequence of bytes.
  const bytes = Buffer.from(packed, 'base64')
  return bytes.toString('base64') === packed ? new Uint8Array(bytes) : undefined
}

/** Standard base64, one line. */
export const base64Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

const blank = /[ \t\r\n]/
const blanks = /[ \t\r\n]+/g
