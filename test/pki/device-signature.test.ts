import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { readCertificate } from '../../src/pki/certificate.ts'
import { signCms } from '../../src/pki/cms-signing.ts'
import { createDeviceCertificates } from '../../src/pki/device-certificates.ts'
import { type DeviceSignatureRules, readDeviceSignature } from '../../src/pki/device-signature.ts'
import { openssl } from './openssl.ts'
import { hostile } from './hostile-signatures.ts'
import { bytesOf, changed, open, partsOf, treeOf } from './der-tree.ts'
import {
  body,
  certificates as certificatesAt,
  device1,
  encapsulated,
  good,
  type Hostile,
  root,
  signed,
  signedData,
  signer,
} from './signed-base.ts'
import { authority, device, nowMs } from './signers.ts'
import { needs } from '../programs/needs.ts'

const stream = ['-stream', '-indef']
const attach = ['-nodetach']

const certificates = createDeviceCertificates(() => [root.certificate])
const rules: DeviceSignatureRules = { certificates, skewMsMax: 10 * 60_000 }
const check = (
  header: string,
  content: Uint8Array = body,
  at: Pick<Hostile, 'nowMs' | 'rules'> = {},
) =>
  readDeviceSignature(
    { header, body: content, nowMs: at.nowMs ?? nowMs },
    { ...rules, ...at.rules },
  )

test('the signature of a device of ours over exactly this body is believed, and says who and when', () => {
  const read = check(Buffer.from(good).toString('base64'))
  expect(read).toMatchObject({ ok: true, value: { signingTimeMs: nowMs } })
  expect(read.ok && read.value.certificate.fingerprint).toBe(device1.certificate.fingerprint)
})

test('one that carries the very body is believed, and so is one with the chain along', () => {
  expect(check(signed(device1, { detached: false })).ok).toBe(true)
  const chain = [root.certificate.der, device1.certificate.der]
  expect(check(signed(device1, { certificates: chain })).ok).toBe(true)
  expect(check(signed(device1, { digest: 'sha1' })).ok).toBe(true)
})

test('what iOS writes is believed: SHA-1, the chain along, and every length outside of what is signed left open', () => {
  const chain = [device1.certificate.der, root.certificate.der]
  const closed = treeOf(
    Buffer.from(signed(device1, { digest: 'sha1', certificates: chain }), 'base64'),
  )
  const opened = [certificatesAt, encapsulated, signedData, [1]].reduce(
    (message, path) => changed(message, path, open),
    closed,
  )
  const header = Buffer.from(open(opened)).toString('base64')
  expect(header).toMatch(/^MIAGCSqGSIb3DQEHAqCAMIACAQEx/)
  expect(check(header).ok).toBe(true)
  expect(check(header, Buffer.concat([body, Buffer.from(' ')])).ok).toBe(false)
})

test('a device whose clock is a little off is believed, and any clock is where skew is not looked at', () => {
  for (const offMs of [-599_000, 0, 599_000])
    expect(check(signed(device1, { signingTimeMs: nowMs + offMs })).ok).toBe(true)
  const old = signed(device1, { signingTimeMs: 0 })
  expect(check(old, body, { rules: { skewMsMax: null } }).ok).toBe(true)
  const { notBeforeMs, notAfterMs } = device1.certificate
  for (const at of [notBeforeMs, notAfterMs])
    expect(check(signed(device1, { signingTimeMs: at }), body, { nowMs: at }).ok).toBe(true)
})

test('unsigned attributes and revocation lists beside a good signature are passed over', () => {
  const unsigned = { tag: 0xa1, parts: [] }
  const extended = changed(treeOf(good), signer, (piece) => ({
    tag: 0x30,
    parts: [...partsOf(piece), unsigned],
  }))
  const listed = changed(extended, certificatesAt, (piece) => [piece, unsigned])
  expect(check(Buffer.from(bytesOf(listed)).toString('base64')).ok).toBe(true)
})

test('there are at least 150 signatures that must not be believed', () => {
  expect(new Set(hostile.map(({ what }) => what)).size).toBe(hostile.length)
  expect(hostile.length).toBeGreaterThanOrEqual(150)
})

for (const { what, header, body: content, fault, ...at } of hostile)
  test(`not believed: ${what}`, () => {
    const read = check(header, content, at)
    expect(read.ok).toBe(false)
    if (!read.ok && fault !== undefined) expect(read.error.kind).toBe(fault)
  })

const peer = openssl()
afterAll(peer.remove)
peer.write('body', body)
peer.write('ca.pem', root.certificate.x509.toString())

for (const kind of ['rsa', 'ec'] as const) {
  const signer = device(root, `an ${kind} device`, kind)
  peer.write(`${kind}.pem`, signer.certificate.x509.toString())
  peer.write(`${kind}.key`, signer.key.export({ type: 'pkcs8', format: 'pem' }))

  for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'])
    test(
      `openssl signs with ${kind} and ${digest}, and is believed in DER and in the BER of a stream`,
      needs('openssl'),
      () => {
        for (const form of [[], stream, attach, [...attach, ...stream]]) {
          // prettier-ignore
          peer.run('cms', '-sign', '-binary', '-md', digest, '-signer', `${kind}.pem`, '-inkey', `${kind}.key`,
          '-in', 'body', '-outform', 'DER', '-out', 'sig.der', ...form)
          const read = check(peer.read('sig.der').toString('base64'))
          expect(read.ok && read.value.certificate.fingerprint).toBe(signer.certificate.fingerprint)
        }
      },
    )

  for (const digest of ['sha256', 'sha384', 'sha512'] as const)
    test(
      `openssl believes what is signed here with ${kind} and ${digest}`,
      needs('openssl'),
      () => {
        const { certificate, key } = signer
        for (const detached of [true, false]) {
          // prettier-ignore
          peer.write('sig.der', signCms({ content: body, detached, certificate, key, digest, certificates: [certificate.der], signingTimeMs: nowMs }))
          // prettier-ignore
          peer.run('cms', '-verify', '-binary', '-inform', 'DER', '-in', 'sig.der', ...(detached ? ['-content', 'body'] : []),
          '-CAfile', 'ca.pem', '-purpose', 'any', '-out', 'out')
          expect(peer.read('out').equals(body)).toBe(true)
        }
      },
    )
}

test(
  'a device that only openssl ever knew is believed, and no other authority of that name is',
  needs('openssl'),
  () => {
    peer.write('own.key', root.key.export({ type: 'pkcs8', format: 'pem' }))
    peer.write('device.key', device1.key.export({ type: 'pkcs8', format: 'pem' }))
    peer.write('ext', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n')
    // prettier-ignore
    peer.run('req', '-x509', '-key', 'own.key', '-out', 'own.pem', '-subj', '/CN=An Authority', '-days', '30',
    '-addext', 'keyUsage=critical,keyCertSign,digitalSignature,keyEncipherment')
    peer.run('req', '-new', '-key', 'device.key', '-out', 'csr', '-subj', '/CN=5D0C9B1E')
    // prettier-ignore
    peer.run('x509', '-req', '-in', 'csr', '-CA', 'own.pem', '-CAkey', 'own.key', '-CAcreateserial', '-days', '30',
    '-extfile', 'ext', '-out', 'device.pem')
    // prettier-ignore
    peer.run('cms', '-sign', '-binary', '-md', 'sha256', '-signer', 'device.pem', '-inkey', 'device.key',
    '-in', 'body', '-outform', 'DER', '-out', 'sig.der')
    const header = peer.read('sig.der').toString('base64')
    const own = readCertificate(new X509Certificate(peer.read('own.pem')).raw)
    const trusted = own.ok ? [own.value] : []
    const by = { certificates: createDeviceCertificates(() => trusted) }
    const now = { nowMs: Date.now() } // openssl's certificates begin when they are made
    expect(check(header, body, { ...now, rules: by }).ok).toBe(true)
    expect(check(header, body, now)).toEqual({ ok: false, error: { kind: 'unknown-authority' } })
    const namesake = authority('An Authority').certificate
    const wrong = { certificates: createDeviceCertificates(() => [namesake]) }
    expect(check(header, body, { ...now, rules: wrong }).ok).toBe(false)
  },
)

const attachedGood = signCms({
  content: body,
  detached: false,
  certificate: device1.certificate,
  key: device1.key,
  digest: 'sha256',
  certificates: [device1.certificate.der],
  signingTimeMs: nowMs,
})
for (const [what, whole] of [
  ['detached', good],
  ['attached', attachedGood],
] as const)
  test(`whatever bytes are changed, a signature (${what}) holds for no other body and nothing is thrown`, () => {
    const other = Buffer.concat([body, Buffer.from(' ')])
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bytes = Uint8Array.from(whole)
          for (const [index, value] of changes) bytes[index] = value
          const header = Buffer.from(bytes).toString('base64')
          expect(check(header, other).ok).toBe(false)
          const read = check(header)
          if (read.ok)
            expect(read.value.certificate.fingerprint).toBe(device1.certificate.fingerprint)
        },
      ),
      { numRuns: 1_500 },
    )
  })

test('random bytes are no signature', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(check(Buffer.from(bytes).toString('base64')).ok).toBe(false)
    }),
    { numRuns: 3_000 },
  )
})
