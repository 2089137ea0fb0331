import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { selfSigned } from '../../src/pki/certificate-issue.ts'
import { commonName, type Name } from '../../src/pki/distinguished-name.ts'
import { writePem } from '../../src/pki/pem.ts'
import { readPushPem, readPushPkcs12 } from '../../src/pki/push-certificate.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const nowMs = Date.UTC(2026, 10, 24)
const dayMs = 86_400_000

const uid = (value: string): Name => [{ oid: '0.9.2342.19200300.100.1.1', value }]
const topic = 'com.apple.mgmt.External.5d0c9b1e'

const certificate = (subject: Name, fromMs = nowMs - dayMs, toMs = nowMs + dayMs): string =>
  writePem(
    'CERTIFICATE',
    selfSigned(rsa, {
      authority: false,
      subject,
      serial: Buffer.alloc(16, 7),
      notBeforeMs: fromMs,
      notAfterMs: toMs,
    }),
  )
const key = String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const good = certificate([...uid(topic), commonName('APSP')])

// prettier-ignore
const uploads: readonly (readonly [string, string, string])[] = [
  ['certificate and key',              good + key,                                                           topic],
  ['key first',                        key + good,                                                           topic],
  ['a PKCS#1 key',                     good + String(rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })), topic],
  ['a topic with a longer prefix',     certificate(uid('com.apple.mgmt.XServer.1')) + key,                   'com.apple.mgmt.XServer.1'],
  ['an app topic',                     certificate(uid('com.example.app')) + key,                            'no-topic'],
  ['a topic that only looks like one', certificate(uid('com.apple.mgmtx.1')) + key,                          'no-topic'],
  ['a topic of nothing',               certificate(uid('com.apple.mgmt.')) + key,                            'no-topic'],
  ['a topic with a line break',        certificate(uid('com.apple.mgmt.a\r\nx: y')) + key,                   'no-topic'],
  ['the topic as a common name',       certificate([commonName(topic)]) + key,                               'no-topic'],
  ['two topics',                       certificate([...uid(topic), ...uid('com.apple.mgmt.b')]) + key,       'no-topic'],
  ['an expired certificate',           certificate(uid(topic), nowMs - 9 * dayMs, nowMs - dayMs) + key,      'expired'],
  ['one that begins tomorrow',         certificate(uid(topic), nowMs + dayMs, nowMs + 9 * dayMs) + key,      'not-yet-valid'],
  ["another certificate's key",        good + String(other.privateKey.export({ type: 'pkcs8', format: 'pem' })), 'key-mismatch'],
  ['no key',                           good,                                                                 'no-key'],
  ['no certificate',                   key,                                                                  'no-certificate'],
  ['a public key',                     good + String(rsa.publicKey.export({ type: 'spki', format: 'pem' })), 'no-key'],
  ['a certificate of other bytes',     writePem('CERTIFICATE', Buffer.from('no')) + key,                     'not-a-certificate'],
  ['no PEM',                           'hello',                                                              'not-pem'],
]
for (const [what, text, expected] of uploads)
  test(`an upload with ${what} is ${expected}`, () => {
    const read = readPushPem(text, { nowMs })
    expect(read.ok ? read.value.topic : read.error.kind).toBe(expected)
  })

// prettier-ignore
for (const [form, locked] of [
  ['PKCS#8', rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' })],
  ['PKCS#1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' })],
] as const)
  test(`a locked ${form} key opens with its password and with no other`, () => {
    const opened = (opening: { readonly password?: string }): string => {
      const read = readPushPem(good + String(locked), { nowMs, ...opening })
      return read.ok ? 'read' : read.error.kind
    }
    expect(opened({ password: 'hush' })).toBe('read')
    expect(opened({ password: 'Hush' })).toBe('wrong-password')
    expect(opened({})).toBe('wrong-password')
  })

test('bytes that are no PKCS#12 are refused as such', () => {
  expect(readPushPkcs12(Buffer.from(good), { nowMs, password: '' })).toMatchObject({
    error: { kind: 'not-pkcs12' },
  })
})
