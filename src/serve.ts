// A running server: its listeners, what it says at the start, and how it stops.
import { createServer, type Server as NodeServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { pino } from 'pino'
import type { Address, Config } from './config/config.ts'
import { createLongAddresses, type LongAddresses } from './http/admission/long-addresses.ts'
import type { Admission } from './http/admission/admission.ts'
import type { BodyBudget } from './http/body-budget.ts'
import { oneHost } from './http/one-host.ts'
import { createCloseUnread } from './http/unread-body.ts'
import { openServer, type Server } from './server.ts'
import { createLeave, type Leave } from './stopping.ts'
import { type ListenerTls, tlsFor } from './tls.ts'

/** Above every poll interval, so that agents keep their connection from one poll to the next. */
const keepAliveTimeoutMs = 120_000

/** Headers of an honest client arrive at once; a slow one is holding a socket. */
const headersTimeoutMs = 10_000

/** Time for a whole request: log batches of 10 MB over a poor line. */
const requestTimeoutMs = 60_000

/** `Mdm-Signature` alone takes up to 8 kB. */
const headerBytesMax = 32_768

/** Sockets at once: agents hold three or four each. */
const connectionsMax = 50_000

export type Running = {
  readonly url: string
  readonly server: Server
  stop(): Promise<void>
}

export type Talk = (line: string) => void

/** Starts serving. Rejects with one sentence when the setup, the data folder or the address does not allow it. */
export async function serve(config: Config, talk: Talk): Promise<Running> {
  const log = pino({ level: config.logLevel }, process.stderr)
  const server = await openServer(config, log)
  const listeners: Listener[] = []
  try {
    const { app, deviceApp, admission, bodies } = server
    const tls = tlsFor(config, server, { warn: (sentence) => log.warn(sentence) })
    const { deviceListen, proxies } = config
    if (deviceListen !== undefined)
      listeners.push(
        await listen({
          app: deviceApp,
          admission,
          bodies,
          address: deviceListen,
          tls: tls?.devices,
          proxies,
        }),
      )
    const mainTls = deviceListen === undefined ? tls?.devices : tls?.operators
    const address = config.listen
    const main = await listen({ app, admission, bodies, address, tls: mainTls, proxies })
    listeners.push(main)
    const url = urlOf(config, main.listener)
    await greet({ config, server, url }, talk)
    return { url, server, stop: () => stop(server, listeners) }
  } catch (error) {
    // Closed with the rest: one that is left open would keep a program alive that serves nobody.
    await stop(server, listeners)
    throw error
  }
}

type Listening = {
  readonly app: Hono
  readonly admission: Admission
  readonly bodies: BodyBudget
  readonly address: Address
  readonly tls: ListenerTls | undefined
  readonly proxies: Config['proxies']
}

type Listener = {
  readonly listener: NodeServer
  readonly leave: Leave
  readonly long: LongAddresses
}

function listen(listening: Listening): Promise<Listener> {
  const { app, admission, bodies, address, tls, proxies } = listening
  const { promise, resolve, reject } = Promise.withResolvers<Listener>()
  const { host, port } = address
  const limits = {
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
  }
  const leave = createLeave()
  const long = createLongAddresses(
    { bytesMax: headerBytesMax, timeoutMs: headersTimeoutMs },
    proxies,
  )
  const answering = getRequestListener(
    (request, env) => app.fetch(request, Object.assign(env, { bodies })),
    // Ours instead: the adapter reads up to 64 MB of a body that was refused.
    { hostname: host, autoCleanupIncoming: false },
  )
  const admitted = leave.before(
    oneHost(createCloseUnread()(long.before(admission.before(answering)))),
  )
  const listener =
    tls === undefined
      ? createServer(limits, admitted)
      : createTlsServer({ ...limits, ...tls.options }, admitted)
  listener.maxConnections = connectionsMax
  long.attach(listener)
  if (tls !== undefined && listener instanceof TlsServer) tls.watch(listener)
  listener.once('error', (error: NodeJS.ErrnoException) =>
    reject(
      error.code === 'EADDRINUSE'
        ? new Error(`${host}:${port} is in use by another program; choose another with --listen.`)
        : error,
    ),
  )
  listener.listen(port, host, () => resolve({ listener, leave, long }))
  return promise
}

function urlOf({ listen: { host }, tlsCertificate }: Config, listener: NodeServer): string {
  const address = listener.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const scheme = tlsCertificate === undefined ? 'http' : 'https'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

type Greeting = { readonly config: Config; readonly server: Server; readonly url: string }

/** What nobody should leave on who manages devices for real. */
const looseLines = ({ deviceRoot = [], scepChallenge }: Config): readonly string[] => [
  ...deviceRoot.map(
    ({ subject }) =>
      `switched on     devices of "${subject}" are believed like Apple's: for simulators only`,
  ),
  ...(scepChallenge === undefined
    ? []
    : ['switched on     a SCEP challenge that never ends: for simulators and migrations only']),
]

/** What an operator needs to begin. Secrets are told once, when they are made. */
async function greet({ config, server, url }: Greeting, talk: Talk): Promise<void> {
  const { keep, tokens, enrollSecrets } = server
  talk(`Muster is ready: ${url}`)
  talk(`  data            ${keep.folder}`)
  if (keep.masterKey.origin === 'created')
    talk('  master key      created in master.key: back it up, without it no secret can be read')
  const isFirst = tokens.list().every(({ configured }) => configured)
  if (isFirst) {
    const token = await tokens.create('first admin', { role: 'admin' })
    if (token.ok) talk(`  admin token     ${token.value.secret}   (shown this once)`)
  } else talk('  admin token     as printed at the first start')
  if (enrollSecrets.list().every(({ configured }) => configured)) {
    const secret = await enrollSecrets.create('first', {})
    if (secret.ok) talk(`  enroll secret   ${secret.value.secret}   (for osquery, shown this once)`)
  } else talk('  enroll secret   as printed at the first start')
  talk(`  ${deviceAuthLines[config.deviceAuth]}`)
  for (const line of looseLines(config)) talk(`  ${line}`)
}

const deviceAuthLines: Readonly<Record<Config['deviceAuth'], string>> = {
  signature: 'devices         are known by what they sign: enrol them by a link',
  mtls: 'devices         are known by their TLS connection: enrol them by a link',
  header: 'devices         are known by what the proxies say: enrol them by a link',
  none: 'switched off    device authentication: devices are believed, so only this machine is served',
}

/** Stops accepting, lets what is under way finish, then closes the data folder. */
async function stop(server: Server, listeners: readonly Listener[]): Promise<void> {
  server.closing()
  await Promise.all(
    listeners.map(({ leave, listener, long }) => leave.take(listener, long.closeSilent)),
  )
  await server.close()
}
