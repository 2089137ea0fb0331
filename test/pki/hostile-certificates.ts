// Signatures that are good in themselves, by keys whose certificates must not be believed here and now.
import { sign } from 'node:crypto'
import { issueCertificate } from '../../src/pki/certificate-issue.ts'
import { readCertificate } from '../../src/pki/certificate.ts'
import { der } from '../../src/pki/der-write.ts'
import { bytesOf, changed, partsOf, type Tree, treeOf } from './der-tree.ts'
import { base64, device1, good, type Hostile, root, signed } from './signed-base.ts'
import { dayMs, device, nowMs, type Pair } from './signers.ts'

/** The device's certificate saying something else, and signed by the authority: what it would never issue. */
function certified(path: readonly number[], change: (piece: Tree) => Tree): Pair {
  const tbs = changed(partsOf(treeOf(device1.certificate.der))[0] ?? Buffer.of(), path, change)
  const [, algorithm] = partsOf(treeOf(root.certificate.der))
  const bits = der.bitString(sign('sha256', bytesOf(tbs), root.key))
  const read = readCertificate(der.sequence(bytesOf(tbs), bytesOf(algorithm ?? Buffer.of()), bits))
  if (!read.ok) throw new Error(read.error.detail)
  return { certificate: read.value, key: device1.key }
}

const issuerAt = [3]
const extensionsAt = [7, 0]
const constraints = (isCa: boolean): Uint8Array =>
  der.sequence(
    der.oid('2.5.29.19'),
    der.octetString(der.sequence(...(isCa ? [der.boolean(true)] : []))),
  )
const usages = (...purposes: readonly string[]): Uint8Array =>
  der.sequence(
    der.oid('2.5.29.37'),
    der.octetString(der.sequence(...purposes.map((purpose) => der.oid(purpose)))),
  )
const extended = (...extensions: readonly Uint8Array[]): Pair =>
  certified(extensionsAt, () => der.sequence(...extensions))

const subordinate = extended(constraints(true))
const below = (issuer: Pair): Pair => {
  const made = issueCertificate(issuer, {
    serial: Buffer.alloc(16, 0x42),
    subject: [{ oid: '2.5.4.3', value: 'a device below' }],
    nowMs,
    lifetimeMs: dayMs,
    publicKey: device1.certificate.publicKey,
  })
  const read = readCertificate(made)
  if (!read.ok) throw new Error(read.error.detail)
  return { certificate: read.value, key: device1.key }
}
const chained = (leaf: Pair, issuer: Pair): string =>
  signed(leaf, {
    certificates: [leaf.certificate.der, issuer.certificate.der, root.certificate.der],
  })

const serverAuth = '1.3.6.1.5.5.7.3.1'
const codeSigning = '1.3.6.1.5.5.7.3.3'
const skewMs = 10 * 60_000

const untrusted: readonly Hostile[] = [
  { what: 'an authority below ours', header: signed(subordinate), fault: 'not-a-device' },
  {
    what: 'a certificate for servers only',
    header: signed(extended(usages(serverAuth))),
    fault: 'not-a-device',
  },
  {
    what: 'a certificate for code only',
    header: signed(extended(usages(codeSigning))),
    fault: 'not-a-device',
  },
  { what: 'a certificate for nothing', header: signed(extended(usages())), fault: 'not-a-device' },
  {
    what: 'a certificate of ours that names the device as its issuer',
    header: signed(certified(issuerAt, () => device1.certificate.subjectDer)),
    fault: 'unknown-authority',
  },
  {
    what: 'a device below a device',
    header: chained(below(device1), device1),
    fault: 'unknown-authority',
  },
  {
    what: 'a device below an authority below ours',
    header: chained(below(subordinate), subordinate),
    fault: 'unknown-authority',
  },
  {
    what: 'a good signature with so many certificates that it is above 16 kB',
    header: signed(device1, {
      certificates: [
        device1.certificate.der,
        ...Array.from({ length: 20 }, () => root.certificate.der),
      ],
    }),
    fault: 'not-a-signature',
  },
]

const untimely: readonly Hostile[] = [
  {
    what: 'a certificate that expired a second ago',
    header: base64(good),
    nowMs: device1.certificate.notAfterMs + 1_000,
    fault: 'expired',
  },
  {
    what: 'a certificate that expired ten years ago',
    header: base64(good),
    nowMs: nowMs + 4_015 * dayMs,
    fault: 'expired',
  },
  {
    what: 'a certificate that begins in a second',
    header: base64(good),
    nowMs: device1.certificate.notBeforeMs - 1_000,
    fault: 'not-yet-valid',
  },
  {
    what: 'a certificate that begins in a year',
    header: base64(good),
    nowMs: nowMs - 365 * dayMs,
    fault: 'not-yet-valid',
  },
  {
    what: 'signed longer ago than is allowed',
    header: signed(device1, { signingTimeMs: nowMs - skewMs - 1_000 }),
    fault: 'other-time',
  },
  {
    what: 'signed further ahead than is allowed',
    header: signed(device1, { signingTimeMs: nowMs + skewMs + 1_000 }),
    fault: 'other-time',
  },
  { what: 'signed in 1970', header: signed(device1, { signingTimeMs: 0 }), fault: 'other-time' },
]

const sha2 = ['sha256', 'sha384', 'sha512'] as const
const elliptic = device(root, 'another elliptic device', 'ec')
const weak: readonly Hostile[] = [device1, elliptic].map((by) => ({
  what: `SHA-1 with ${by === elliptic ? 'an elliptic' : 'an RSA'} key, where it is not allowed`,
  header: signed(by, { digest: 'sha1' }),
  rules: { digests: sha2 },
  fault: 'bad-signature',
}))

export const hostileCertificates: readonly Hostile[] = [...untrusted, ...untimely, ...weak]
