// Devices that prove who they are: an authority, and certificates that are already in the database when it starts.
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { CertificateRow } from '../storage/certificate-rows.ts'
import { openStore } from '../storage/open.ts'
import type { Write } from '../storage/store.ts'
import { rowOfCertificate } from '../src/intake/certificates.ts'
import { type Authority, issueCertificate, selfSigned } from '../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../src/pki/certificate.ts'
import { signCms } from '../src/pki/cms-signing.ts'
import { commonName } from '../src/pki/distinguished-name.ts'
import type { Call } from './devices.ts'

export type KnownDevices = {
  /** What the server has to be started with to believe them. */
  readonly env: Readonly<Record<string, string>>
  readonly signed: (call: Call, nth: number) => Call
  readonly certified: (call: Call, nth: number) => Call
}

const day = 86_400_000

/** Writes a certificate for each into a data folder that no server has open. */
export async function knownDevices(folder: string, count: number): Promise<KnownDevices> {
  const ca = authority()
  // As SCEP gives them. One key for all: each certificate is read and kept by itself.
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const certificates = Array.from({ length: count }, () => certificateOf(ca, pair.publicKey))
  const { store } = await openStore({
    folder,
    onFatal: (reason) => {
      throw reason
    },
  })
  const written = await store.commit(certificates.map(writeOf))
  await store.close()
  if (!written.ok) throw new Error(written.error.kind)
  const of = (nth: number): Certificate => {
    const certificate = certificates[nth]
    if (certificate === undefined) throw new Error(`there are ${count} devices`)
    return certificate
  }
  return {
    env: {
      MUSTER_CA_CERTIFICATE: ca.certificate.x509.toString(),
      MUSTER_CA_KEY: ca.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    signed: (call, nth) =>
      withHeader(call, 'Mdm-Signature', signature(call.body, of(nth), pair.privateKey)),
    certified: (call, nth) => withHeader(call, 'Client-Cert', `:${base64(of(nth).der)}:`),
  }
}

const withHeader = (call: Call, name: string, value: string): Call => ({
  ...call,
  headers: { ...call.headers, [name]: value },
})

const signature = (body: string, certificate: Certificate, key: KeyObject): string =>
  base64(
    signCms({
      content: Buffer.from(body),
      detached: true,
      certificate,
      key,
      digest: 'sha256',
      certificates: [certificate.der],
      signingTimeMs: Date.now(),
    }),
  )

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function authority(): Authority {
  const pair = generateKeyPairSync('rsa', { modulusLength: 3_072 })
  const der = selfSigned(pair, {
    authority: true,
    subject: [commonName('bench')],
    serial: serial(),
    notBeforeMs: Date.now() - day,
    notAfterMs: Date.now() + 365 * day,
  })
  return { certificate: read(der), key: pair.privateKey }
}

const certificateOf = (ca: Authority, publicKey: KeyObject): Certificate =>
  read(
    issueCertificate(ca, {
      publicKey,
      subject: [commonName('bench device')],
      serial: serial(),
      nowMs: Date.now(),
      lifetimeMs: 30 * day,
    }),
  )

function read(der: Uint8Array): Certificate {
  const certificate = readCertificate(der)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return certificate.value
}

/** Positive, as serials are. */
const serial = (): Uint8Array => randomBytes(16).fill(0x4a, 0, 1)

function writeOf(certificate: Certificate): Write {
  const row: CertificateRow = {
    ...rowOfCertificate(certificate),
    public_key_hash: certificate.spkiHash,
    origin: 'issued',
    status: 'issued',
    host_id: null,
    vouched_host_id: null,
    proven: null,
    profile: null,
    link_id: null,
    team: null,
    challenge_hash: null,
    transaction_id: null,
    renews: null,
    issued_at: Date.now(),
    first_use_by: null,
    bound_at: null,
    ended_at: null,
    ended_by: null,
  }
  return { put: 'certificate', row }
}
