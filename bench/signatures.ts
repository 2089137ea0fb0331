// What it costs to believe a device: one signature over one body, by each kind of key.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { issueCertificate, selfSigned } from '../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../src/pki/certificate.ts'
import { signCms } from '../src/pki/cms-signing.ts'
import { createDeviceCertificates } from '../src/pki/device-certificates.ts'
import { type DeviceSignatureRules, readDeviceSignature } from '../src/pki/device-signature.ts'
import { type Bench, type Figure, median, type Target } from './figure.ts'

/** As long as an Idle report. */
const body = Buffer.alloc(400, '<')
/** Whole seconds, as certificates have them. */
const nowMs = Math.floor(Date.now() / 1_000) * 1_000
const dayMs = 86_400_000

/** Requests per round: enough for a clock to tell. */
const perRound = 200
const rounds = 15

const target: Target = { kind: 'at-most', value: 200 }

export const signatures: Bench = {
  name: 'signatures',
  run: async () => {
    const authority = makeAuthority()
    const known = createDeviceCertificates(() => [authority.certificate])
    // Devices are forgotten between requests: what the first of each costs.
    const unknown = () => createDeviceCertificates(() => [authority.certificate])
    const rsa = makeRequest(authority, generateKeyPairSync('rsa', { modulusLength: 2_048 }))
    const ec = makeRequest(authority, generateKeyPairSync('ec', { namedCurve: 'P-256' }))
    return [
      { ...figure('Verify an Mdm-Signature, RSA-2048', rsa, () => known), target },
      { ...figure('the same with the key on P-256', ec, () => known), target },
      // Once for every device, so that it has no target of its own.
      figure('the same of a device not seen before, RSA-2048', rsa, unknown),
    ]
  },
}

function figure(
  what: string,
  header: string,
  certificates: () => DeviceSignatureRules['certificates'],
): Figure {
  const verify = (): void => {
    const rules = { certificates: certificates(), skewMsMax: null }
    const read = readDeviceSignature({ header, body, nowMs }, rules)
    if (!read.ok) throw new Error(read.error.kind)
  }
  const times = Array.from({ length: rounds + 3 }, () => {
    const before = cpuUs()
    for (let done = 0; done < perRound; done += 1) verify()
    return (cpuUs() - before) / perRound
  })
  const value = median(times.slice(3)) // the first three are for the compiler
  return { what, value, unit: 'µs' }
}

/** Microseconds of this thread alone: others on the machine do not count. */
const cpuUs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

type Pair = ReturnType<typeof generateKeyPairSync>
type Authority = { readonly certificate: Certificate; readonly key: Pair['privateKey'] }

/** The header of a request by a new device of the authority, which comes along as Apple's devices send it. */
function makeRequest(authority: Authority, { publicKey, privateKey }: Pair): string {
  const certificate = read(
    issueCertificate(authority, {
      serial: serial(),
      subject: named('a device'),
      nowMs,
      lifetimeMs: 365 * dayMs,
      publicKey,
    }),
  )
  const signed = signCms({
    content: body,
    detached: true,
    certificate,
    key: privateKey,
    digest: 'sha256',
    certificates: [certificate.der, authority.certificate.der],
    signingTimeMs: nowMs,
  })
  return Buffer.from(signed).toString('base64')
}

function makeAuthority(): Authority {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const wish = {
    authority: true,
    subject: named('an authority'),
    serial: serial(),
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 3_650 * dayMs,
  }
  return { certificate: read(selfSigned(pair, wish)), key: pair.privateKey }
}

function read(der: Uint8Array): Certificate {
  const certificate = readCertificate(der)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return certificate.value
}

const named = (value: string) => [{ oid: '2.5.4.3', value }]

/** Sixteen octets, the first of which makes it no negative number. */
const serial = (): Uint8Array => Buffer.concat([Buffer.of(0x4a), randomBytes(15)])
