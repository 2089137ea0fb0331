// TLS that ends here: the files it is made of, read again when they change.
import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { SecureContextOptions, Server as TlsServer, TlsOptions } from 'node:tls'
import type { Config } from './config/config.ts'
import { fail, ok, type Result } from './result.ts'
import type { Server } from './server.ts'

type TlsFiles = { readonly certificate: string; readonly key: string }

/** Often enough that a renewed certificate is in use long before the old one ends. */
const lookEveryMs = 10_000

type Pems = { readonly cert: string; readonly key: string }

/** Both files, if they belong together. Fails with a sentence. */
function readTls({ certificate, key }: TlsFiles): Result<Pems, string> {
  try {
    const pems = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
    return new X509Certificate(pems.cert).checkPrivateKey(createPrivateKey(pems.key))
      ? ok(pems)
      : fail(`The key in ${key} is not that of the certificate in ${certificate}.`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return fail(`TLS cannot be served from ${certificate} and ${key}: ${why}.`)
  }
}

/**
 * How a listener serves TLS. Devices are asked for a certificate where `authorities` are given, which they choose
 * theirs by; whether it is believed is decided by us, so that whoever has none gets an answer all the same.
 */
const tlsOptions = (pems: Pems, authorities: readonly string[] | undefined): TlsOptions => ({
  ...contextOf(pems, authorities),
  ...(authorities && { requestCert: true, rejectUnauthorized: false }),
})

const contextOf = (
  pems: Pems,
  authorities: readonly string[] | undefined,
): SecureContextOptions => ({
  ...pems,
  ...(authorities && { ca: [...authorities] }),
  minVersion: 'TLSv1.2',
  ciphers: forwardSecret,
  // A resumed session would bring the certificate of the handshake before it along, or none.
  secureOptions: constants.SSL_OP_NO_TICKET,
})

/** Suites whose keys are made anew for each connection: who gets our key later reads none of what was recorded. */
const forwardSecret = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

/** TLS of one listener: how it begins, and what keeps it up to date from then on. */
export type ListenerTls = {
  readonly options: TlsOptions
  watch(listener: TlsServer): void
}

type Files = Pick<Config, 'tlsCertificate' | 'tlsKey' | 'deviceAuth'>

/** Undefined where TLS is left to others. Throws one sentence for whoever starts the server. */
export function tlsFor(
  { tlsCertificate: certificate, tlsKey: key, deviceAuth }: Files,
  { deviceAuthorities }: Pick<Server, 'deviceAuthorities'>,
  watching: Pick<Watched, 'warn' | 'everyMs'>,
): { readonly operators: ListenerTls; readonly devices: ListenerTls } | undefined {
  if (certificate === undefined || key === undefined) return undefined
  const files = { certificate, key }
  const pems = readTls(files)
  if (!pems.ok) throw new Error(pems.error)
  const listenerTls = (authorities: readonly string[] | undefined): ListenerTls => ({
    options: tlsOptions(pems.value, authorities),
    watch(listener) {
      const stop = watchTls({ listener, files, authorities, ...watching })
      listener.once('close', stop)
    },
  })
  return {
    operators: listenerTls(undefined),
    devices: listenerTls(deviceAuth === 'mtls' ? deviceAuthorities : undefined),
  }
}

type Watched = {
  readonly listener: TlsServer
  readonly files: TlsFiles
  readonly authorities: readonly string[] | undefined
  readonly warn: (sentence: string) => void
  /** @default ten seconds */
  readonly everyMs?: number
}

/**
 * Takes new files into use for new connections; those that are open stay as they are. Files that do not fit are left
 * alone, with a warning: half of a pair is seen whenever the two are replaced one after the other.
 */
function watchTls(watched: Watched): () => void {
  const { listener, files, authorities, warn, everyMs = lookEveryMs } = watched
  const paths = [files.certificate, files.key]
  let served = readTls(files)

  function look(): void {
    const pems = readTls(files)
    if (!pems.ok) return warn(pems.error)
    if (served.ok && served.value.cert === pems.value.cert && served.value.key === pems.value.key)
      return
    served = pems
    listener.setSecureContext(contextOf(pems.value, authorities))
  }

  for (const path of paths) watchFile(path, { interval: everyMs, persistent: false }, look)
  return () => {
    for (const path of paths) unwatchFile(path, look)
  }
}
