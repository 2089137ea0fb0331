/**
 * Base64 as RFC 4648 section 4 has it, with XML whitespace anywhere: padding required, bits behind the
 * last byte zero. Undefined: not that.
 */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let size = 0
  let bits = 0
  let held = 0 // bits in hand that are not yet a byte: 0, 6, 4 or 2
  for (let at = 0; at < text.length; at += 1) {
    const sextet = sextetOf[text.charCodeAt(at)] ?? illegal
    if (sextet >= special) {
      if (sextet === blank) continue
      return sextet === padding && closes(text.slice(at), held, bits)
        ? bytes.slice(0, size)
        : undefined
    }
    bits = ((bits << 6) | sextet) & 0xfff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[size] = (bits >> held) & 0xff
      size += 1
    }
  }
  return held === 0 ? bytes.slice(0, size) : undefined
}

/** Standard base64, one line. */
export const base64Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/** One byte over wants two signs of padding, two bytes over want one. */
function closes(tail: string, held: number, bits: number): boolean {
  const clean = (bits & ((1 << held) - 1)) === 0
  const signs = held === 4 ? 2 : held === 2 ? 1 : 0
  let seen = 0
  for (let at = 0; at < tail.length; at += 1) {
    const sextet = sextetOf[tail.charCodeAt(at)]
    if (sextet === padding) seen += 1
    else if (sextet !== blank) return false
  }
  return clean && signs > 0 && seen === signs
}

const special = 64
const padding = 64
const blank = 65
const illegal = 66

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const sextetOf: Uint8Array = new Uint8Array(128).fill(illegal)
for (let value = 0; value < alphabet.length; value += 1) {
  sextetOf[alphabet.charCodeAt(value)] = value
}
sextetOf['='.charCodeAt(0)] = padding
for (const sign of ' \t\r\n') sextetOf[sign.charCodeAt(0)] = blank
