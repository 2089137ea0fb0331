import { fail, ok, type Result } from '../result.ts'
import { contentInfoOf } from './content-info.ts'
import { readDerOrBer } from './der-or-ber.ts'
import type { DerNode } from './der-read.ts'
import {
  fieldsOf,
  implicit0,
  integerTag,
  octetStringTag,
  oidTag,
  sequenceTag,
} from './der-shape.ts'
import { oids } from './oids.ts'
import { decryptPkcs12, type Pkcs12DecryptFault, type Pkcs12Secret } from './pkcs12-decrypt.ts'

/** What lies in the safes of a PKCS#12 file: keys as PKCS#8, certificates, all DER. */
export type Bags = {
  readonly keys: readonly Uint8Array[]
  readonly certificates: readonly Uint8Array[]
}

/** Opens every safe and takes out keys and certificates. Bound: 16 safes of 64 bags. Fails as decryption does. */
export function collectBags(
  authenticatedSafe: Uint8Array,
  secret: Pkcs12Secret,
): Result<Bags, Pkcs12DecryptFault> {
  const safes = childrenOf(authenticatedSafe, safesMax)
  if (!safes.ok) return safes
  const keys: Uint8Array[] = []
  const certificates: Uint8Array[] = []
  for (const safe of safes.value) {
    const contents = openSafe(safe, secret)
    const bags = contents.ok ? childrenOf(contents.value, bagsMax) : contents
    if (!bags.ok) return bags
    for (const bag of bags.value) {
      const opened = openBag(bag, secret)
      if (!opened.ok) return opened
      if (opened.value.kind === 'key') keys.push(opened.value.bytes)
      if (opened.value.kind === 'certificate') certificates.push(opened.value.bytes)
    }
  }
  return ok({ keys, certificates })
}

function childrenOf(
  bytes: Uint8Array,
  countMax: number,
): Result<readonly DerNode[], Pkcs12DecryptFault> {
  const root = readDerOrBer(bytes)
  return root.ok && root.value.children.length <= countMax ? ok(root.value.children) : damaged
}

const safesMax = 16
const bagsMax = 64

const keyBag = '1.2.840.113549.1.12.10.1.1'
const shroudedKeyBag = '1.2.840.113549.1.12.10.1.2'
const certificateBag = '1.2.840.113549.1.12.10.1.3'
const x509Certificate = '1.2.840.113549.1.9.22.1'

/** The SafeContents, in the clear or decrypted. */
function openSafe(safe: DerNode, secret: Pkcs12Secret): Result<Uint8Array, Pkcs12DecryptFault> {
  const { type, content } = contentInfoOf(safe) ?? {}
  if (type === oids.data) return content?.tag === octetStringTag ? ok(content.content) : damaged
  if (type !== oids.encryptedData)
    return fail({ kind: 'unsupported', detail: 'a safe encrypted to a public key' })
  const [, inner] = fieldsOf(content, [integerTag, sequenceTag]) ?? []
  const [, algorithm, encrypted] = fieldsOf(inner, [oidTag, sequenceTag, implicit0]) ?? []
  return algorithm === undefined || encrypted === undefined
    ? damaged
    : decryptPkcs12(encrypted.content, algorithm, secret)
}

type Opened =
  | { readonly kind: 'key' | 'certificate'; readonly bytes: Uint8Array }
  | { readonly kind: 'other' }

function openBag(bag: DerNode, secret: Pkcs12Secret): Result<Opened, Pkcs12DecryptFault> {
  const info = contentInfoOf(bag) // a bag has its shape, with attributes behind
  if (info === undefined) return damaged
  const { type, content } = info
  if (type === keyBag) return ok({ kind: 'key', bytes: content.bytes })
  if (type === shroudedKeyBag) return openShroudedKey(content, secret)
  // Revocation lists, secrets, nested safes: nothing an identity needs.
  return type === certificateBag ? openCertificate(content) : ok({ kind: 'other' })
}

function openShroudedKey(value: DerNode, secret: Pkcs12Secret): Result<Opened, Pkcs12DecryptFault> {
  const [algorithm, encrypted] = fieldsOf(value, [sequenceTag, octetStringTag]) ?? []
  if (algorithm === undefined || encrypted === undefined) return damaged
  const key = decryptPkcs12(encrypted.content, algorithm, secret)
  return key.ok ? ok({ kind: 'key', bytes: key.value }) : key
}

function openCertificate(value: DerNode): Result<Opened, Pkcs12DecryptFault> {
  const info = contentInfoOf(value)
  if (info?.content.tag !== octetStringTag) return damaged
  return info.type === x509Certificate
    ? ok({ kind: 'certificate', bytes: info.content.content })
    : ok({ kind: 'other' })
}

const damaged: Result<never, Pkcs12DecryptFault> = fail({ kind: 'damaged' })
