// Where the certificate of a device comes from, in each way of knowing devices. Whose it is, is decided elsewhere.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Context } from 'hono'
import type { Presented, PresentedFault } from '../../intake/credential.ts'
import type { DeviceCertificates } from '../../pki/device-certificates.ts'
import { type DeviceSignatureRules, readDeviceSigner } from '../../pki/device-signature.ts'
import { fail, ok, type Result } from '../../result.ts'
import { incomingOf } from '../incoming.ts'
import { isAmong } from '../proxies.ts'
import { certificateIn } from './certificate-header.ts'

/** Looks at the request's headers and connection only: the body is read once its sender is known. */
export type Present = (c: Pick<Context, 'env'>) => Result<PresentedBy, PresentedFault>

export type PresentedBy = Presented & {
  /** Whether the sender vouches for this body, as it came. */
  readonly signs: (body: Uint8Array) => boolean
}

/** `Mdm-Signature`: the device signs each body. */
export const bySignature =
  (rules: DeviceSignatureRules, now: () => number): Present =>
  (c) => {
    const header = incomingOf(c)?.headers['mdm-signature']
    // Two of them come joined by a comma, which is not base64.
    if (typeof header !== 'string') return fail({ kind: 'no-certificate' })
    return readDeviceSigner({ header, nowMs: now() }, rules)
  }

export type ProxyRules = {
  readonly certificates: DeviceCertificates
  /** Addresses our proxies connect from. */
  readonly proxies: BlockList
  /** Lower case. */
  readonly header: string
  /** What a proxy must say besides, and in which header. */
  readonly secret?: { readonly header: string; readonly value: string } | undefined
}

/** A proxy in front ends TLS and tells the certificate in a header. From anybody else that header is just text. */
export const byHeader =
  ({ certificates, proxies, header, secret }: ProxyRules): Present =>
  (c) => {
    const incoming = incomingOf(c)
    if (incoming === undefined || !isAmong(proxies, incoming.socket.remoteAddress ?? ''))
      return fail({ kind: 'not-a-proxy' })
    if (secret !== undefined && !isOnly(valuesOf(incoming, secret.header), secret.value))
      return fail({ kind: 'not-a-proxy' })
    const [value, another] = valuesOf(incoming, header)
    if (value === undefined || value === '') return fail({ kind: 'no-certificate' })
    if (another !== undefined) return fail({ kind: 'ambiguous-header' })
    const der = certificateIn(value)
    return der === undefined ? fail({ kind: 'not-a-certificate' }) : believed(certificates, der)
  }

/** The device's own TLS connection ends here: the handshake proved that it holds the key. */
export function byTls(certificates: DeviceCertificates): Present {
  const peers = new WeakMap<TLSSocket, Uint8Array>()

  function peerOf(socket: TLSSocket): Uint8Array | undefined {
    const known = peers.get(socket)
    if (known !== undefined) return known
    const der = socket.getPeerX509Certificate()?.raw
    if (der !== undefined) peers.set(socket, der)
    return der
  }

  return (c) => {
    const socket = incomingOf(c)?.socket
    const der = socket instanceof TLSSocket ? peerOf(socket) : undefined
    return der === undefined ? fail({ kind: 'no-certificate' }) : believed(certificates, der)
  }
}

function believed(
  certificates: DeviceCertificates,
  der: Uint8Array,
): Result<PresentedBy, PresentedFault> {
  const certificate = certificates.read(der)
  return certificate.ok ? ok({ certificate: certificate.value, signs: anyBody }) : certificate
}

/** Who holds a connection vouches for all that comes over it. */
const anyBody = (): boolean => true

/** Each header line of exactly this name: joined, two would look like one. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '')
  return values
}

function isOnly([value, another]: readonly string[], expected: string): boolean {
  if (value === undefined || another !== undefined) return false
  return timingSafeEqual(digest(value), digest(expected))
}

const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest()
