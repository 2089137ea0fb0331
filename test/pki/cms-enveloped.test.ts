import { constants, createCipheriv, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueCertificate, selfSigned } from '../../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../../src/pki/certificate.ts'
import { readCertificates, writeCertificates } from '../../src/pki/cms-certificates.ts'
import { issuerAndSerial, openEnvelope, sealEnvelope } from '../../src/pki/cms-enveloped.ts'
import { type ContentCipher, cipherShapes } from '../../src/pki/content-cipher.ts'
import { der } from '../../src/pki/der-write.ts'
import { commonName } from '../../src/pki/distinguished-name.ts'
import { writePem } from '../../src/pki/pem.ts'
import { openssl } from './openssl.ts'
import { needs } from '../programs/needs.ts'

const tool = openssl()
afterAll(tool.remove)

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const must = (bytes: Uint8Array): Certificate => {
  const certificate = readCertificate(bytes)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return certificate.value
}
const root = must(
  selfSigned(rsa, {
    authority: true,
    subject: [commonName('CA')],
    serial: new Uint8Array(16).fill(0x91),
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 86_400_000,
  }),
)
const us = { certificate: root, key: rsa.privateKey }
const letter = Buffer.from('a request, whatever it is: \0\xff\x80', 'latin1')

beforeAll(() => {
  tool.write('ca.pem', writePem('CERTIFICATE', root.der))
  tool.write('key.pem', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  tool.write('letter', letter)
})

const legacy = ['-provider', 'legacy', '-provider', 'default']
const ciphers = Object.keys(cipherShapes) as readonly ContentCipher[] // the record's keys are that type

/** Seals a letter the way openssl does. */
const sealed = (...flags: readonly string[]): Buffer => {
  tool.run(
    'cms',
    '-encrypt',
    '-binary',
    '-in',
    'letter',
    '-outform',
    'DER',
    '-out',
    'sealed',
    ...flags,
    'ca.pem',
  )
  return tool.read('sealed')
}

for (const cipher of ciphers) {
  const flags = [`-${cipher.replace('aes-', 'aes').replace('-ede3-cbc', '3').replace('-cbc', '')}`]
  if (cipher.startsWith('aes')) flags[0] = `-${cipher}`
  if (cipher === 'des-cbc') flags.splice(0, 1, '-des-cbc', ...legacy)
  test(`we open what openssl sealed with ${cipher}`, needs('openssl'), () => {
    const opened = openEnvelope(sealed(...flags), us)
    expect(opened).toMatchObject({ ok: true, value: { cipher } })
    expect(opened.ok && Buffer.compare(opened.value.content, letter)).toBe(0)
  })
  test(`openssl opens what we sealed with ${cipher}`, needs('openssl'), () => {
    const seal = sealEnvelope(letter, { recipient: root, cipher })
    if (!seal.ok) throw new Error(seal.error.kind)
    tool.write('ours', seal.value)
    const provider = cipher === 'des-cbc' ? legacy : []
    tool.run(
      'cms',
      '-decrypt',
      '-inform',
      'DER',
      '-in',
      'ours',
      '-recip',
      'ca.pem',
      '-inkey',
      'key.pem',
      '-binary',
      '-out',
      'opened',
      ...provider,
    )
    expect(tool.read('opened').equals(letter)).toBe(true)
  })
}

test(
  'a recipient named by its key identifier is found, and so is one of several',
  needs('openssl'),
  () => {
    expect(openEnvelope(sealed('-aes-128-cbc', '-keyid'), us).ok).toBe(true)
    tool.run(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'o.key',
      '-out',
      'o.pem',
      '-subj',
      '/CN=other',
      '-days',
      '9',
    )
    tool.run(
      'cms',
      '-encrypt',
      '-binary',
      '-aes-128-cbc',
      '-in',
      'letter',
      '-outform',
      'DER',
      '-out',
      'two',
      'o.pem',
      'ca.pem',
    )
    expect(openEnvelope(tool.read('two'), us).ok).toBe(true)
    tool.run(
      'cms',
      '-encrypt',
      '-binary',
      '-aes-128-cbc',
      '-in',
      'letter',
      '-outform',
      'DER',
      '-out',
      'one',
      'o.pem',
    )
    expect(openEnvelope(tool.read('one'), us)).toEqual({ ok: false, error: { kind: 'not-for-us' } })
  },
)

test(
  'an envelope that was streamed, so that no length was known, is opened all the same',
  needs('openssl'),
  () => {
    const streamed = sealed('-aes-128-cbc', '-stream')
    expect(streamed[1]).toBe(0x80) // BER's sign for it
    const opened = openEnvelope(streamed, us)
    expect(opened.ok && Buffer.compare(opened.value.content, letter)).toBe(0)
  },
)

type Crafted = {
  readonly recipients?: number
  readonly wrappedKey?: Uint8Array
  readonly keyTransport?: string
  readonly cipherOid?: string
  readonly iv?: Uint8Array
  readonly encrypted?: Uint8Array
  readonly type?: string
  readonly originator?: boolean
  readonly pieces?: boolean
}
const key = Buffer.alloc(16, 5)
const wrap = (bytes: Uint8Array, padding = constants.RSA_PKCS1_PADDING): Uint8Array =>
  publicEncrypt({ key: rsa.publicKey, padding }, bytes)
const aes = createCipheriv('aes-128-cbc', key, Buffer.alloc(16))
const encryptedLetter = Buffer.concat([aes.update(letter), aes.final()])
/** An envelope with one thing changed. */
function craft(change: Crafted): Uint8Array {
  const recipient = der.sequence(
    der.integer(0),
    issuerAndSerial(root),
    der.sequence(der.oid(change.keyTransport ?? '1.2.840.113549.1.1.1'), der.null()),
    der.octetString(change.wrappedKey ?? wrap(key)),
  )
  const content = der.sequence(
    der.oid('1.2.840.113549.1.7.1'),
    der.sequence(
      der.oid(change.cipherOid ?? '2.16.840.1.101.3.4.1.2'),
      der.octetString(change.iv ?? Buffer.alloc(16)),
    ),
    change.pieces === true
      ? der.tagged(
          0xa0,
          Buffer.concat([
            der.octetString(encryptedLetter.subarray(0, 5)),
            der.octetString(encryptedLetter.subarray(5)),
          ]),
        )
      : der.tagged(0x80, change.encrypted ?? encryptedLetter),
  )
  const recipients = Array.from({ length: change.recipients ?? 1 }, () => recipient)
  const enveloped = der.sequence(
    der.integer(0),
    ...(change.originator === true ? [der.tagged(0xa0, root.der)] : []),
    der.set(...recipients),
    content,
  )
  return der.sequence(der.oid(change.type ?? '1.2.840.113549.1.7.3'), der.tagged(0xa0, enveloped))
}

// prettier-ignore
const damages: readonly (readonly [string, Crafted, string])[] = [
  ['nothing',                          {},                                             'opened'],
  ['sixteen recipients',               { recipients: 16 },                             'opened'],
  ['originator certificates',          { originator: true },                           'opened'],
  ['content in pieces',                { pieces: true },                               'opened'],
  ['seventeen recipients',             { recipients: 17 },                             'not-enveloped'],
  ['no recipient',                     { recipients: 0 },                              'not-for-us'],
  ['OAEP key transport',               { keyTransport: '1.2.840.113549.1.1.7' },       'not-for-us'],
  ['RC2',                              { cipherOid: '1.2.840.113549.3.2' },            'unknown-cipher'],
  ['AES-128-GCM',                      { cipherOid: '2.16.840.1.101.3.4.1.6' },        'unknown-cipher'],
  ['an initialisation vector of 8',    { iv: Buffer.alloc(8) },                        'unknown-cipher'],
  ['another content type',             { type: '1.2.840.113549.1.7.2' },               'not-enveloped'],
  ['a key of another length',          { wrappedKey: wrap(Buffer.alloc(24)) },         'cannot-open'],
  ['an empty key',                     { wrappedKey: wrap(Buffer.alloc(0)) },          'cannot-open'],
  ['a key wrapped with OAEP',          { wrappedKey: wrap(key, constants.RSA_PKCS1_OAEP_PADDING) }, 'cannot-open'],
  ['a wrapped key of noise',           { wrappedKey: Buffer.alloc(256, 1) },           'cannot-open'],
  ['a wrapped key above the modulus',  { wrappedKey: Buffer.alloc(256, 0xff) },        'cannot-open'],
  ['a wrapped key of one byte',        { wrappedKey: Buffer.of(1) },                   'cannot-open'],
  ['an empty wrapped key',             { wrappedKey: Buffer.of() },                    'cannot-open'],
  ['another key',                      { wrappedKey: wrap(Buffer.alloc(16, 6)) },      'cannot-open'],
  ['no content',                       { encrypted: Buffer.of() },                     'cannot-open'],
  ['content that is no whole block',   { encrypted: encryptedLetter.subarray(1) },     'cannot-open'],
  ['a content block cut off',          { encrypted: encryptedLetter.subarray(0, 16) }, 'cannot-open'],
]
for (const [what, change, expected] of damages)
  test(`an envelope with ${what} is ${expected}`, () => {
    const opened = openEnvelope(craft(change), us)
    // A wrong key's padding fits once in 256 times; what comes out then is noise.
    const noise = opened.ok && Buffer.compare(opened.value.content, letter) !== 0
    const outcome = noise ? 'cannot-open' : opened.ok ? 'opened' : opened.error.kind
    expect(outcome).toBe(expected)
  })

test('an envelope cannot be sealed to an elliptic key', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const wish = {
    publicKey: pair.publicKey,
    subject: [],
    serial: Buffer.alloc(16, 1),
    nowMs: Date.now(),
    lifetimeMs: 1e6,
  }
  const recipient = must(issueCertificate(us, wish))
  expect(sealEnvelope(letter, { recipient, cipher: 'aes-256-cbc' })).toEqual({
    ok: false,
    error: { kind: 'no-rsa-key' },
  })
})

test('damage to an envelope is a refusal or other content, never a throw', () => {
  const good = craft({})
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Uint8Array.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      openEnvelope(bytes, us)
    }),
    { numRuns: 400 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !openEnvelope(bytes, us).ok))
})

test(
  'certificates alone travel in the order given, there and back through openssl',
  needs('openssl'),
  () => {
    const leaf = must(
      issueCertificate(us, {
        publicKey: rsa.publicKey,
        subject: [commonName('leaf')],
        serial: Buffer.alloc(16, 3),
        nowMs: Date.now(),
        lifetimeMs: 1e7,
      }),
    )
    for (const order of [[leaf, root], [root, leaf], [leaf], []]) {
      const bytes = writeCertificates(order.map((each) => each.der))
      expect(readCertificates(bytes)).toEqual({ ok: true, value: order.map((each) => each.der) })
      tool.write('only', bytes)
      const printed = tool.run('pkcs7', '-inform', 'DER', '-in', 'only', '-print_certs')
      expect(
        [...printed.matchAll(/subject=CN ?= ?(\S+)/g)].map(([, name]) => `CN=${name}`),
      ).toEqual(order.map((each) => each.subject))
    }
    tool.write('both.pem', [root, leaf].map((each) => writePem('CERTIFICATE', each.der)).join(''))
    tool.run('crl2pkcs7', '-nocrl', '-certfile', 'both.pem', '-outform', 'DER', '-out', 'theirs')
    const read = readCertificates(tool.read('theirs'))
    expect(read.ok && new Set(read.value.map((bytes) => must(bytes).fingerprint))).toEqual(
      new Set([root.fingerprint, leaf.fingerprint]),
    )
  },
)

test('what carries no certificates says so and never throws', () => {
  expect(readCertificates(craft({}))).toMatchObject({ error: { kind: 'not-certificates' } })
  expect(readCertificates(writeCertificates(Array.from({ length: 65 }, () => root.der))).ok).toBe(
    false,
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !readCertificates(bytes).ok))
})
