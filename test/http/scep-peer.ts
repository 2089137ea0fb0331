// A SCEP client for tests: a device with a key of its own, that can also do everything wrong.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { type KeyPair, selfSigned } from '../../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../../src/pki/certificate.ts'
import { buildCsr } from '../../src/pki/csr.ts'
import { commonName } from '../../src/pki/distinguished-name.ts'
import {
  buildScepRequest,
  readScepReply,
  type ScepReply,
  type ScepWish,
} from '../../src/pki/scep-client.ts'
import type { HttpWorld } from './world.ts'

export const keyPair = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2_048 })

export const certificateOf = (der: Uint8Array): Certificate => {
  const read = readCertificate(der)
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}

export const throwAway = (pair: KeyPair, name = 'a device'): Certificate =>
  certificateOf(
    selfSigned(pair, {
      authority: false,
      subject: [commonName(name)],
      serial: randomBytes(16),
      notBeforeMs: Date.now(),
      notAfterMs: Date.now() + 86_400_000,
    }),
  )

export type Asked = {
  readonly pair: KeyPair
  readonly challenge?: string
  readonly signer?: ScepWish['signer']
  readonly change?: Partial<ScepWish>
  readonly authority: Certificate
}

export function scepWish({ pair, challenge, signer, change, authority }: Asked): ScepWish {
  const subject = [commonName('a device')]
  return {
    messageType: 'PKCSReq',
    transactionId: randomBytes(16).toString('hex'),
    senderNonce: randomBytes(16),
    signingTimeMs: Date.now(),
    content: buildCsr(pair, {
      subject,
      ...(challenge !== undefined && { challengePassword: challenge }),
    }),
    cipher: 'aes-128-cbc',
    digest: 'sha256',
    signer: signer ?? { certificate: throwAway(pair), key: pair.privateKey },
    authority,
    ...change,
  }
}

export function scepBytes(wish: ScepWish): Uint8Array<ArrayBuffer> {
  const built = buildScepRequest(wish)
  if (!built.ok) throw new Error(built.error.kind)
  return Uint8Array.from(built.value)
}

/** Posts, and reads the reply as a device would: one it may not believe throws. */
export async function askScep({ server }: HttpWorld, wish: ScepWish): Promise<ScepReply> {
  const response = await server.app.request('/scep?operation=PKIOperation', {
    method: 'POST',
    body: scepBytes(wish),
  })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  const reply = readScepReply(new Uint8Array(await response.arrayBuffer()), wish)
  if (!reply.ok) throw new Error(reply.error.detail)
  return reply.value
}

export async function authorityOf({ server }: HttpWorld): Promise<Certificate> {
  const response = await server.app.request('/scep?operation=GetCACert')
  return certificateOf(new Uint8Array(await response.arrayBuffer()))
}
