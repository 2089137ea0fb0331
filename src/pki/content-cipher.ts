import { createCipheriv, createDecipheriv } from 'node:crypto'

/** How an envelope's content may be encrypted. Single DES is broken, and old clients still send it. */
export type ContentCipher =
  | 'des-cbc'
  | 'des-ede3-cbc'
  | 'aes-128-cbc'
  | 'aes-192-cbc'
  | 'aes-256-cbc'

export type CipherShape = {
  readonly oid: string
  /** Length of the content key. */
  readonly keyBytes: number
  /** Length of the initialisation vector, which is the block's. */
  readonly ivBytes: number
}

export const cipherShapes: Readonly<Record<ContentCipher, CipherShape>> = {
  'des-cbc': { oid: '1.3.14.3.2.7', keyBytes: 8, ivBytes: 8 },
  'des-ede3-cbc': { oid: '1.2.840.113549.3.7', keyBytes: 24, ivBytes: 8 },
  'aes-128-cbc': { oid: '2.16.840.1.101.3.4.1.2', keyBytes: 16, ivBytes: 16 },
  'aes-192-cbc': { oid: '2.16.840.1.101.3.4.1.22', keyBytes: 24, ivBytes: 16 },
  'aes-256-cbc': { oid: '2.16.840.1.101.3.4.1.42', keyBytes: 32, ivBytes: 16 },
}

const contentCiphers = [
  'des-cbc',
  'des-ede3-cbc',
  'aes-128-cbc',
  'aes-192-cbc',
  'aes-256-cbc',
] as const satisfies readonly ContentCipher[]

export const cipherOfOid = (oid: string | undefined): ContentCipher | undefined =>
  contentCiphers.find((cipher) => cipherShapes[cipher].oid === oid)

export type CipherSecret = { readonly key: Uint8Array; readonly iv: Uint8Array }

export function encryptContent(
  plain: Uint8Array,
  cipher: ContentCipher,
  secret: CipherSecret,
): Uint8Array {
  const { name, key } = nodeForm(cipher, secret.key)
  const encrypting = createCipheriv(name, key, secret.iv)
  return Buffer.concat([encrypting.update(plain), encrypting.final()])
}

/** Undefined: the padding is not one, so the key or the bytes are wrong. */
export function decryptContent(
  encrypted: Uint8Array,
  cipher: ContentCipher,
  secret: CipherSecret,
): Uint8Array | undefined {
  const { name, key } = nodeForm(cipher, secret.key)
  const decrypting = createDecipheriv(name, key, secret.iv)
  try {
    return Buffer.concat([decrypting.update(encrypted), decrypting.final()])
  } catch {
    return undefined
  }
}

/** OpenSSL 3 moved single DES out of reach; triple DES with one key three times is the same function. */
const nodeForm = (
  cipher: ContentCipher,
  key: Uint8Array,
): { readonly name: ContentCipher; readonly key: Uint8Array } =>
  cipher === 'des-cbc'
    ? { name: 'des-ede3-cbc', key: Buffer.concat([key, key, key]) }
    : { name: cipher, key }
