import { createPrivateKey, randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readDer } from '../../src/pki/der-read.ts'
import { der } from '../../src/pki/der-write.ts'
import { createPatience, decryptPkcs12 } from '../../src/pki/pkcs12-decrypt.ts'
import { bmpPassword } from '../../src/pki/pkcs12-key.ts'
import { readPkcs12 } from '../../src/pki/pkcs12.ts'
import { readPem } from '../../src/pki/pem.ts'
import { readPushPem, readPushPkcs12 } from '../../src/pki/push-certificate.ts'
import { decryptRc2Cbc } from '../../src/pki/rc2.ts'
import { openssl } from './openssl.ts'
import { needs } from '../programs/needs.ts'

const tool = openssl()
afterAll(tool.remove)

const topic = 'com.apple.mgmt.External.5d0c9b1e-7a42-4e4b-9f57-0b1c2d3e4f50'

beforeAll(() => {
  tool.run(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Push CA',
    '-days',
    '900',
  )
  tool.run(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'r.pem',
    '-subj',
    `/UID=${topic}/CN=APSP:x/C=US`,
  )
  tool.run(
    'x509',
    '-req',
    '-in',
    'r.pem',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-days',
    '365',
    '-out',
    'cert.pem',
  )
})

/** An export of openssl, under the password `hush`. */
const exported = (flags: readonly string[], password = 'hush'): Buffer => {
  tool.run(
    'pkcs12',
    '-export',
    '-inkey',
    'key.pem',
    '-in',
    'cert.pem',
    '-out',
    'id.p12',
    '-passout',
    `pass:${password}`,
    ...flags,
  )
  return tool.read('id.p12')
}

// prettier-ignore
const exportsRead: readonly (readonly [string, readonly string[]])[] = [
  ['as OpenSSL 3 exports it',                     []],
  ['as OpenSSL 1 and Keychain Access export it',  ['-legacy']],
  ['with its chain',                              ['-certfile', 'ca.pem']],
  ['with triple DES for both parts',              ['-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
  ['with 40-bit RC2 for both parts',              ['-legacy', '-keypbe', 'PBE-SHA1-RC2-40', '-certpbe', 'PBE-SHA1-RC2-40']],
  ['with 128-bit RC2',                            ['-legacy', '-keypbe', 'PBE-SHA1-RC2-128', '-certpbe', 'PBE-SHA1-RC2-128']],
  ['with two-key triple DES',                     ['-legacy', '-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES']],
  ['with AES-128 and SHA-1',                      ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha1']],
  ['with AES-192 and SHA-512',                    ['-keypbe', 'AES-192-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha512']],
  ['with triple DES under PBES2 and SHA-384',     ['-keypbe', 'des-ede3-cbc', '-certpbe', 'des-ede3-cbc', '-macalg', 'sha384']],
  ['with the certificate in the clear',           ['-certpbe', 'NONE']],
  ['with everything in the clear',                ['-certpbe', 'NONE', '-keypbe', 'NONE']],
  ['with one iteration',                          ['-noiter', '-nomaciter']],
  ['with 100,000 iterations',                     ['-iter', '100000']],
  ['with a friendly name',                        ['-name', 'APSP: Käse', '-caname', 'x', '-certfile', 'ca.pem']],
]
for (const [how, flags] of exportsRead)
  test(`an identity ${how} is read`, needs('openssl'), () => {
    const read = readPkcs12(exported(flags), 'hush')
    if (!read.ok) throw new Error(JSON.stringify(read.error))
    const { certificate, key, chain } = read.value
    expect(certificate.subject).toContain(`UID=${topic}`)
    expect(key.equals(createPrivateKey(tool.text('key.pem')))).toBe(true)
    expect(chain.map(({ subject }) => subject)).toEqual(
      flags.includes('-certfile') ? ['CN=Push CA'] : [],
    )
  })

test('an identity in a file without lengths, as NSS writes it, is read', needs('openssl'), () => {
  const whole = readDer(exported([]))
  if (!whole.ok) throw new Error(whole.error.kind)
  const open = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])
  const [version, authSafe, mac] = whole.value.children
  const [type, wrapper] = authSafe?.children ?? []
  const safes = wrapper?.children[0]
  if (!version || !mac || !type || !safes) throw new Error('not a PFX')
  const pieces = [safes.content.subarray(0, 99), safes.content.subarray(99)].map(der.octetString)
  const streamed = open(
    0x30,
    version.bytes,
    open(0x30, type.bytes, open(0xa0, open(0x24, ...pieces))),
    mac.bytes,
  )
  expect(readPkcs12(streamed, 'hush').ok).toBe(true)
})

// prettier-ignore
const refused: readonly (readonly [string, readonly string[], string])[] = [
  ['without an integrity check',    ['-nomac'],                                                  'unsupported'],
  ['without a key',                 ['-nokeys'],                                                 'no-identity'],
  ['with Camellia',                 ['-keypbe', 'camellia-256-cbc'],                             'unsupported'],
]
for (const [how, flags, kind] of refused)
  test(`an identity ${how} is ${kind}`, needs('openssl'), () => {
    const read = readPkcs12(exported(flags), 'hush')
    expect(read.ok ? 'read' : read.error.kind).toBe(kind)
  })

for (const password of ['', 'pässwörd 🔑', 'x'.repeat(200)])
  test(
    `the password ${JSON.stringify(password.slice(0, 20))} opens what it closed, in both schemes`,
    needs('openssl'),
    () => {
      for (const flags of [[], ['-legacy']]) {
        const bytes = exported(flags, password)
        expect(readPkcs12(bytes, password).ok).toBe(true)
        expect(readPkcs12(bytes, `${password}!`)).toEqual({
          ok: false,
          error: { kind: 'wrong-password' },
        })
      }
    },
  )

test(
  'a file that asks for endless work is refused before the work is done',
  needs('openssl'),
  () => {
    const bytes = Buffer.from(exported(['-iter', '100000']))
    const count = Buffer.from('02030186a0', 'hex')
    Buffer.from('02037fffff', 'hex').copy(bytes, bytes.lastIndexOf(count)) // the integrity check's
    expect(readPkcs12(bytes, 'hush')).toEqual({ ok: false, error: { kind: 'too-slow' } })
    const salt = der.octetString(Buffer.alloc(8))
    // prettier-ignore
    for (const algorithm of [
    der.sequence(der.oid('1.2.840.113549.1.12.1.3'), der.sequence(salt, der.integer(1_000_001))),
    der.sequence(der.oid('1.2.840.113549.1.5.13'), der.sequence(
      der.sequence(der.oid('1.2.840.113549.1.5.12'), der.sequence(salt, der.integer(2_000_001))),
      der.sequence(der.oid('2.16.840.1.101.3.4.1.42'), der.octetString(Buffer.alloc(16))),
    )),
  ]) {
    const node = readDer(algorithm)
    if (!node.ok) throw new Error(node.error.kind)
    const secret = { text: 'hush', bmp: bmpPassword('hush'), patience: createPatience(2_000_000) }
    expect(decryptPkcs12(Buffer.alloc(16), node.value, secret)).toEqual({ ok: false, error: { kind: 'too-slow' } })
  }
  },
)

test('no changed byte yields another identity, and none throws', needs('openssl'), () => {
  const good = exported(['-noiter', '-nomaciter'])
  const truth = readPkcs12(good, 'hush')
  if (!truth.ok) throw new Error(truth.error.kind)
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Uint8Array.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      const read = readPkcs12(bytes, 'hush')
      expect(
        read.ok && read.value.certificate.fingerprint !== truth.value.certificate.fingerprint,
      ).toBe(false)
    }),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !readPkcs12(bytes, '').ok))
})

test('RC2 decrypts what openssl encrypted, for every key', needs('openssl'), () => {
  for (const [cipher, keyBytes] of [
    ['rc2-40-cbc', 5],
    ['rc2-64-cbc', 8],
    ['rc2-cbc', 16],
  ] as const)
    for (let round = 0; round < 5; round += 1) {
      const [key, iv, plain] = [randomBytes(keyBytes), randomBytes(8), randomBytes(64)]
      const encrypted = execFileSync(
        'openssl',
        [
          'enc',
          `-${cipher}`,
          '-nopad',
          '-K',
          key.toString('hex'),
          '-iv',
          iv.toString('hex'),
          '-provider',
          'legacy',
          '-provider',
          'default',
        ],
        { input: plain },
      )
      expect(
        Buffer.from(decryptRc2Cbc(encrypted, { key, iv, effectiveBits: 8 * keyBytes })).equals(
          plain,
        ),
      ).toBe(true)
    }
})

test(
  'a push certificate is read from PEM and from PKCS#12, with its topic and chain',
  needs('openssl'),
  () => {
    const nowMs = Date.now()
    for (const read of [
      readPushPem(tool.text('key.pem') + tool.text('ca.pem') + tool.text('cert.pem'), { nowMs }),
      readPushPkcs12(exported(['-legacy', '-certfile', 'ca.pem']), { password: 'hush', nowMs }),
    ]) {
      if (!read.ok) throw new Error(JSON.stringify(read.error))
      expect(read.value.topic).toBe(topic)
      const chain = readPem(read.value.chainPem)
      expect(chain.ok && chain.value.length).toBe(2)
      expect(
        chain.ok && Buffer.compare(chain.value[0]?.der ?? Buffer.of(), read.value.certificate.der),
      ).toBe(0)
    }
  },
)
