// A good detached signature of `body` by a device of the authority, and ways to put pieces of it differently.
import { createHash, sign } from 'node:crypto'
import { signCms, type Signing } from '../../src/pki/cms-signing.ts'
import type { DeviceSignatureFault, DeviceSignatureRules } from '../../src/pki/device-signature.ts'
import { der } from '../../src/pki/der-write.ts'
import { oids } from '../../src/pki/oids.ts'
import { bytesOf, changed, partsOf, retagged, type Tree, treeOf } from './der-tree.ts'
import { authority, device, nowMs, type Pair } from './signers.ts'

/** A signature that must not be believed. */
export type Hostile = {
  readonly what: string
  readonly header: string
  readonly body?: Uint8Array
  /** Where it would be good at another time, or by other rules. */
  readonly nowMs?: number
  readonly rules?: Partial<DeviceSignatureRules>
  /** Absent where it depends on which bit of a random certificate it is. */
  readonly fault?: DeviceSignatureFault['kind']
}

export const body = Buffer.from(
  '<plist><dict><key>Status</key><string>Idle</string></dict></plist>',
)
export const root = authority('Muster CA')
export const device1 = device(root, 'a device')
export const device2 = device(root, 'another device')
export const elliptic = device(root, 'an elliptic device', 'ec')
export const exponent3 = device(root, 'a device with a small exponent', 'rsa-e3')
export const impostor = authority('Muster CA')
export const stranger = device(impostor, 'a device')

export const signing = (by: Pair, change: Partial<Signing> = {}): Signing => ({
  content: body,
  detached: true,
  certificate: by.certificate,
  key: by.key,
  digest: 'sha256',
  certificates: [by.certificate.der],
  signingTimeMs: nowMs,
  ...change,
})
export const signed = (by: Pair, change: Partial<Signing> = {}): string =>
  base64(signCms(signing(by, change)))
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const good = signCms(signing(device1))
export const tree = treeOf(good)

// Where things are in the message.
export const signedData = [1, 0]
export const encapsulated = [...signedData, 2]
export const certificates = [...signedData, 3]
export const signerInfos = [...signedData, 4]
export const signer = [...signerInfos, 0]
export const attributes = [...signer, 3]
export const signature = [...signer, 5]

export const but = (
  path: readonly number[],
  change: (piece: Tree) => Tree | readonly Tree[],
): string => base64(bytesOf(changed(tree, path, change)))

/** The message with other attributes, signed anew: only what they say is wrong. */
export function resigned(change: (set: Tree) => Tree, by: Pair = device1): string {
  const base = treeOf(signCms(signing(by)))
  const withAttributes = changed(base, attributes, change)
  const set = attributes.reduce<Tree>(
    (piece, index) => partsOf(piece)[index] ?? piece,
    withAttributes,
  )
  const bytes = bytesOf(retagged(set, 0x31))
  return base64(
    bytesOf(
      changed(withAttributes, signature, () => der.octetString(sign('sha256', bytes, by.key))),
    ),
  )
}

export const attribute = (oid: string, ...values: readonly Uint8Array[]): Tree =>
  der.sequence(der.oid(oid), der.set(...values))
export const digest = createHash('sha256').update(body).digest()
export const setOf =
  (...parts: readonly Tree[]) =>
  (): Tree => {
    const sorted = parts.map(bytesOf).toSorted(Buffer.compare)
    return { tag: 0xa0, parts: sorted }
  }
export const type = attribute(oids.contentType, der.oid(oids.data))
export const digestOf = (bytes: Uint8Array): Tree =>
  attribute(oids.messageDigest, der.octetString(bytes))

export const flipped = (bytes: Uint8Array, index: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[index] = (copy[index] ?? 0) ^ 0x01
  return copy
}
