// Links, profiles, SCEP and push certificates: what lets a computer in, and what wakes it.
import { createPrivateKey } from 'node:crypto'
import { readScepReply } from '../../../src/pki/scep-client.ts'
import { makeIdentity } from '../../effects/identity.ts'
import { certificateOf, keyPair, scepBytes, scepWish } from '../../http/scep-peer.ts'
import { challengeIn } from '../../http/scep-stage.ts'
import { openssl } from '../../pki/openssl.ts'
import type { Got } from '../wire.ts'
import { basic, must } from './acts-of-access.ts'
import { watchKey } from './canaries.ts'
import { done, pushTopic, type Scene } from './scene.ts'

/** Enrols nobody yet; gives the certificate that this host's device got. */
export async function waysIn(scene: Scene, host: string): Promise<Uint8Array> {
  const { plant } = scene
  const challenge = await challengeBy(scene, await link(scene, 'of a host', { host }))
  const revoked = await link(scene, 'revoked')
  await done(scene, `/enrollment-links/${revoked.id}/revoke`)
  must((await scene.ask(`/enroll/${revoked.secret}`)).status, 410)
  const usedUp = await link(scene, 'used up', { uses_max: 1 })
  await certificateBy(scene, await challengeBy(scene, usedUp))
  must((await scene.ask(`/enroll/${usedUp.secret}`)).status, 410)
  const looking = { headers: { accept: 'text/html' } }
  must((await scene.ask(`/enroll/${plant('link that nobody knows')}`, looking)).status, 404)
  await scene.ask('/enroll/ade', { method: 'POST', body: plant('MachineInfo that is none') })
  const deviceInfo = Buffer.from(plant('MachineInfo in a header')).toString('base64')
  await scene.ask('/enroll/web', { headers: { 'x-apple-aspen-deviceinfo': deviceInfo } })
  must(await scepStatus(scene, plant('wrong challenge')), 200)
  await scene.ask(`/scep?operation=${plant('SCEP operation that is none')}`)
  await certificateBy(scene, await challengeBy(scene, await link(scene, 'twice')), 2)
  return certificateBy(scene, challenge)
}

type Link = { readonly id: string; readonly secret: string }

async function link(scene: Scene, name: string, wish = {}): Promise<Link> {
  const { id, url } = await done(scene, '/enrollment-links', { name, ...wish })
  const secret = new URL(String(url)).pathname.split('/').at(-1) ?? ''
  scene.canaries.watch(`link ${name}`, secret)
  return { id: String(id), secret }
}

async function challengeBy(scene: Scene, { secret }: Link): Promise<string> {
  const page = { headers: { accept: 'text/html' } }
  must((await scene.ask(`/enroll/${secret}`, page)).status, 200)
  must((await scene.ask(`/enroll/${secret}`, { method: 'HEAD' })).status, 200)
  const profile = String((await scene.ask(`/enroll/${secret}?signed=false`)).body)
  return scene.canaries.watch(`challenge of ${secret.slice(0, 4)}`, challengeIn(profile))
}

const authority = async (scene: Scene) =>
  certificateOf((await scene.ask('/scep?operation=GetCACert')).body)

const wishOf = async (scene: Scene, challenge: string) =>
  scepWish({ pair: keyPair(), challenge, authority: await authority(scene) })

/** Asked for as often as wanted: the second key on one challenge is refused. */
async function certificateBy(scene: Scene, challenge: string, times = 1): Promise<Uint8Array> {
  const wish = await wishOf(scene, challenge)
  const got = await pkiOperation(scene, scepBytes(wish))
  const reply = readScepReply(got.body, wish)
  const [certificate] = reply.ok && reply.value.status === 'success' ? reply.value.certificates : []
  if (certificate === undefined) throw new Error(JSON.stringify(reply))
  scene.note('fingerprint', certificateOf(certificate.der).fingerprint)
  for (let time = 1; time < times; time += 1) await scepStatus(scene, challenge)
  return certificate.der
}

const pkiOperation = (scene: Scene, body: Uint8Array): Promise<Got> =>
  scene.ask('/scep?operation=PKIOperation', { method: 'POST', body })

/** By GET, where the message stands in the address. */
async function scepStatus(scene: Scene, challenge: string): Promise<number> {
  const message = Buffer.from(scepBytes(await wishOf(scene, challenge))).toString('base64')
  const path = `/scep?operation=PKIOperation&message=${encodeURIComponent(message)}`
  return (await scene.ask(path)).status
}

export const byStaticChallenge = (scene: Scene, challenge: string): Promise<Uint8Array> =>
  certificateBy(scene, challenge)

export async function pushCertificates(scene: Scene, cookie: string): Promise<void> {
  const { plant, canaries } = scene
  const identity = makeIdentity({ uid: pushTopic })
  const key = createPrivateKey(identity.key)
  watchKey(canaries, 'push key', key)
  const sealed = (passphrase: string): string =>
    key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString()
  const put = (body: object) =>
    scene.ask('/api/v1/push-certificates', {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${scene.muster().token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
  const pkcs12 = pkcs12Of(identity, plant('PKCS#12 password'))
  must((await put({ pkcs12, password: plant('wrong PKCS#12 password') })).status, 422)
  must((await put({ pkcs12, password: canaries.planted('PKCS#12 password') })).status, 200)
  const pem = identity.certificate + sealed(plant('passphrase of a key'))
  must((await put({ pem, password: plant('wrong passphrase of a key') })).status, 422)
  must((await put({ pem, password: canaries.planted('passphrase of a key') })).status, 200)
  must((await put({ pem: identity.key })).status, 422)
  must((await put({ pem: identity.key.slice(0, 600) })).status, 422)
  must((await put({ pem, [plant('unknown member of an upload')]: 1 })).status, 422)
  await throughForm(scene, { cookie, pem, password: plant('wrong passphrase in a form') })
  const script = { method: 'PUT', headers: basic(scene.muster().token) }
  must((await scene.ask('/v1/pushcert', { ...script, body: identity.key })).status, 400)
  const body = identity.certificate + identity.key
  must((await scene.ask('/v1/pushcert', { ...script, body })).status, 200)
}

async function throughForm(
  scene: Scene,
  { cookie, pem, password }: Readonly<Record<'cookie' | 'pem' | 'password', string>>,
): Promise<void> {
  const fields = new FormData()
  fields.set('certificate', new Blob([pem]), 'push.pem')
  fields.set('password', password)
  const sent = new Request('http://x', { method: 'POST', body: fields })
  const got = await scene.ask('/settings/push', {
    method: 'POST',
    headers: {
      cookie,
      'sec-fetch-site': 'same-origin',
      'content-type': sent.headers.get('content-type') ?? '',
    },
    body: new Uint8Array(await sent.arrayBuffer()),
  })
  must(got.status, 422)
}

function pkcs12Of({ certificate, key }: ReturnType<typeof makeIdentity>, password: string): string {
  const tool = openssl()
  tool.write('both.pem', certificate + key)
  const how = ['-passout', `pass:${password}`, '-out', 'push.p12']
  tool.run('pkcs12', '-export', '-in', 'both.pem', ...how)
  const bytes = tool.read('push.p12').toString('base64')
  tool.remove()
  return bytes
}
