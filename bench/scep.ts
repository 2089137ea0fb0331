// What a device certificate costs: from the request on the wire to the answer, durable in between.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { pino } from 'pino'
import { type KeyPair, selfSigned } from '../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../src/pki/certificate.ts'
import { buildCsr } from '../src/pki/csr.ts'
import { commonName } from '../src/pki/distinguished-name.ts'
import { buildScepRequest } from '../src/pki/scep-client.ts'
import { readConfig } from '../src/config/config.ts'
import { openServer } from '../src/server.ts'
import { type Bench, median } from './figure.ts'

const rounds = 150
const warm = 10

const challenge = randomBytes(24).toString('base64url')
const subject = [commonName('a device')]

export const scep: Bench = {
  name: 'scep',
  async run({ folder }) {
    const own = mkdtempSync(join(folder, 'muster-scep-'))
    const config = readConfig(
      {},
      { MUSTER_DATA: own, MUSTER_SCEP_CHALLENGE: challenge, MUSTER_DEVICE_AUTH: 'none' },
    )
    if (!config.ok) throw new Error(config.error)
    const server = await openServer(config.value, pino({ level: 'error' }))
    try {
      return [
        {
          what: 'Issue a device certificate over SCEP',
          value: await issueMs(server.deviceApp),
          unit: 'ms',
          target: { kind: 'at-most', value: 15 },
        },
      ]
    } finally {
      server.closing()
      await server.close()
      rmSync(own, { recursive: true, force: true })
    }
  },
}

async function issueMs(app: Hono): Promise<number> {
  const answer = await app.request('/scep?operation=GetCACert')
  const authority = certificateOf(new Uint8Array(await answer.arrayBuffer()))
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const times: number[] = []
  for (let round = -warm; round < rounds; round += 1) {
    const body = requestOf(pair, authority)
    const start = performance.now()
    const issued = await app.request('/scep?operation=PKIOperation', { method: 'POST', body })
    const bytes = await issued.arrayBuffer()
    if (round >= 0) times.push(performance.now() - start)
    // A refusal carries no certificate and is half as long.
    if (issued.status !== 200 || bytes.byteLength < 2_500) throw new Error('not issued')
  }
  return median(times)
}

function requestOf(pair: KeyPair, authority: Certificate): Uint8Array<ArrayBuffer> {
  const der = selfSigned(pair, {
    subject,
    authority: false,
    serial: randomBytes(16),
    notBeforeMs: Date.now(),
    notAfterMs: Date.now() + 86_400_000,
  })
  const request = buildScepRequest({
    authority,
    messageType: 'PKCSReq',
    transactionId: randomBytes(16).toString('hex'),
    senderNonce: randomBytes(16),
    signingTimeMs: Date.now(),
    content: buildCsr(pair, { subject, challengePassword: challenge }),
    cipher: 'aes-128-cbc',
    digest: 'sha256',
    signer: { certificate: certificateOf(der), key: pair.privateKey },
  })
  if (!request.ok) throw new Error(request.error.kind)
  return Uint8Array.from(request.value)
}

function certificateOf(der: Uint8Array): Certificate {
  const read = readCertificate(der)
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}
