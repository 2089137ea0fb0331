import type { CipherGCM, KeyObject } from 'node:crypto'
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Result } from '../result.ts'
import { fail, ok } from '../result.ts'

/** Seals secrets for storage. A sealed value opens only under the ref and the master key it was sealed with. */
export type Vault = {
  /** Names the master key without telling it, as 16 hexadecimal digits. */
  readonly keyId: string
  seal(ref: string, plain: Uint8Array): Uint8Array
  /** The same bytes, in pieces between which others have their turn: for what is megabytes large. */
  sealLarge(ref: string, plain: Uint8Array): Promise<Uint8Array>
  open(ref: string, sealed: Uint8Array): Result<Uint8Array, VaultFault>
}

export type VaultFault =
  /** Not something a vault of this version made. */
  | { readonly kind: 'unknown-format' }
  /** Sealed under another master key. */
  | { readonly kind: 'other-master-key'; readonly keyId: string }
  /** Changed after sealing, or sealed under another ref. */
  | { readonly kind: 'not-authentic' }

export const masterKeyBytes = 32

/**
 * A vault over a 32-byte master key: AES-256-GCM.
 *
 * Shape: version (1 byte) · key id (8) · nonce (12) · ciphertext · tag (16).
 * A key with random nonces may seal 2^32 times. Refs are spread over 256 keys, so a vault seals 2^40.
 * Source: NIST SP 800-38D 8.2.2 and 8.3; RFC 5869.
 */
export function createVault(masterKey: Uint8Array): Vault {
  if (masterKey.length !== masterKeyBytes) throw new Error('a master key has 32 bytes')
  // Key objects, since importing plain bytes anew would cost more than sealing.
  const keys = Array.from({ length: 256 }, (_, index) =>
    createSecretKey(derive(masterKey, `muster sealing key v1 ${index}`, 32)),
  )
  const keyId = derive(masterKey, 'muster key id v1', keyIdBytes)

  return { keyId: keyId.toString('hex'), seal, sealLarge, open }

  function seal(ref: string, plain: Uint8Array): Uint8Array {
    const { head, cipher } = begin(ref)
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  async function sealLarge(ref: string, plain: Uint8Array): Promise<Uint8Array> {
    const { head, cipher } = begin(ref)
    const sealed = Buffer.allocUnsafeSlow(headBytes + plain.length + options.authTagLength)
    head.copy(sealed)
    for (let at = 0; at < plain.length; at += pieceBytes) {
      cipher.update(plain.subarray(at, at + pieceBytes)).copy(sealed, headBytes + at)
      await setImmediate()
    }
    // A stream cipher has nothing left over.
    cipher.final()
    cipher.getAuthTag().copy(sealed, headBytes + plain.length)
    return sealed
  }

  function begin(ref: string): { readonly head: Buffer; readonly cipher: CipherGCM } {
    const nonce = randomBytes(nonceBytes)
    const head = Buffer.concat([versionByte, keyId, nonce])
    const cipher = createCipheriv(algorithm, keyOf(ref), nonce, options)
    cipher.setAAD(boundTo(head, ref))
    return { head, cipher }
  }

  function open(ref: string, sealed: Uint8Array): Result<Uint8Array, VaultFault> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    if (bytes.length < headBytes + options.authTagLength || bytes[0] !== versionByte[0]) {
      return fail({ kind: 'unknown-format' })
    }
    const sealedWith = bytes.subarray(1, 1 + keyIdBytes)
    if (!sealedWith.equals(keyId)) {
      return fail({ kind: 'other-master-key', keyId: sealedWith.toString('hex') })
    }
    return decrypt(ref, bytes)
  }

  function decrypt(ref: string, bytes: Buffer): Result<Uint8Array, VaultFault> {
    const head = bytes.subarray(0, headBytes)
    const tagAt = bytes.length - options.authTagLength
    const nonce = head.subarray(1 + keyIdBytes)
    const decipher = createDecipheriv(algorithm, keyOf(ref), nonce, options)
    decipher.setAAD(boundTo(head, ref))
    decipher.setAuthTag(bytes.subarray(tagAt))
    try {
      const plain = decipher.update(bytes.subarray(headBytes, tagAt))
      return ok(Buffer.concat([plain, decipher.final()]))
    } catch {
      return fail({ kind: 'not-authentic' })
    }
  }

  function keyOf(ref: string): KeyObject {
    const key = keys[hash('sha256', ref, 'buffer')[0] ?? 0]
    if (!key) throw new Error('a byte names one of 256 keys')
    return key
  }
}

/** Sealed in a millisecond or two. */
const pieceBytes = 1_024 * 1_024

const algorithm = 'aes-256-gcm'
const options = { authTagLength: 16 }
const versionByte = Buffer.from([1])
const [keyIdBytes, nonceBytes] = [8, 12]
const headBytes = 1 + keyIdBytes + nonceBytes

const derive = (key: Uint8Array, purpose: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, bytes))

const boundTo = (head: Buffer, ref: string): Buffer => Buffer.concat([head, Buffer.from(ref)])
