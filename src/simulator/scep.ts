import { createHash, type KeyObject, randomBytes } from 'node:crypto'
import { type KeyPair, selfSigned } from '../pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../pki/certificate.ts'
import { buildCsr } from '../pki/csr.ts'
import { commonName } from '../pki/distinguished-name.ts'
import { buildScepRequest, readScepReply, type ScepWish } from '../pki/scep-client.ts'
import { fail, ok, type Result } from '../result.ts'
import type { EnrolmentProfile } from './enrolment-profile.ts'
import type { Answer, Wire, WireRequest } from './wire.ts'

/** What a device proves itself with. */
export type DeviceIdentity = { readonly certificate: Certificate; readonly key: KeyObject }

export type ScepMeans = {
  readonly wire: Wire
  readonly clock: () => number
  readonly profile: EnrolmentProfile
  readonly pair: KeyPair
}

/** Gets a certificate as an Apple device does: GetCACert, then one PKIOperation. Fails with a sentence. */
export async function obtainIdentity(means: ScepMeans): Promise<Result<DeviceIdentity, string>> {
  const { pair, profile, clock } = means
  if (pair.publicKey.asymmetricKeyDetails?.modulusLength !== profile.keySize)
    return fail(`the profile asks for a key of ${profile.keySize} bits`)
  const authority = await authorityOf(means)
  if (!authority.ok) return authority
  const subject = [commonName('a device')]
  const throwAway = readCertificate(
    selfSigned(
      { publicKey: pair.publicKey, privateKey: pair.privateKey },
      {
        authority: false,
        subject,
        serial: randomBytes(16),
        notBeforeMs: clock() - 60_000,
        notAfterMs: clock() + 86_400_000,
      },
    ),
  )
  if (!throwAway.ok) return fail('a throw-away certificate cannot be read')
  const csr = buildCsr(pair, { subject, challengePassword: profile.challenge })
  const wish: ScepWish = {
    messageType: 'PKCSReq',
    transactionId: createHash('sha256').update(csr).digest('hex'),
    senderNonce: randomBytes(16),
    signingTimeMs: clock(),
    content: csr,
    cipher: 'aes-128-cbc',
    digest: 'sha256',
    signer: { certificate: throwAway.value, key: pair.privateKey },
    authority: authority.value,
  }
  return request(means, wish)
}

async function authorityOf(means: ScepMeans): Promise<Result<Certificate, string>> {
  const answer = await ask(means, { kind: 'mdm.GetCACert', method: 'GET', operation: 'GetCACert' })
  if (!answer.ok) return answer
  if (answer.value.headers['content-type'] !== 'application/x-x509-ca-cert')
    return fail('GetCACert is no single certificate')
  const read = readCertificate(answer.value.body)
  return read.ok ? read : fail('GetCACert gave no certificate')
}

async function request(means: ScepMeans, wish: ScepWish): Promise<Result<DeviceIdentity, string>> {
  const message = buildScepRequest(wish)
  if (!message.ok) return fail('the authority has no RSA key')
  const answer = await ask(means, {
    kind: 'mdm.PKIOperation',
    method: 'POST',
    operation: 'PKIOperation',
    body: message.value,
  })
  if (!answer.ok) return answer
  const reply = readScepReply(answer.value.body, wish)
  if (!reply.ok) return fail(`the reply to PKIOperation: ${reply.error.detail}`)
  if (reply.value.status !== 'success') return fail(`PKIOperation ended as ${reply.value.status}`)
  const [certificate] = reply.value.certificates
  return certificate === undefined
    ? fail('no certificate was issued')
    : ok({ certificate, key: means.pair.privateKey })
}

type Operation = {
  readonly kind: WireRequest['kind']
  readonly method: 'GET' | 'POST'
  readonly operation: string
  readonly body?: Uint8Array
}

async function ask(
  { wire, profile }: ScepMeans,
  { operation, ...what }: Operation,
): Promise<Result<Answer, string>> {
  const mark = profile.scepPath.includes('?') ? '&' : '?'
  const path = `${profile.scepPath}${mark}operation=${operation}`
  const sent = await wire.send({ ...what, path })
  if (!sent.ok) return fail(`${operation} had no answer: ${sent.error}`)
  return sent.value.status === 200 ? sent : fail(`${operation} was answered ${sent.value.status}`)
}
