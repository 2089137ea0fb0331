import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { type Certificate, readCertificate, sha256Hex } from './certificate.ts'
import { contentInfoOf } from './content-info.ts'
import { readDerOrBer } from './der-or-ber.ts'
import { oidOf, type DerNode } from './der-read.ts'
import { fieldsOf, octetStringTag, oidTag, sequenceTag } from './der-shape.ts'
import { oids } from './oids.ts'
import { type Bags, collectBags } from './pkcs12-bags.ts'
import {
  createPatience,
  iterationsOf,
  passwordForms,
  type Patience,
  type Pkcs12Secret,
} from './pkcs12-decrypt.ts'
import { derivePkcs12, type Pkcs12Digest } from './pkcs12-key.ts'

/**
 * Reads the one private key of a PKCS#12 file (`.p12`, `.pfx`), its certificate and the others beside it.
 *
 * The integrity check comes first and is required: it tells a wrong password from a damaged file. Bound: 1 MB, and
 * two million iterations of key derivation for all parts together, about two seconds.
 */
export function readPkcs12(bytes: Uint8Array, password: string): Result<Pkcs12, Pkcs12Fault> {
  if (bytes.length > bytesMax) return broken(`more than ${bytesMax} bytes`)
  const root = readDerOrBer(bytes)
  if (!root.ok) return broken(`neither DER nor BER: ${root.error.kind}`)
  const parts = partsOf(root.value)
  if (!parts.ok) return parts
  const patience = createPatience(iterationsMax)
  const bmp = checkIntegrity(parts.value, password, patience)
  if (!bmp.ok) return bmp
  const secret: Pkcs12Secret = { text: password, bmp: bmp.value, patience }
  const bags = collectBags(parts.value.safes, secret)
  return bags.ok ? identityOf(bags.value) : bags
}

export type Pkcs12 = {
  readonly certificate: Certificate
  readonly key: KeyObject
  /** The other certificates, in the file's order. */
  readonly chain: readonly Certificate[]
}

export type Pkcs12Fault =
  | { readonly kind: 'not-pkcs12'; readonly detail: string }
  | { readonly kind: 'wrong-password' }
  | { readonly kind: 'unsupported'; readonly detail: string }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'no-identity'; readonly detail: string }

/** A chain and a key are 10 kB. */
const bytesMax = 1_000_000
/** OpenSSL writes 2048, Keychain Access 1 to 100,000; the largest anyone recommends is 600,000. */
const iterationsMax = 2_000_000

type Parts = {
  /** The AuthenticatedSafe: what the integrity check covers. */
  readonly safes: Uint8Array
  readonly digest: Pkcs12Digest
  readonly mac: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
}

const digests: ReadonlyMap<string, Pkcs12Digest> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

function partsOf(root: DerNode): Result<Parts, Pkcs12Fault> {
  const [, authSafe, mac] = root.children
  const info = contentInfoOf(authSafe)
  if (info === undefined) return broken('not a PFX')
  if (info.type !== oids.data) return unsupported('public-key integrity')
  if (mac === undefined) return unsupported('a file without integrity check')
  const check = integrityOf(mac)
  if (info.content.tag !== octetStringTag || check === undefined) return broken('not a PFX')
  const digest = digests.get(check.digestOid)
  return digest === undefined
    ? unsupported('the digest of the integrity check')
    : ok({ ...check, digest, safes: info.content.content })
}

/** MacData: a digest to compare with, and how the key for it is made of the password. */
function integrityOf(
  macFields: DerNode,
): (Omit<Parts, 'safes' | 'digest'> & { readonly digestOid: string }) | undefined {
  const [digestInfo, salt] = fieldsOf(macFields, [sequenceTag, octetStringTag]) ?? []
  const [algorithm, mac] = fieldsOf(digestInfo, [sequenceTag, octetStringTag]) ?? []
  const [digestOid] = fieldsOf(algorithm, [oidTag]) ?? []
  const [, , count] = macFields.children
  const iterations = count === undefined ? 1 : iterationsOf(count)
  if (salt === undefined || mac === undefined || digestOid === undefined) return undefined
  if (iterations === undefined) return undefined
  return { digestOid: oidOf(digestOid) ?? '', mac: mac.content, salt: salt.content, iterations }
}

/** The form of the password with which the integrity check holds. */
function checkIntegrity(
  parts: Parts,
  password: string,
  patience: Patience,
): Result<Uint8Array, Pkcs12Fault> {
  const { safes, digest, mac, salt, iterations } = parts
  for (const bmp of passwordForms(password)) {
    if (!patience.spend(iterations)) return fail({ kind: 'too-slow' })
    const key = derivePkcs12(bmp, { digest, purpose: 'mac', salt, iterations, bytes: mac.length })
    const made = createHmac(digest, key).update(safes).digest()
    if (made.length === mac.length && timingSafeEqual(made, mac)) return ok(bmp)
  }
  return fail({ kind: 'wrong-password' })
}

/** The key, and the certificate that belongs to it by its public half: names and local key ids are only labels. */
function identityOf(bags: Bags): Result<Pkcs12, Pkcs12Fault> {
  const [keyBytes] = bags.keys
  if (keyBytes === undefined) return noIdentity('no private key')
  if (bags.keys.length > 1) return noIdentity('more than one private key')
  const key = privateKeyOf(keyBytes)
  if (key === undefined) return noIdentity('a private key nobody knows')
  const certificates: Certificate[] = []
  for (const bytes of bags.certificates) {
    const certificate = readCertificate(bytes)
    if (!certificate.ok) return noIdentity(certificate.error.detail)
    certificates.push(certificate.value)
  }
  const spkiHash = sha256Hex(createPublicKey(key).export({ type: 'spki', format: 'der' }))
  const certificate = certificates.find((candidate) => candidate.spkiHash === spkiHash)
  if (certificate === undefined) return noIdentity('no certificate for the private key')
  return ok({ certificate, key, chain: certificates.filter((other) => other !== certificate) })
}

function privateKeyOf(pkcs8: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  } catch {
    return undefined
  }
}

const broken = (detail: string): Result<never, Pkcs12Fault> => fail({ kind: 'not-pkcs12', detail })
const noIdentity = (detail: string): Result<never, Pkcs12Fault> =>
  fail({ kind: 'no-identity', detail })
const unsupported = (detail: string): Result<never, Pkcs12Fault> =>
  fail({ kind: 'unsupported', detail })
