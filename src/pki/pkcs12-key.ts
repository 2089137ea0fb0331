import { createHash } from 'node:crypto'

/**
 * Bytes derived from a password in PKCS#12's own way (RFC 7292 appendix B), which the integrity check and the
 * encryption of old exports use.
 */
export function derivePkcs12(password: Uint8Array, wish: Pkcs12Derivation): Uint8Array {
  const { digest, purpose, salt, iterations, bytes } = wish
  const blockBytes = digest === 'sha384' || digest === 'sha512' ? 128 : 64
  const diversifier = new Uint8Array(blockBytes).fill(purposeIds[purpose])
  const input = Buffer.concat([fill(salt, blockBytes), fill(password, blockBytes)])
  const parts: Uint8Array[] = []
  for (let made = 0; made < bytes;) {
    let round: Uint8Array = createHash(digest).update(diversifier).update(input).digest()
    for (let count = 1; count < iterations; count += 1)
      round = createHash(digest).update(round).digest()
    parts.push(round)
    made += round.length
    const addend = repeat(round, blockBytes)
    for (let at = 0; at < input.length; at += blockBytes)
      addPlusOne(input.subarray(at, at + blockBytes), addend)
  }
  return Buffer.concat(parts).subarray(0, bytes)
}

export type Pkcs12Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export type Pkcs12Derivation = {
  readonly digest: Pkcs12Digest
  readonly purpose: 'key' | 'iv' | 'mac'
  readonly salt: Uint8Array
  readonly iterations: number
  readonly bytes: number
}

/** A password as this derivation wants it: UTF-16, big end first, with the terminating zero. */
export const bmpPassword = (password: string): Uint8Array =>
  Buffer.from(`${password}\0`, 'utf16le').swap16()

const purposeIds = { key: 1, iv: 2, mac: 3 } as const

/** Repeated up to a multiple of the block. Nothing stays nothing. */
const fill = (bytes: Uint8Array, blockBytes: number): Uint8Array =>
  repeat(bytes, Math.ceil(bytes.length / blockBytes) * blockBytes)

const repeat = (bytes: Uint8Array, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0)

/** Adds as big-endian numbers, forgetting what runs over. */
function addPlusOne(block: Uint8Array, addend: Uint8Array): void {
  let carry = 1
  for (let index = block.length - 1; index >= 0; index -= 1) {
    const sum = (block[index] ?? 0) + (addend[index] ?? 0) + carry
    block[index] = sum & 0xff
    carry = sum >> 8
  }
}
