import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueCertificate, type KeyPair, selfSigned } from '../../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../../src/pki/certificate.ts'
import { issuerAndSerial, sealEnvelope } from '../../src/pki/cms-enveloped.ts'
import { signCms } from '../../src/pki/cms-signing.ts'
import { buildCsr } from '../../src/pki/csr.ts'
import { der } from '../../src/pki/der-write.ts'
import { commonName, writeName } from '../../src/pki/distinguished-name.ts'
import { writePem } from '../../src/pki/pem.ts'
import { buildScepRequest, readScepReply, type ScepWish } from '../../src/pki/scep-client.ts'
import { failInfos, type FailInfo, scepAttributes } from '../../src/pki/scep-message.ts'
import { buildScepFailure, buildScepSuccess } from '../../src/pki/scep-reply.ts'
import { readScepRequest, type ScepRequest } from '../../src/pki/scep-request.ts'
import { openssl } from './openssl.ts'
import { needs } from '../programs/needs.ts'

const tool = openssl()
afterAll(tool.remove)

const nowMs = Date.now()
const must = (bytes: Uint8Array): Certificate => {
  const certificate = readCertificate(bytes)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return certificate.value
}
const keyPair = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 })
const signedBy = (pair: KeyPair, name: string, authority: boolean): Certificate =>
  must(
    selfSigned(pair, {
      authority,
      subject: [commonName(name)],
      serial: randomBytes(16),
      notBeforeMs: nowMs, // a throw-away signer is not backdated
      notAfterMs: nowMs + 86_400_000,
    }),
  )

const caKeys = keyPair()
const deviceKeys = keyPair()
const ca = { certificate: signedBy(caKeys, 'CA', true), key: caKeys.privateKey }
const device = { certificate: signedBy(deviceKeys, 'device', false), key: deviceKeys.privateKey }
const csr = buildCsr(deviceKeys, { subject: [commonName('device')], challengePassword: 'hush' })
const issued = must(
  issueCertificate(ca, {
    publicKey: deviceKeys.publicKey,
    subject: [commonName('host')],
    serial: randomBytes(16),
    nowMs,
    lifetimeMs: 1e9,
  }),
)

const wish: ScepWish = {
  messageType: 'PKCSReq',
  transactionId: '5D0C9B1E7A42',
  senderNonce: randomBytes(16),
  signingTimeMs: nowMs,
  content: csr,
  cipher: 'aes-256-cbc',
  digest: 'sha256',
  signer: device,
  authority: ca.certificate,
}
const request = (change: Partial<ScepWish> = {}): Uint8Array => {
  const built = buildScepRequest({ ...wish, ...change })
  if (!built.ok) throw new Error(built.error.kind)
  return built.value
}
const read = (bytes: Uint8Array): ScepRequest => {
  const got = readScepRequest(bytes, ca)
  if (!got.ok) throw new Error(got.error.detail)
  return got.value
}
const outcome = (bytes: Uint8Array): string => {
  const got = readScepRequest(bytes, ca)
  if (got.ok) return got.value.kind
  return got.error.kind === 'refused' ? got.error.failInfo : got.error.kind
}

beforeAll(() => {
  tool.write('ca.pem', writePem('CERTIFICATE', ca.certificate.der))
  tool.write('ca.key', caKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  tool.write('device.pem', writePem('CERTIFICATE', device.certificate.der))
  tool.write('device.key', deviceKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }))
})

for (const messageType of ['PKCSReq', 'RenewalReq', 'UpdateReq'] as const)
  for (const [digest, cipher] of [
    ['sha1', 'des-cbc'],
    ['sha1', 'des-ede3-cbc'],
    ['sha256', 'aes-128-cbc'],
    ['sha512', 'aes-256-cbc'],
  ] as const)
    test(`a ${messageType} signed over ${digest} and sealed with ${cipher} is answered alike`, () => {
      const asked = { ...wish, messageType, digest, cipher }
      const got = read(request(asked))
      if (got.kind !== 'certify') throw new Error(got.kind)
      expect(got).toMatchObject({
        cipher,
        csr: { challengePassword: 'hush', subject: 'CN=device' },
      })
      expect(got.exchange).toMatchObject({ messageType, digest, transactionId: '5D0C9B1E7A42' })
      expect(got.exchange.signer.fingerprint).toBe(device.certificate.fingerprint)
      expect(got.exchange.signingTimeMs).toBe(Math.floor(nowMs / 1000) * 1000)
      const reply = buildScepSuccess(got, {
        authority: ca,
        senderNonce: randomBytes(16),
        certificates: [issued.der],
      })
      const answer = readScepReply(reply, asked)
      if (!answer.ok || answer.value.status !== 'success') throw new Error(JSON.stringify(answer))
      expect(answer.value.certificates.map(({ fingerprint }) => fingerprint)).toEqual([
        issued.fingerprint,
      ])
    })

test(
  'openssl verifies a request of ours, opens its envelope and finds the PKCS#10 in it',
  needs('openssl'),
  () => {
    tool.write('request', request())
    tool.run(
      'cms',
      '-verify',
      '-noverify',
      '-inform',
      'DER',
      '-in',
      'request',
      '-binary',
      '-out',
      'envelope',
    )
    tool.run(
      'cms',
      '-decrypt',
      '-inform',
      'DER',
      '-in',
      'envelope',
      '-recip',
      'ca.pem',
      '-inkey',
      'ca.key',
      '-binary',
      '-out',
      'csr',
    )
    expect(tool.read('csr').equals(csr)).toBe(true)
    expect(tool.run('req', '-inform', 'DER', '-in', 'csr', '-verify', '-noout', '-text')).toContain(
      'hush',
    )
  },
)

test(
  'openssl verifies our answer, opens it with the device key and finds the certificate',
  needs('openssl'),
  () => {
    const got = read(request())
    if (got.kind !== 'certify') throw new Error(got.kind)
    tool.write(
      'reply',
      buildScepSuccess(got, {
        authority: ca,
        senderNonce: randomBytes(16),
        certificates: [issued.der],
      }),
    )
    tool.run(
      'cms',
      '-verify',
      '-CAfile',
      'ca.pem',
      '-purpose',
      'any',
      '-inform',
      'DER',
      '-in',
      'reply',
      '-binary',
      '-out',
      'sealed',
    )
    tool.run(
      'cms',
      '-decrypt',
      '-inform',
      'DER',
      '-in',
      'sealed',
      '-recip',
      'device.pem',
      '-inkey',
      'device.key',
      '-binary',
      '-out',
      'certs',
    )
    tool.run('pkcs7', '-inform', 'DER', '-in', 'certs', '-print_certs', '-out', 'issued.pem')
    expect(tool.run('verify', '-CAfile', 'ca.pem', 'issued.pem')).toContain('OK')
    const text = tool.run('cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', 'reply')
    for (const [oid, value] of [
      ['9.2', '3'],
      ['9.3', '0'],
      ['9.7', '5D0C9B1E7A42'],
    ] as const)
      expect(text).toMatch(
        new RegExp(`2\\.16\\.840\\.1\\.113733\\.1\\.${oid}[^]{0,80}PRINTABLESTRING:${value}\\n`),
      )
  },
)

test('a request whose envelope openssl sealed is read', needs('openssl'), () => {
  tool.write('csr', csr)
  for (const cipher of ['-des3', '-aes128', '-aes256']) {
    tool.run(
      'cms',
      '-encrypt',
      '-binary',
      cipher,
      '-in',
      'csr',
      '-outform',
      'DER',
      '-out',
      'sealed',
      'ca.pem',
    )
    expect(outcome(signed({ content: tool.read('sealed') }))).toBe('certify')
  }
})

for (const failInfo of Object.keys(failInfos) as readonly FailInfo[])
  // its keys are that type
  test(
    `a refusal says ${failInfo}, to the transaction and the nonce it answers, and carries nothing`,
    needs('openssl'),
    () => {
      const reply = buildScepFailure(read(request()).exchange, failInfo, {
        authority: ca,
        senderNonce: randomBytes(16),
      })
      expect(readScepReply(reply, wish)).toEqual({
        ok: true,
        value: { status: 'failure', failInfo },
      })
      tool.write('no', reply)
      tool.write('nothing', '')
      tool.run(
        'cms',
        '-verify',
        '-CAfile',
        'ca.pem',
        '-purpose',
        'any',
        '-inform',
        'DER',
        '-in',
        'no',
        '-binary',
        '-content',
        'nothing',
        '-out',
        'out',
      )
    },
  )

for (const [messageType, content, serial] of [
  [
    'CertPoll',
    der.sequence(writeName([commonName('CA')]), writeName([commonName('device')])),
    null,
  ],
  ['GetCert', issuerAndSerial(issued), issued.serial],
  ['GetCRL', issuerAndSerial(issued), issued.serial],
] as const)
  test(`a ${messageType} says which certificate it is about`, () => {
    const got = read(request({ messageType, content }))
    expect(got).toMatchObject({ kind: 'query', serial, exchange: { messageType } })
    expect(got.kind === 'query' && Buffer.compare(got.issuerDer, ca.certificate.subjectDer)).toBe(0)
    for (const broken of [csr, der.null(), Buffer.of(), der.sequence(der.integer(1))])
      expect(outcome(request({ messageType, content: broken }))).toBe('badMessageCheck')
  })

/** The outer half by hand: attributes, content and signer as a client would never send them. */
type Crafted = {
  readonly attributes?: Readonly<Partial<Record<keyof typeof scepAttributes, Uint8Array | null>>>
  readonly content?: Uint8Array
  readonly detached?: boolean
  readonly signer?: typeof device
  readonly certificates?: readonly Uint8Array[]
}
const inside = (content: Uint8Array, recipient = ca.certificate): Uint8Array => {
  const sealed = sealEnvelope(content, { recipient, cipher: 'aes-128-cbc' })
  if (!sealed.ok) throw new Error(sealed.error.kind)
  return sealed.value
}
const envelope = inside(csr)
function signed(change: Crafted = {}): Uint8Array {
  const signer = change.signer ?? device
  const attributes = {
    messageType: der.printableString('19'),
    transactionId: der.printableString('t'),
    senderNonce: der.octetString(Buffer.alloc(16)),
    ...change.attributes,
  }
  const names = Object.keys(attributes) as readonly (keyof typeof scepAttributes)[] // its keys are those
  return signCms({
    content: change.content ?? envelope,
    detached: change.detached ?? false,
    certificate: signer.certificate,
    key: signer.key,
    digest: 'sha256',
    attributes: names.flatMap((name) => {
      const value = attributes[name]
      return value === null || value === undefined ? [] : [{ oid: scepAttributes[name], value }]
    }),
    certificates: change.certificates ?? [signer.certificate.der],
  })
}

const ellipticKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const elliptic = {
  key: ellipticKeys.privateKey,
  certificate: must(
    issueCertificate(ca, {
      publicKey: ellipticKeys.publicKey,
      subject: [],
      serial: randomBytes(16),
      nowMs,
      lifetimeMs: 1e9,
    }),
  ),
}
const weakKeys = generateKeyPairSync('rsa', { modulusLength: 1024 })
const otherKeys = keyPair()

// prettier-ignore
const cases: readonly (readonly [string, Crafted, string])[] = [
  ['everything as it should be',                    {},                                                                     'certify'],
  ['no senderNonce',                                { attributes: { senderNonce: null } },                                  'certify'],
  ['a senderNonce of 8 bytes',                      { attributes: { senderNonce: der.octetString(Buffer.alloc(8)) } },      'certify'],
  ['a transactionID as UTF8String',                 { attributes: { transactionId: der.utf8String('t') } },                 'certify'],
  ['a transactionID whose bytes are not UTF-8',     { attributes: { transactionId: der.tagged(0x13, Buffer.of(0xe4, 0xff)) } }, 'certify'],
  ['a messageType as UTF8String',                   { attributes: { messageType: der.utf8String('19') } },                  'certify'],
  ['a certificate of somebody else beside',         { certificates: [ca.certificate.der, device.certificate.der] },         'certify'],
  ['a signer issued earlier',                       { signer: { ...device, certificate: issued } },                         'certify'],
  ['no transactionID',                              { attributes: { transactionId: null } },                                'not-scep'],
  ['an empty transactionID',                        { attributes: { transactionId: der.printableString('') } },             'not-scep'],
  ['a transactionID of 256 characters',             { attributes: { transactionId: der.printableString('t'.repeat(256)) } }, 'not-scep'],
  ['a transactionID that is no string',             { attributes: { transactionId: der.octetString(Buffer.from('t')) } },   'not-scep'],
  ['no messageType',                                { attributes: { messageType: null } },                                  'not-scep'],
  ['messageType 3',                                 { attributes: { messageType: der.printableString('3') } },              'not-scep'],
  ['messageType 99',                                { attributes: { messageType: der.printableString('99') } },             'not-scep'],
  ['messageType 19 as INTEGER',                     { attributes: { messageType: der.integer(19) } },                       'not-scep'],
  ['a messageType named like a method',             { attributes: { messageType: der.printableString('toString') } },       'not-scep'],
  ['no certificate',                                { certificates: [] },                                                   'not-scep'],
  ["another's certificate",                         { certificates: [ca.certificate.der] },                                 'not-scep'],
  ['a signature by another key',                    { signer: { ...device, key: otherKeys.privateKey } },                   'not-scep'],
  ['a signer with an elliptic key',                 { signer: elliptic },                                                   'badAlg'],
  ['no content',                                    { detached: true, content: Buffer.of() },                               'badMessageCheck'],
  ['an empty content',                              { content: Buffer.of() },                                               'badMessageCheck'],
  ['the PKCS#10 in the clear',                      { content: csr },                                                       'badMessageCheck'],
  ['an envelope for somebody else',                 { content: inside(csr, device.certificate) },                           'badMessageCheck'],
  ['an envelope cut short',                         { content: envelope.subarray(0, -1) },                                  'badMessageCheck'],
  ['noise in the envelope',                         { content: inside(Buffer.from('hello')) },                              'badMessageCheck'],
  ['nothing in the envelope',                       { content: inside(Buffer.of()) },                                       'badMessageCheck'],
  ['a request for a key of 1024 bits',              { content: inside(buildCsr(weakKeys, { subject: [] })) },               'badAlg'],
  ['a request signed by another key than its own',  { content: inside(buildCsr({ publicKey: createPublicKey(caKeys.privateKey), privateKey: deviceKeys.privateKey }, { subject: [] })) }, 'badMessageCheck'],
]
for (const [what, change, expected] of cases)
  test(`a request with ${what} is ${expected}`, () =>
    expect(outcome(signed(change))).toBe(expected))

test('the answer gives a transactionID back byte for byte, whatever its type', () => {
  for (const transactionId of [der.utf8String('ü'), der.tagged(0x13, Buffer.of(0xe4, 0xff))]) {
    const { exchange } = read(signed({ attributes: { transactionId } }))
    const reply = Buffer.from(
      buildScepFailure(exchange, 'badRequest', { authority: ca, senderNonce: randomBytes(16) }),
    )
    expect(reply.includes(Buffer.from(transactionId))).toBe(true)
  }
})

test('a request without a nonce is answered without one', needs('openssl'), () => {
  const { exchange } = read(signed({ attributes: { senderNonce: null } }))
  tool.write(
    'no',
    buildScepFailure(exchange, 'badRequest', { authority: ca, senderNonce: randomBytes(16) }),
  )
  const text = tool.run('cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', 'no')
  expect(text).toContain('113733.1.9.5')
  expect(text).not.toContain('113733.1.9.6')
})

// prettier-ignore
const replies: readonly (readonly [string, (asked: ScepWish) => ScepWish])[] = [
  ['of another authority',   (asked) => ({ ...asked, authority: device.certificate })],
  ['to another transaction', (asked) => ({ ...asked, transactionId: 'other' })],
  ['with another nonce',     (asked) => ({ ...asked, senderNonce: Buffer.alloc(16) })],
  ['sealed to another key',  (asked) => ({ ...asked, signer: ca })],
]
for (const [what, change] of replies)
  test(`an answer ${what} is not believed`, () => {
    const got = read(request())
    if (got.kind !== 'certify') throw new Error(got.kind)
    const reply = buildScepSuccess(got, {
      authority: ca,
      senderNonce: randomBytes(16),
      certificates: [issued.der],
    })
    expect(readScepReply(reply, change(wish))).toMatchObject({
      ok: false,
      error: { kind: 'not-our-reply' },
    })
    expect(readScepReply(request(), wish)).toMatchObject({
      ok: false,
      error: { kind: 'not-our-reply' },
    })
  })

test('no changed byte changes what is asked for, and none throws', () => {
  const good = request()
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Uint8Array.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      const got = readScepRequest(bytes, ca)
      if (!got.ok) return
      expect(got.value.exchange.transactionId).toBe(wish.transactionId)
      expect(got.value.kind === 'certify' && got.value.csr.challengePassword).toBe('hush')
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !readScepRequest(bytes, ca).ok),
  )
  expect(outcome(Buffer.alloc(300_000))).toBe('not-scep')
})

test('nothing is sealed to an authority that has no RSA key', () => {
  expect(buildScepRequest({ ...wish, authority: elliptic.certificate })).toEqual({
    ok: false,
    error: { kind: 'no-rsa-key' },
  })
})
