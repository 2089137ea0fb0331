// A server that asks devices who they are, the authority it trusts, and devices that sign as Apple's do.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { Store } from '../../storage/store.ts'
import { readConfig } from '../../src/config/config.ts'
import { rowOfCertificate } from '../../src/intake/certificates.ts'
import type { Proven } from '../../src/intake/credential.ts'
import { survivorOf } from '../../src/intake/survivor.ts'
import { type Authority, issueCertificate, selfSigned } from '../../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../../src/pki/certificate.ts'
import { signCms } from '../../src/pki/cms-signing.ts'
import { commonName } from '../../src/pki/distinguished-name.ts'
import { type Buildable, buildPlist } from '../../src/protocol/plist/build.ts'
import { serve } from '../../src/serve.ts'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { createOperator, type Operator } from '../e2e/operator.ts'
import { checkinType, exchange, type Got, harms, reportType } from '../e2e/wire.ts'

export type Keys = Readonly<Record<string, Buildable | undefined>>

/** A certificate and the key that is its own. */
export type Badge = Authority

export type Rig = {
  readonly url: string
  readonly store: Store
  readonly operator: Operator
  /** As SCEP would have issued it on a challenge of a shared link, unless told otherwise. */
  badge(how?: Issue): Promise<Badge>
  /** Sends a message, signed with the badge where there is one. */
  say(badge: Badge | undefined, keys: Keys): Promise<Got>
  /** The host whose certificate it is; null before its Authenticate. */
  hostOf(badge: Badge): string | null
  /** The host an id leads to, after merges; `gone` when it was deleted. */
  live(hostId: string): string
  close(): Promise<void>
}

export type Issue = Partial<
  Pick<
    CertificateRow,
    'status' | 'renews' | 'not_before' | 'not_after' | 'host_id' | 'link_id' | 'first_use_by'
  >
> & {
  /** The host its challenge was minted for. */
  readonly mintedFor?: string
  readonly proven?: Proven
  readonly issuer?: Authority
  /** Signed, and known to nobody. @default true */
  readonly recorded?: boolean
}

const dayMs = 86_400_000
export const adminToken = 'admin-token-of-the-device-tests'

/** One key for all: what tells certificates apart is their serial. */
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export const certificateOf = (der: Uint8Array): Certificate => {
  const read = readCertificate(der)
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}

const serial = (): Uint8Array => {
  const bytes = randomBytes(16)
  bytes[0] = 0x4a
  return bytes
}

export function authority(name: string): Authority {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const der = selfSigned(keys, {
    authority: true,
    subject: [commonName(name)],
    serial: serial(),
    notBeforeMs: Date.now() - 400 * dayMs,
    notAfterMs: Date.now() + 400 * dayMs,
  })
  return { certificate: certificateOf(der), key: keys.privateKey }
}

const ownKeys = generateKeyPairSync('rsa', { modulusLength: 2_048 })

/** A badge that its own key signed. */
export function impostor(): Badge {
  const der = selfSigned(ownKeys, {
    authority: false,
    subject: [commonName('impostor')],
    serial: serial(),
    notBeforeMs: Date.now() - dayMs,
    notAfterMs: Date.now() + dayMs,
  })
  return { certificate: certificateOf(der), key: ownKeys.privateKey }
}

/** For a whole file. */
export async function openRig(
  ca: Authority,
  env: Readonly<Record<string, string>> = {},
): Promise<Rig> {
  const folder = newFolder()
  const config = readConfig(
    {},
    {
      MUSTER_LISTEN: '127.0.0.1:0',
      MUSTER_DATA: folder,
      MUSTER_ADMIN_TOKEN: adminToken,
      MUSTER_LOG_LEVEL: 'silent',
      MUSTER_CA_CERTIFICATE: ca.certificate.x509.toString(),
      MUSTER_CA_KEY: ca.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      ...env,
    },
  )
  if (!config.ok) throw new Error(config.error)
  const running = await serve(config.value, () => {})
  const { store } = running.server.keep
  const { url } = running

  return {
    url,
    store,
    operator: createOperator(url, adminToken),
    async badge(how = {}) {
      const certificate = issue(how.issuer ?? ca, how)
      if (how.recorded !== false) {
        const row = rowOf(certificate, how)
        const committed = await store.commit([{ put: 'certificate', row }])
        if (!committed.ok) throw new Error(committed.error.kind)
      }
      return { certificate, key: pair.privateKey }
    },
    async say(badge, keys) {
      const body = buildPlist(keys)
      const type = 'MessageType' in keys ? checkinType : reportType
      const got = await exchange(url, {
        path: '/mdm',
        headers: {
          'content-type': type,
          ...(badge && { 'mdm-signature': signature(badge, body) }),
        },
        body,
      })
      const harm = harms(got)
      if (harm.length > 0 || got.status === 403)
        throw new Error(`an answer that harms a device: ${got.status} ${harm.join(', ')}`)
      return got
    },
    hostOf: ({ certificate }) =>
      store.lookups.certificate(certificate.fingerprint)?.host_id ?? null,
    live: (hostId) => survivorOf(store.lookups, hostId) ?? 'gone',
    async close() {
      await running.stop()
      dropFolder(folder)
    },
  }
}

function issue(issuer: Authority, { not_after: end }: Issue): Certificate {
  // Issuing dates a certificate from its moment on, so one that has ended was issued long ago.
  const nowMs = end === undefined ? Date.now() : end - dayMs
  const wish = {
    publicKey: pair.publicKey,
    subject: [commonName('device')],
    serial: serial(),
    nowMs,
    lifetimeMs: end === undefined ? 365 * dayMs : dayMs,
  }
  return certificateOf(issueCertificate(issuer, wish))
}

const usual = {
  mintedFor: null,
  status: 'issued',
  host_id: null,
  renews: null,
  link_id: null,
  first_use_by: null,
} as const

function rowOf(certificate: Certificate, how: Issue): CertificateRow {
  const { mintedFor, proven, status, host_id, renews, link_id, first_use_by } = {
    ...usual,
    ...how,
  }
  const ended = status === 'retired' || status === 'revoked'
  return {
    ...rowOfCertificate(certificate),
    public_key_hash: certificate.spkiHash,
    origin: 'issued',
    status,
    host_id,
    vouched_host_id: mintedFor,
    proven: proven === undefined ? null : JSON.stringify(proven),
    profile: null,
    link_id,
    team: null,
    challenge_hash: null,
    transaction_id: null,
    renews,
    issued_at: Date.now(),
    first_use_by,
    bound_at: status === 'issued' ? null : Date.now(),
    ended_at: ended ? Date.now() : null,
    ended_by: ended ? 'test' : null,
  }
}

export const signature = ({ certificate, key }: Badge, body: string, atMs = Date.now()): string =>
  Buffer.from(
    signCms({
      content: Buffer.from(body),
      detached: true,
      certificate,
      key,
      digest: 'sha256',
      certificates: [certificate.der],
      signingTimeMs: atMs,
    }),
  ).toString('base64')

export type Identity = { readonly serial: string; readonly udid: string }

let made = 0

/** Invented, and never the same twice. */
export function identity(): Identity {
  made += 1
  const tail = String(made).padStart(4, '0')
  return { serial: `C02DEV${tail}`, udid: `5B2D8C3F-A041-4E67-9F82-7C1E3D4F${tail}` }
}

export const topic = 'com.apple.mgmt.External.devices'

export const authenticate = ({ serial, udid }: Partial<Identity>): Keys => ({
  MessageType: 'Authenticate',
  Topic: topic,
  UDID: udid,
  SerialNumber: serial,
  DeviceName: 'Testrechner',
  Model: 'Mac15,6',
  ProductName: 'Mac15,6',
  OSVersion: '15.5',
})

export const tokenUpdate = ({ udid }: Pick<Identity, 'udid'>, more: Keys = {}): Keys => ({
  MessageType: 'TokenUpdate',
  Topic: topic,
  UDID: udid,
  Token: Buffer.alloc(32, 7),
  PushMagic: 'magic',
  ...more,
})

export const idle = ({ udid }: Pick<Identity, 'udid'>, more: Keys = {}): Keys => ({
  UDID: udid,
  Status: 'Idle',
  ...more,
})

/** A device that enrolled with a certificate of its own; gives its host too. */
export async function enrolled(
  rig: Rig,
  who: Identity = identity(),
  how: Issue = {},
): Promise<{ readonly who: Identity; readonly badge: Badge; readonly host: string }> {
  const badge = await rig.badge(how)
  for (const message of [authenticate(who), tokenUpdate(who)]) {
    const { status } = await rig.say(badge, message)
    if (status !== 200) throw new Error(`an enrolment was answered ${status}`)
  }
  const host = rig.hostOf(badge)
  if (host === null) throw new Error('a certificate was not bound')
  return { who, badge, host }
}
