import type { KeyObject } from 'node:crypto'
import { oidOf, type DerNode } from './der-read.ts'

/**
 * The digest a signature's AlgorithmIdentifier names, in node's words, when that algorithm belongs to the key's kind.
 *
 * SHA-1 is accepted: old clients know nothing else, and what they sign is a proof of holding a key in an exchange
 * that a one-time challenge guards. Undefined: MD5, PSS, an RSA name over an elliptic key…
 */
export function signatureDigest(algorithm: DerNode, key: KeyObject): SignatureDigest | undefined {
  const [type] = algorithm.children
  const named = type && algorithms.get(oidOf(type) ?? '')
  return named?.key === key.asymmetricKeyType ? named?.digest : undefined
}

export type SignatureDigest = 'sha1' | 'sha256' | 'sha384' | 'sha512'

const algorithms: ReadonlyMap<
  string,
  { readonly key: 'rsa' | 'ec'; readonly digest: SignatureDigest }
> = new Map([
  ['1.2.840.113549.1.1.5', { key: 'rsa', digest: 'sha1' }],
  ['1.2.840.113549.1.1.11', { key: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { key: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { key: 'rsa', digest: 'sha512' }],
  ['1.2.840.10045.4.1', { key: 'ec', digest: 'sha1' }],
  ['1.2.840.10045.4.3.2', { key: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { key: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { key: 'ec', digest: 'sha512' }],
])
