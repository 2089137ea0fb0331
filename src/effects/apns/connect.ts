// Opens one HTTP/2 connection to Apple's push service.
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { fail, ok, type Result } from '../../result.ts'

export type Endpoint = {
  readonly url: string
  /** PEM of every authority that is trusted; the system's own when undefined. */
  readonly ca?: readonly string[] | undefined
}

/** A push certificate with its key, as TLS wants them. */
export type PushIdentity = {
  /** PEM, leaf first. */
  readonly certificate: string
  readonly key: string
}

/** Why there is no connection. `isOurs`: Apple does not take our certificate, so trying again changes nothing. */
export type ConnectFault = { readonly reason: string; readonly isOurs: boolean }

/** Our word for a topic nobody has a certificate of. */
export const noCertificate = 'NoPushCertificate'

/** Handshake and first settings: three round trips, with room for a poor line. */
const connectTimeoutMs = 10_000

/** Resolves once Apple has said how many pushes may be under way at once. */
export function connect(
  { url, ca }: Endpoint,
  { certificate, key }: PushIdentity,
): Promise<Result<ClientHttp2Session, ConnectFault>> {
  const { promise, resolve } = Promise.withResolvers<Result<ClientHttp2Session, ConnectFault>>()
  let session: ClientHttp2Session
  try {
    session = connectHttp2(url, {
      cert: certificate,
      key,
      ...(ca && { ca: [...ca] }),
      settings: { enablePush: false },
    })
  } catch (error) {
    // The key and the certificate were checked when they came, so this is an unsound setting of ours.
    return Promise.resolve(fail({ reason: codeOf(error), isOurs: true }))
  }
  const timer = setTimeout(() => session.destroy(new Error('no answer in time')), connectTimeoutMs)
  const settle = (settled: Result<ClientHttp2Session, ConnectFault>): void => {
    clearTimeout(timer)
    session.off('error', onError)
    session.off('close', onClose)
    resolve(settled)
  }
  const onError = (error: Error): void => {
    // Its own errors after this one have no listener any more, and would end the process.
    session.on('error', () => {})
    settle(fail(faultOf(error)))
  }
  const onClose = (): void => settle(fail({ reason: 'the connection was closed', isOurs: false }))
  session.once('error', onError)
  session.once('close', onClose)
  session.once('remoteSettings', () => settle(ok(session)))
  return promise
}

export const faultOf = (error: unknown): ConnectFault => ({
  reason: codeOf(error),
  isOurs: certificateAlerts.test(codeOf(error)),
})

/** TLS alerts by which a server refuses a client's certificate (RFC 8446, 6.2). */
const certificateAlerts =
  /^ERR_SSL_.*ALERT_(?:(?:BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_(?:EXPIRED|REVOKED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)/

function codeOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (typeof code === 'string') return code
  return typeof message === 'string' ? message : 'unknown'
}
