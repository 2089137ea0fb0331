import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { issueCertificate, selfSigned } from '../../src/pki/certificate-issue.ts'
import {
  type Certificate,
  isIssuedBy,
  isValidAt,
  readCertificate,
} from '../../src/pki/certificate.ts'
import { commonName, organization } from '../../src/pki/distinguished-name.ts'
import { readPem, writePem } from '../../src/pki/pem.ts'
import { openssl } from './openssl.ts'
import { needs } from '../programs/needs.ts'

const tool = openssl()
afterAll(tool.remove)

const nowMs = Date.now()
const yearMs = 365 * 86_400_000
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const must = (bytes: Uint8Array): Certificate => {
  const certificate = readCertificate(bytes)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return certificate.value
}

const root = must(
  selfSigned(rsa, {
    authority: true,
    subject: [organization('Example'), commonName('Muster CA')],
    serial: new Uint8Array(16).fill(0xff),
    notBeforeMs: nowMs - 600_000,
    notAfterMs: nowMs + 10 * yearMs,
  }),
)
const authority = { certificate: root, key: rsa.privateKey }

const issue = (
  publicKey = p256.publicKey,
  change: { readonly serial?: Uint8Array; readonly lifetimeMs?: number } = {},
) =>
  must(
    issueCertificate(authority, {
      publicKey,
      subject: [commonName('018f-Ünïcode')],
      serial: new Uint8Array(16).fill(0x80),
      nowMs,
      lifetimeMs: yearMs,
      ...change,
    }),
  )

test('openssl verifies what we issue, and reads in it what we wrote', needs('openssl'), () => {
  const leaf = issue(createPublicKey(rsa.privateKey))
  tool.write('ca.pem', writePem('CERTIFICATE', root.der))
  tool.write('leaf.pem', writePem('CERTIFICATE', leaf.der))
  expect(
    tool.run(
      'verify',
      '-x509_strict',
      '-check_ss_sig',
      '-purpose',
      'sslclient',
      '-CAfile',
      'ca.pem',
      'leaf.pem',
    ),
  ).toContain('OK')
  const text = tool.run('x509', '-in', 'leaf.pem', '-noout', '-text', '-nameopt', 'utf8')
  for (const line of [
    'Version: 3 (0x2)',
    'CA:FALSE',
    'Digital Signature, Key Encipherment',
    'TLS Web Client Authentication',
    'Signature Algorithm: sha256WithRSAEncryption',
    'CN=018f-Ünïcode',
    `X509v3 Authority Key Identifier: \n                ${root.subjectKeyId?.toUpperCase().match(/../g)?.join(':')}`,
  ])
    expect(text).toContain(line)
  const rootText = tool.run('x509', '-in', 'ca.pem', '-noout', '-text')
  expect(rootText).toContain('CA:TRUE')
  expect(rootText).toContain('Digital Signature, Key Encipherment, Certificate Sign, CRL Sign')
})

test('a certificate begins ten minutes before it is issued and never outlives its issuer', () => {
  expect(issue().notBeforeMs).toBe(Math.floor((nowMs - 600_000) / 1000) * 1000)
  expect(issue(p256.publicKey, { lifetimeMs: 50 * yearMs }).notAfterMs).toBe(root.notAfterMs)
  expect(isValidAt(issue(), nowMs)).toBe(true)
  expect(isValidAt(issue(), nowMs + 2 * yearMs)).toBe(false)
})

test('a serial is positive, whatever the sixteen random bytes are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (serial) => {
      const number = BigInt(`0x${issue(p256.publicKey, { serial }).x509.serialNumber}`)
      const drawn = BigInt(`0x${Buffer.from(serial).toString('hex')}`)
      expect(number).toBe(drawn === 0n ? 1n : drawn)
    }),
    { numRuns: 50, examples: [[new Uint8Array(16)]] },
  )
  expect(() => issue(p256.publicKey, { serial: new Uint8Array(8) })).toThrow('sixteen')
})

test('an elliptic key is certified to sign, not to transport keys', () => {
  expect(issue().keyUsage).toEqual(['digitalSignature'])
  expect(issue(rsa.publicKey).keyUsage).toEqual(['digitalSignature', 'keyEncipherment'])
})

test('what openssl issues is read field by field', needs('openssl'), () => {
  tool.write(
    'cnf',
    '[e]\nkeyUsage=critical,digitalSignature,keyAgreement\nextendedKeyUsage=serverAuth,1.2.3.4\nsubjectKeyIdentifier=hash\nbasicConstraints=critical,CA:TRUE,pathlen:1\n',
  )
  tool.run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'k.pem')
  tool.run(
    'req',
    '-new',
    '-key',
    'k.pem',
    '-subj',
    '/C=DE/O=A, B/UID=com.apple.mgmt.External.x/CN=host',
    '-out',
    'r.pem',
  )
  tool.run(
    'x509',
    '-req',
    '-in',
    'r.pem',
    '-signkey',
    'k.pem',
    '-days',
    '20000',
    '-set_serial',
    '0x00fe',
    '-extfile',
    'cnf',
    '-extensions',
    'e',
    '-outform',
    'DER',
    '-out',
    'c.der',
  )
  const read = must(tool.read('c.der'))
  expect(read).toMatchObject({
    serial: '00fe',
    subject: 'C=DE, O=A, B, UID=com.apple.mgmt.External.x, CN=host',
    isCa: true,
    keyUsage: ['digitalSignature', 'keyAgreement'],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.2.3.4'],
  })
  expect(new Date(read.notAfterMs).getUTCFullYear()).toBeGreaterThan(2050)
  expect(
    tool
      .run('x509', '-inform', 'DER', '-in', 'c.der', '-noout', '-fingerprint', '-sha256')
      .toLowerCase()
      .replaceAll(':', ''),
  ).toContain(read.fingerprint)
})

test('only an authority with that name and that key issued a certificate', () => {
  const leaf = issue(rsa.publicKey)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const twin = must(
    selfSigned(other, {
      authority: true,
      subject: root.name,
      serial: new Uint8Array(16).fill(1),
      notBeforeMs: nowMs,
      notAfterMs: nowMs + yearMs,
    }),
  )
  expect(isIssuedBy(leaf, root)).toBe(true)
  expect(isIssuedBy(root, root)).toBe(true)
  expect(isIssuedBy(leaf, twin)).toBe(false) // same name, another key
  expect(isIssuedBy(leaf, leaf)).toBe(false) // the right key, but no authority
})

test('an authority of fewer than 2048 bits is not made', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const wish = {
    authority: true,
    subject: [],
    serial: new Uint8Array(16),
    notBeforeMs: 0,
    notAfterMs: 1,
  }
  expect(() => selfSigned(weak, wish)).toThrow('2048')
})

test('a damaged certificate is refused or is visibly another one, and never throws', () => {
  const leaf = issue()
  fc.assert(
    fc.property(fc.nat(leaf.der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Uint8Array.from(leaf.der)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      const read = readCertificate(bytes)
      expect(read.ok && read.value.fingerprint === leaf.fingerprint).toBe(false)
      expect(read.ok && isIssuedBy(read.value, root)).toBe(false)
    }),
    { numRuns: 2000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !readCertificate(bytes).ok))
})

test('bytes behind a certificate are refused', () => {
  expect(readCertificate(Buffer.concat([root.der, Uint8Array.of(0)])).ok).toBe(false)
  expect(readCertificate(new Uint8Array(70_000))).toMatchObject({
    error: { detail: 'more than 65536 bytes' },
  })
})

test('PEM goes there and back, with talk around it', () => {
  const text = `subject=CN = x\n${writePem('CERTIFICATE', root.der)}\nBag Attributes\n${writePem('PRIVATE KEY', Buffer.from('key'))}`
  const blocks = readPem(text.replaceAll('\n', '\r\n'))
  expect(blocks.ok && blocks.value.map(({ label }) => label)).toEqual([
    'CERTIFICATE',
    'PRIVATE KEY',
  ])
  expect(blocks.ok && Buffer.compare(blocks.value[0]?.der ?? Buffer.of(), root.der)).toBe(0)
})

// prettier-ignore
for (const [what, text] of [
  ['nothing',                 ''],
  ['no block',                'MIIB'],
  ['a block without an end',  '-----BEGIN CERTIFICATE-----\nMIIB\n'],
  ['another end',             '-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----'],
  ['a letter outside base64', '-----BEGIN CERTIFICATE-----\nMI!B\n-----END CERTIFICATE-----'],
  ['base64url',               '-----BEGIN CERTIFICATE-----\nMI_-\n-----END CERTIFICATE-----'],
  ['missing padding',         '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----'],
  ['an empty block',          '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'],
  ['a label in lower case',   '-----BEGIN certificate-----\nMIIB\n-----END certificate-----'],
  ['65 blocks',               '-----BEGIN A-----\nMIIB\n-----END A-----\n'.repeat(65)],
  ['two megabytes',           'x'.repeat(2_000_000)],
] as const)
  test(`${what} is no PEM`, () => expect(readPem(text)).toMatchObject({ ok: false, error: { kind: 'not-pem' } }))
