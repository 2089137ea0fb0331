// Writes ASN.1 in DER. Every function takes whole elements or content octets and gives one whole element.

/** Writers by the name of the type. Bound: content up to 16 MB, as the reader takes it. */
export const der = {
  sequence: (...parts: readonly Uint8Array[]): Uint8Array => tagged(0x30, Buffer.concat(parts)),
  /** In the order given: for sets with one element, and for those whose order is a message. */
  set: (...parts: readonly Uint8Array[]): Uint8Array => tagged(0x31, Buffer.concat(parts)),
  /** Sorted by their octets, as DER has it. */
  setOf: (...parts: readonly Uint8Array[]): Uint8Array =>
    tagged(0x31, Buffer.concat(parts.toSorted(Buffer.compare))),
  /** A number that is not negative, or the octets of one, most significant first. */
  integer: (value: number | bigint | Uint8Array): Uint8Array =>
    tagged(0x02, positive(typeof value === 'object' ? value : octetsOf(BigInt(value)))),
  octetString: (content: Uint8Array): Uint8Array => tagged(0x04, content),
  /** Whole octets, unless the last has unused bits, which must be zero. */
  bitString: (content: Uint8Array, unusedBits = 0): Uint8Array =>
    tagged(0x03, Buffer.concat([Uint8Array.of(unusedBits), content])),
  null: (): Uint8Array => Uint8Array.of(0x05, 0),
  boolean: (value: boolean): Uint8Array => Uint8Array.of(0x01, 1, value ? 0xff : 0),
  /** Dotted, such as `1.2.840.113549.1.7.1`. */
  oid: (dotted: string): Uint8Array => tagged(0x06, arcsOf(dotted)),
  utf8String: (text: string): Uint8Array => tagged(0x0c, Buffer.from(text, 'utf8')),
  /** Only letters, digits and `'()+,-./:=?`, which is the caller's business. */
  printableString: (text: string): Uint8Array => tagged(0x13, Buffer.from(text, 'latin1')),
  ia5String: (text: string): Uint8Array => tagged(0x16, Buffer.from(text, 'latin1')),
  /** Whole seconds; UTCTime up to 2049 and GeneralizedTime from then on, as RFC 5280 wants it. */
  time: (atMs: number): Uint8Array => {
    const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
    return new Date(atMs).getUTCFullYear() < 2050
      ? tagged(0x17, Buffer.from(digits.slice(2), 'latin1'))
      : tagged(0x18, Buffer.from(digits, 'latin1'))
  },
  /** Any identifier octet around content octets. */
  tagged,
} as const

function tagged(tag: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content])
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const octets = octetsOf(BigInt(length))
  return Buffer.concat([Uint8Array.of(0x80 | octets.length), octets])
}

function octetsOf(value: bigint): Uint8Array {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

/** Without needless zeros, and with the one that keeps a high first bit from meaning minus. */
function positive(octets: Uint8Array): Uint8Array {
  const first = octets.findIndex((octet) => octet !== 0)
  const digits = first < 0 ? Uint8Array.of(0) : octets.subarray(first)
  return (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Uint8Array.of(0), digits])
}

function arcsOf(dotted: string): Uint8Array {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return Uint8Array.from([root * 40 + second, ...rest].flatMap(base128))
}

function base128(arc: number): readonly number[] {
  const digits = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(0x80 | (rest % 128))
  return digits
}
