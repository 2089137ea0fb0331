// Signatures as somebody else computes them.
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { mintSecret, secretComplaint, signedHeaders } from '../../src/effects/webhooks/signing.ts'
import { needs } from '../programs/needs.ts'

const body = new TextEncoder().encode('{"type":"mdm.TokenUpdate","data":{"name":"Käse 🧀"}}')
const at = 1_767_254_400_999

/** Base64 of an HMAC-SHA256 that openssl made. */
function opensslMac(key: Buffer, text: Uint8Array): string {
  const macs = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`]
  return execFileSync('openssl', [...macs, '-binary'], { input: text }).toString('base64')
}

test(
  'a standard message is signed over id, seconds and body, as openssl does it',
  needs('openssl'),
  () => {
    const secret = mintSecret('standard')
    const headers = signedHeaders('standard', { id: 'msg_1', body }, { secret, at })
    const signed = Buffer.concat([Buffer.from('msg_1.1767254400.'), body])
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    expect(headers).toEqual({
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1767254400',
      'webhook-signature': `v1,${opensslMac(key, signed)}`,
    })
  },
)

test('while a secret is replaced there are two signatures, the new one first', () => {
  const [secret, former] = [mintSecret('standard'), mintSecret('standard')]
  const message = { id: 'msg_1', body }
  const alone = (one: string) =>
    signedHeaders('standard', message, { secret: one, at })['webhook-signature']
  const both = signedHeaders('standard', message, { secret, former, at })
  expect(both['webhook-signature']).toBe(`${alone(secret)} ${alone(former)}`)
})

test('the example of the Standard Webhooks libraries comes out as theirs', () => {
  const example = new TextEncoder().encode('{"test": 2432232314}')
  const headers = signedHeaders(
    'standard',
    { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: example },
    { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', at: 1_614_265_330_000 },
  )
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test(
  'a NanoMDM message is signed over its body with the characters of the secret',
  needs('openssl'),
  () => {
    const secret = mintSecret('nanomdm')
    const headers = signedHeaders('nanomdm', { id: 'x', body }, { secret, at })
    expect(headers).toEqual({
      'content-type': 'application/json; charset=utf-8',
      'x-hmac-signature': opensslMac(Buffer.from(secret), body),
    })
  },
)

// prettier-ignore
const secrets = [
  ['standard', `whsec_${Buffer.alloc(24).toString('base64')}`, true],
  ['standard', `whsec_${Buffer.alloc(64).toString('base64')}`, true],
  ['standard', `whsec_${Buffer.alloc(23).toString('base64')}`, false],
  ['standard', `whsec_${Buffer.alloc(65).toString('base64')}`, false],
  ['standard', Buffer.alloc(32).toString('base64'), false],
  ['standard', 'whsec_!', false],
  ['nanomdm', 'sixteen-letters!', true],
  ['nanomdm', 'fifteen-letters', false],
  ['nanomdm', 'sixteen letters with blanks', false],
] as const

test.each(secrets)('for %s the secret %s may be brought along: %s', (kind, secret, may) => {
  expect(secretComplaint(kind, secret) === undefined).toBe(may)
})

test.each(['standard', 'nanomdm'] as const)(
  'a minted secret of %s is one that may be brought',
  (kind) => {
    expect(secretComplaint(kind, mintSecret(kind))).toBeUndefined()
  },
)
