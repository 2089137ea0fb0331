import { pbkdf2Sync } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { cipherOfOid, cipherShapes, decryptContent } from './content-cipher.ts'
import { oidOf, type DerNode } from './der-read.ts'
import { fieldsOf, integerTag, octetStringTag, oidTag, sequenceTag } from './der-shape.ts'
import { bmpPassword, derivePkcs12 } from './pkcs12-key.ts'
import { decryptRc2Cbc } from './rc2.ts'

/**
 * Decrypts one part of a PKCS#12 file with the algorithm its AlgorithmIdentifier names: PBES2 with PBKDF2 as
 * OpenSSL 3 and new systems write it, or the two triple DES and two RC2 schemes of old exports.
 *
 * Fails: `unsupported`, `too-slow` past the patience, `damaged`.
 */
export function decryptPkcs12(
  encrypted: Uint8Array,
  algorithm: DerNode,
  secret: Pkcs12Secret,
): Result<Uint8Array, Pkcs12DecryptFault> {
  const [type, parameters] = fieldsOf(algorithm, [oidTag, sequenceTag]) ?? []
  const oid = type && oidOf(type)
  if (oid === undefined || parameters === undefined) return unsupported('no algorithm')
  if (oid === pbes2Oid) return decryptPbes2(encrypted, parameters, secret)
  const scheme = oldSchemes.get(oid)
  return scheme === undefined
    ? unsupported(`the encryption ${oid}`)
    : decryptOld(encrypted, parameters, { secret, scheme })
}

export type Pkcs12Secret = {
  readonly text: string
  /** The same as the old derivation wants it; which of two forms an empty one has, the integrity check found out. */
  readonly bmp: Uint8Array
  readonly patience: Patience
}

export type Pkcs12DecryptFault =
  | { readonly kind: 'unsupported'; readonly detail: string }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'damaged' }

/** What all derivations of one file may cost together: a file may ask for any number, on the thread that serves. */
export type Patience = { readonly spend: (iterations: number) => boolean }

export function createPatience(iterationsMax: number): Patience {
  let left = iterationsMax
  return {
    spend: (iterations) => {
      left -= iterations
      return left >= 0
    },
  }
}

/** An iteration count. Undefined: none, or beyond anything that ends. */
export function iterationsOf(node: DerNode | undefined): number | undefined {
  if (node?.tag !== integerTag || node.content.length > 4) return undefined
  const count = Number.parseInt(Buffer.from(node.content).toString('hex'), 16)
  return count >= 1 && count < 2 ** 31 ? count : undefined
}

export const passwordForms = (password: string): readonly Uint8Array[] =>
  // The standard gives an empty password its terminating zero; some writers give it nothing at all.
  password === '' ? [bmpPassword(''), new Uint8Array()] : [bmpPassword(password)]

const pbes2Oid = '1.2.840.113549.1.5.13'
const pbkdf2Oid = '1.2.840.113549.1.5.12'

const randomFunctions: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

function decryptPbes2(
  encrypted: Uint8Array,
  parameters: DerNode,
  secret: Pkcs12Secret,
): Result<Uint8Array, Pkcs12DecryptFault> {
  const [derivation, scheme] = fieldsOf(parameters, [sequenceTag, sequenceTag]) ?? []
  const [cipherOid, iv] = fieldsOf(scheme, [oidTag, octetStringTag]) ?? []
  const cipher = cipherOid && cipherOfOid(oidOf(cipherOid))
  if (iv === undefined || cipher === undefined || cipher === 'des-cbc')
    return unsupported('the cipher')
  const { keyBytes, ivBytes } = cipherShapes[cipher]
  const key = derivePbkdf2(derivation, keyBytes, secret)
  if (!key.ok) return key
  if (iv.content.length !== ivBytes) return damaged
  const plain = decryptContent(encrypted, cipher, { key: key.value, iv: iv.content })
  return plain === undefined ? damaged : ok(plain)
}

function derivePbkdf2(
  derivation: DerNode | undefined,
  keyBytes: number,
  secret: Pkcs12Secret,
): Result<Uint8Array, Pkcs12DecryptFault> {
  const [type, parameters] = fieldsOf(derivation, [oidTag, sequenceTag]) ?? []
  if (type === undefined || oidOf(type) !== pbkdf2Oid)
    return unsupported('a key derivation that is not PBKDF2')
  const [salt, count] = fieldsOf(parameters, [octetStringTag, integerTag]) ?? []
  const iterations = iterationsOf(count)
  const digest = parameters && randomFunctionOf(parameters)
  if (salt === undefined || iterations === undefined) return damaged
  if (digest === undefined) return unsupported('the random function of PBKDF2')
  if (!secret.patience.spend(iterations)) return fail({ kind: 'too-slow' })
  return ok(pbkdf2Sync(secret.text, salt.content, iterations, keyBytes, digest))
}

/** Behind salt and count: the key's length, which the cipher says better, and the random function. */
function randomFunctionOf({ children }: DerNode): string | undefined {
  const [named] = children.find(({ tag }) => tag === sequenceTag)?.children ?? []
  return named === undefined ? 'sha1' : randomFunctions.get(oidOf(named) ?? '')
}

type OldScheme = {
  readonly keyBytes: number
  readonly decrypt: (
    encrypted: Uint8Array,
    key: Uint8Array,
    iv: Uint8Array,
  ) => Uint8Array | undefined
}

function decryptOld(
  encrypted: Uint8Array,
  parameters: DerNode,
  { secret, scheme }: { readonly secret: Pkcs12Secret; readonly scheme: OldScheme },
): Result<Uint8Array, Pkcs12DecryptFault> {
  const [salt, count] = fieldsOf(parameters, [octetStringTag, integerTag]) ?? []
  const iterations = iterationsOf(count)
  if (salt === undefined || iterations === undefined) return damaged
  // Once for the key and once for the initialisation vector.
  if (!secret.patience.spend(2 * iterations)) return fail({ kind: 'too-slow' })
  const derive = (purpose: 'key' | 'iv', bytes: number): Uint8Array =>
    derivePkcs12(secret.bmp, { digest: 'sha1', purpose, salt: salt.content, iterations, bytes })
  const plain = scheme.decrypt(encrypted, derive('key', scheme.keyBytes), derive('iv', 8))
  return plain === undefined ? damaged : ok(plain)
}

const tripleDes: OldScheme['decrypt'] = (encrypted, key, iv) => {
  const whole = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)])
  return decryptContent(encrypted, 'des-ede3-cbc', { key: whole, iv })
}

const rc2: OldScheme['decrypt'] = (encrypted, key, iv) =>
  encrypted.length % 8 === 0
    ? withoutPadding(decryptRc2Cbc(encrypted, { key, iv, effectiveBits: 8 * key.length }))
    : undefined

/** PBE with SHA-1 and… (RFC 7292 appendix C). */
const oldSchemes: ReadonlyMap<string, OldScheme> = new Map([
  ['1.2.840.113549.1.12.1.3', { keyBytes: 24, decrypt: tripleDes }],
  ['1.2.840.113549.1.12.1.4', { keyBytes: 16, decrypt: tripleDes }],
  ['1.2.840.113549.1.12.1.5', { keyBytes: 16, decrypt: rc2 }],
  ['1.2.840.113549.1.12.1.6', { keyBytes: 5, decrypt: rc2 }],
])

function withoutPadding(plain: Uint8Array): Uint8Array | undefined {
  const count = plain.at(-1) ?? 0
  const padded = count >= 1 && count <= 8 && plain.subarray(-count).every((byte) => byte === count)
  return padded ? plain.subarray(0, -count) : undefined
}

const damaged: Result<never, Pkcs12DecryptFault> = fail({ kind: 'damaged' })
const unsupported = (detail: string): Result<never, Pkcs12DecryptFault> =>
  fail({ kind: 'unsupported', detail })
