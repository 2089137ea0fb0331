// A push service of the demo's own, and the certificate it knows the server by: nobody has Apple's for a demo.
import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { selfSigned } from './pki/certificate-issue.ts'
import { commonName, type Name } from './pki/distinguished-name.ts'
import { writePem } from './pki/pem.ts'
import { openApnsServer } from './simulator/apns-server.ts'
import type { EachPush } from './simulator/wakings.ts'

export type DemoPush = {
  /** Where the server finds the service, and by which authority it knows it. */
  readonly settings: { readonly apnsUrl: string; readonly apnsCa: string }
  /** Gives a running server its push certificate, as an operator does. Rejects when it is not taken. */
  readonly upload: (server: { readonly url: string; readonly token: string }) => Promise<void>
  readonly eachPush: EachPush
  close(): Promise<void>
}

export async function openDemoPush(topic: string): Promise<DemoPush> {
  const [service, client] = await Promise.all([
    makeIdentity([commonName('localhost')]),
    makeIdentity([
      { oid: uidOid, value: topic },
      commonName("The push certificate of Muster's demo"),
    ]),
  ])
  let wake: (token: string) => void = () => {}
  const server = await openApnsServer({
    cert: service.certificate,
    key: service.key,
    deliver: ({ token }) => wake(token),
  })
  return {
    settings: { apnsUrl: server.url, apnsCa: service.certificate },
    upload: (to) => upload(client, to),
    eachPush: (heard) => (wake = heard),
    close: server.close,
  }
}

/** Where a push certificate says its topic: the attribute UID of its subject. */
const uidOid = '0.9.2342.19200300.100.1.1'
/** Apple's are good for a year. */
const lifetimeMs = 365 * 86_400_000
const backdatedMs = 10 * 60_000

/** PEM of a certificate and its key. */
type Identity = { readonly certificate: string; readonly key: string }

async function makeIdentity(subject: Name): Promise<Identity> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2_048 })
  const certificate = selfSigned(pair, {
    authority: true,
    subject,
    serial: randomBytes(16),
    notBeforeMs: Date.now() - backdatedMs,
    notAfterMs: Date.now() + lifetimeMs,
  })
  return {
    certificate: writePem('CERTIFICATE', certificate),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

async function upload(
  { certificate, key }: Identity,
  { url, token }: { readonly url: string; readonly token: string },
): Promise<void> {
  const answer = await fetch(`${url}/api/v1/push-certificates`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ pem: certificate + key }),
  })
  if (!answer.ok)
    throw new Error(`the demo's push certificate was not taken: ${await answer.text()}`)
}
