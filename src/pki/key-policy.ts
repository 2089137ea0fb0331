import type { KeyObject } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'

/**
 * Whether a stranger's public key is strong enough to be certified: RSA from 2048 bits with an odd exponent of
 * 65537 or more, or a point on P-256 or P-384.
 */
export function checkKey(key: KeyObject): Result<KeyObject, KeyFault> {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  const type = key.asymmetricKeyType
  if (type === 'rsa' && checkRsa(modulusLength, publicExponent)) return ok(key)
  if (type === 'ec' && curves.includes(namedCurve)) return ok(key)
  return fail({ kind: 'weak-key', detail: `${type} ${namedCurve || `of ${modulusLength} bits`}` })
}

export type KeyFault = { readonly kind: 'weak-key'; readonly detail: string }

const modulusBitsMin = 2048
/** Checking a signature grows with the square of the modulus; nobody ships a larger key in a device. */
const modulusBitsMax = 8192
const exponentMin = 65_537n
/** FIPS 186-5 ends here too: beyond it the exponent only makes each check slow. */
const exponentMax = 1n << 256n

const checkRsa = (modulusBits: number, exponent: bigint): boolean =>
  modulusBits >= modulusBitsMin &&
  modulusBits <= modulusBitsMax &&
  exponent >= exponentMin &&
  exponent < exponentMax &&
  exponent % 2n === 1n

/** OpenSSL's names for P-256 and P-384. */
const curves: readonly string[] = ['prime256v1', 'secp384r1']
