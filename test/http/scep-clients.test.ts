// SCEP as clients are on the wire, through a socket; and an authority the operator brought.
import { request } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readScepReply, type ScepWish } from '../../src/pki/scep-client.ts'
import { writePem } from '../../src/pki/pem.ts'
import { serve } from '../../src/serve.ts'
import { openssl } from '../pki/openssl.ts'
import { authority as rootOf } from '../pki/signers.ts'
import { certificateOf, keyPair, scepBytes, scepWish, throwAway } from './scep-peer.ts'
import { configured } from './world.ts'
import { needs } from '../programs/needs.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-scep-'))
const brought = rootOf('The operator CA')
const fixed = 'a-static-challenge-of-30-letters'
const running = await serve(
  configured({
    MUSTER_LISTEN: '127.0.0.1:0',
    MUSTER_DEVICE_AUTH: 'none',
    MUSTER_DATA: folder,
    MUSTER_LOG_LEVEL: 'silent',
    MUSTER_SCEP_CHALLENGE: fixed,
    MUSTER_CA_CERTIFICATE: writePem('CERTIFICATE', brought.certificate.der),
    MUSTER_CA_KEY: brought.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }),
  () => {},
)
const tool = openssl()
afterAll(async () => {
  await running.stop()
  rmSync(folder, { recursive: true, force: true })
  tool.remove()
})

const pair = keyPair()
const signer = { certificate: throwAway(pair), key: pair.privateKey }
const asking = (change: Partial<ScepWish> = {}): ScepWish =>
  scepWish({ pair, signer, challenge: fixed, authority: brought.certificate, change })

type Answer = {
  readonly status: number
  readonly type: string | undefined
  readonly length: string | undefined
  readonly body: Buffer
}

/** The target as it stands: whoever builds addresses properly would escape what these clients send. */
function ask(
  target: string,
  { method = 'GET', body, type }: { method?: string; body?: Uint8Array; type?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(running.url)
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, path: target, method, headers: { ...(type && { 'content-type': type }) } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            type: incoming.headers['content-type'],
            length: incoming.headers['content-length'],
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

const isIssued = (answer: Answer, wish: ScepWish): boolean => {
  const reply = readScepReply(answer.body, wish)
  return reply.ok && reply.value.status === 'success'
}

test('GetCACaps is words, a line each, and names POST and what is modern', async () => {
  const answer = await ask('/scep?operation=GetCACaps')
  expect(answer).toMatchObject({ status: 200, type: 'text/plain' })
  expect(answer.body.toString().trim().split('\n')).toEqual([
    'Renewal',
    'SHA-1',
    'SHA-256',
    'AES',
    'DES3',
    'SCEPStandard',
    'POSTPKIOperation',
  ])
})

test.each(['/scep?operation=GetCACert', '/scep?operation=GetCACert&message=Muster'])(
  '%s is the one certificate, under exactly that type',
  async (target) => {
    const answer = await ask(target)
    expect(answer).toMatchObject({ status: 200, type: 'application/x-x509-ca-cert' })
    expect(certificateOf(answer.body).fingerprint).toBe(brought.certificate.fingerprint)
  },
)

const percent = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

// prettier-ignore
const forms: readonly (readonly [string, (bytes: Uint8Array) => Promise<Answer>])[] = [
  ['in the body',                                  (body) => ask('/scep?operation=PKIOperation', { method: 'POST', body })],
  ['in the body as octets',                        (body) => ask('/scep?operation=PKIOperation', { method: 'POST', body, type: 'application/octet-stream' })],
  ['in the body as a PKI message',                 (body) => ask('/scep?operation=PKIOperation', { method: 'POST', body, type: 'application/x-pki-message' })],
  ['in the body, and percent-encoded in the query', (body) => ask(`/scep?operation=PKIOperation&message=${percent(body)}`, { method: 'POST', body })],
  ['in the body, and that query first',            (body) => ask(`/scep?message=${percent(body)}&operation=PKIOperation`, { method: 'POST', body })],
  ['in the query as base64, escaped',              (body) => ask(`/scep?operation=PKIOperation&message=${encodeURIComponent(base64(body))}`)],
  ['in the query as base64 with its pluses',       (body) => ask(`/scep?operation=PKIOperation&message=${base64(body)}`)],
  ['in the query as URL-safe base64',              (body) => ask(`/scep?operation=PKIOperation&message=${Buffer.from(body).toString('base64url')}`)],
  ['in the body, one level down',                  (body) => ask('/scep/pkiclient.exe?operation=PKIOperation', { method: 'POST', body })],
]

test.each(forms)('a message %s is answered', async (_, send) => {
  const wish = asking()
  const answer = await send(scepBytes(wish))
  expect(answer).toMatchObject({ status: 200, type: 'application/x-pki-message' })
  expect(answer.length).toBe(String(answer.body.length))
  expect(isIssued(answer, wish)).toBe(true)
})

test.each([
  ['sha1', 'des-cbc'],
  ['sha1', 'des-ede3-cbc'],
  ['sha256', 'des-ede3-cbc'],
  ['sha256', 'aes-128-cbc'],
  ['sha256', 'aes-256-cbc'],
  ['sha512', 'aes-192-cbc'],
] as const)('a client of %s and %s is answered in the same', async (digest, cipher) => {
  const wish = asking({ digest, cipher })
  const body = scepBytes(wish)
  const answer = await ask('/scep?operation=PKIOperation', { method: 'POST', body })
  expect(isIssued(answer, wish)).toBe(true)
})

test(
  'what a request by openssl asks for beside its key is not given',
  needs('openssl'),
  async () => {
    tool.write('device.key', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    tool.write(
      'wishes.cnf',
      [
        '[req]\ndistinguished_name=dn\nattributes=attributes\nreq_extensions=extensions\nprompt=no',
        '[dn]\nCN=root\nO=Example Ltd',
        `[attributes]\nchallengePassword=${fixed}`,
        '[extensions]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign',
        'extendedKeyUsage=serverAuth,anyExtendedKeyUsage\nsubjectAltName=DNS:mdm.example.test',
      ].join('\n'),
    )
    tool.run(...'req -new -config wishes.cnf -key device.key -outform DER -out csr'.split(' '))
    const wish = asking({ content: tool.read('csr') })
    const body = scepBytes(wish)
    const answer = await ask('/scep?operation=PKIOperation', { method: 'POST', body })
    const reply = readScepReply(answer.body, wish)
    if (!reply.ok || reply.value.status !== 'success') throw new Error('not issued')
    const [certificate] = reply.value.certificates
    expect(certificate).toMatchObject({ isCa: false, extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] })
    expect(certificate?.keyUsage).toEqual(['digitalSignature', 'keyEncipherment'])
    expect(certificate?.x509.subjectAltName).toBeUndefined()
    expect(certificate?.subject).toMatch(/^CN=Muster device /)
  },
)

test('openssl verifies the answer, opens it and builds the chain', needs('openssl'), async () => {
  const wish = asking({ cipher: 'des-ede3-cbc', digest: 'sha1' })
  const body = scepBytes(wish)
  tool.write('reply', (await ask('/scep?operation=PKIOperation', { method: 'POST', body })).body)
  tool.write('ca.pem', writePem('CERTIFICATE', brought.certificate.der))
  tool.write('device.pem', writePem('CERTIFICATE', signer.certificate.der))
  tool.write('device.key', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const der = ['-inform', 'DER', '-binary']
  tool.run(
    'cms',
    '-verify',
    '-CAfile',
    'ca.pem',
    '-purpose',
    'any',
    ...der,
    '-in',
    'reply',
    '-out',
    'sealed',
  )
  tool.run(
    'cms',
    '-decrypt',
    ...der,
    '-recip',
    'device.pem',
    '-inkey',
    'device.key',
    '-in',
    'sealed',
    '-out',
    'certs',
  )
  tool.run('pkcs7', '-inform', 'DER', '-in', 'certs', '-print_certs', '-out', 'issued.pem')
  expect(tool.run('verify', '-CAfile', 'ca.pem', '-purpose', 'sslclient', 'issued.pem')).toContain(
    'OK',
  )
})

const send = (wish: ScepWish): Promise<Answer> =>
  ask('/scep?operation=PKIOperation', { method: 'POST', body: scepBytes(wish) })

test('a certificate of the static challenge vouches for nobody', async () => {
  const wish = asking()
  const reply = readScepReply((await send(wish)).body, wish)
  if (!reply.ok || reply.value.status !== 'success') throw new Error('not issued')
  const { lookups } = running.server.keep.store
  expect(lookups.certificate(reply.value.certificates[0]?.fingerprint ?? '')).toMatchObject({
    vouched_host_id: null,
    proven: null,
    challenge_hash: null,
    link_id: null,
    host_id: null,
  })
})

test('after many wrong guesses the static challenge is not taken any more', async () => {
  const wrong = scepWish({ pair, signer, challenge: 'wrong', authority: brought.certificate })
  const answers = []
  for (let count = 0; count < 70; count += 1) answers.push((await send(wrong)).status)
  expect(answers.slice(0, 55)).toEqual(Array.from({ length: 55 }, () => 200))
  expect(answers.at(-1)).toBe(429)
  const right = await send(asking())
  expect(right.status).toBe(429)
})

test.each([
  ['/scep', 'GET', 400],
  ['/scep?operation=GetNextCACert', 'GET', 400],
  ['/scep?operation=PKIOperation', 'GET', 400],
  ['/scep?operation=PKIOperation&message=%ff%fe', 'GET', 400],
  ['/scep?operation=PKIOperation', 'PUT', 405],
])('%s by %s is %i', async (target, method, status) => {
  expect(await ask(target, { method })).toMatchObject({ status, type: 'text/plain' })
})
