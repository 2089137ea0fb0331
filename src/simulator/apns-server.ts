// A push service that speaks as Apple's does: HTTP/2 over TLS, a client certificate, and the same refusals.
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { type Answer, refusalOf } from './apns-rules.ts'

/** A push that was taken: what a device would hear. */
export type Delivered = {
  readonly topic: string
  /** Lower-case hexadecimal. */
  readonly token: string
  readonly magic: string
  readonly apnsId: string
}

export type ApnsServerOptions = {
  /** PEM of the server's own certificate and key. */
  readonly cert: string
  readonly key: string
  /** Streams at once. @default 1,000, as Apple's */
  readonly streamsMax?: number
  /** What to answer instead of taking the push. */
  readonly answer?: (push: Delivered) => Answer | undefined | Promise<Answer | undefined>
  /** A device is reached. */
  readonly deliver?: (push: Delivered) => void
}

export type ApnsServer = {
  readonly url: string
  /** Connections that were ever made, and those that stand. */
  connections(): { readonly made: number; readonly open: number }
  /** Says goodbye on every connection, with a reason where there is one; what is under way may end. */
  goAway(reason?: string): void
  /** Cuts every connection without a word. */
  cut(): void
  close(): Promise<void>
}

/** Resolves once it listens, on a free port of this machine. */
export async function openApnsServer(options: ApnsServerOptions): Promise<ApnsServer> {
  const sessions = new Set<ServerHttp2Session>()
  let made = 0
  const server = createSecureServer({
    cert: options.cert,
    key: options.key,
    requestCert: true,
    // Whoever signed it: what counts is the topic in its subject.
    rejectUnauthorized: false,
    settings: { maxConcurrentStreams: options.streamsMax ?? 1_000 },
  })
  server.on('session', (session) => {
    made += 1
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => void serve(stream, headers, options))
  server.on('sessionError', () => {})
  await listening(server)
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `https://localhost:${port}`,
    connections: () => ({ made, open: sessions.size }),
    goAway(reason) {
      const text = reason === undefined ? '' : JSON.stringify({ reason })
      for (const session of sessions) session.goaway(0, 0, Buffer.from(text))
    },
    cut() {
      for (const session of sessions) session.destroy()
    },
    async close() {
      for (const session of sessions) session.destroy()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    },
  }
}

function listening(server: Http2SecureServer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, 'localhost', resolve)
  return promise
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

async function serve(
  stream: ServerHttp2Stream,
  headers: Headers,
  { answer, deliver }: ApnsServerOptions,
): Promise<void> {
  stream.on('error', () => {})
  const body = await textOf(stream)
  if (body === undefined) return
  const apnsId = headerOf(headers, 'apns-id') ?? crypto.randomUUID().toUpperCase()
  const refusal = refusalOf({ headers, body, topic: topicOf(stream) })
  if (refusal !== undefined) return reply(stream, apnsId, refusal)
  const { mdm: magic } = JSON.parse(body) as { readonly mdm: string }
  const push: Delivered = {
    topic: headerOf(headers, 'apns-topic') ?? '',
    token: (headerOf(headers, ':path') ?? '').replace('/3/device/', ''),
    magic,
    apnsId,
  }
  const instead = await answer?.(push)
  if (instead !== undefined) return reply(stream, apnsId, instead)
  reply(stream, apnsId, { status: 200 })
  deliver?.(push)
}

/** Undefined when the client went away meanwhile. */
async function textOf(stream: ServerHttp2Stream): Promise<string | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  } catch {
    return undefined
  }
}

function reply(stream: ServerHttp2Stream, apnsId: string, said: Answer): void {
  if (stream.destroyed || stream.closed) return
  const { status, reason, timestamp, retryAfter } = said
  stream.respond({
    ':status': status,
    'apns-id': apnsId,
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  })
  const why = { reason, ...(timestamp !== undefined && { timestamp }) }
  stream.end(reason === undefined ? '' : JSON.stringify(why))
}

/** The UID in the subject of the client's certificate; undefined without one. */
function topicOf(stream: ServerHttp2Stream): string | undefined {
  const socket = stream.session?.socket as TLSSocket | undefined
  const certificate: PeerCertificate | undefined = socket?.getPeerCertificate()
  const subject = certificate?.subject as Readonly<Record<string, unknown>> | undefined
  const uid = subject?.['UID']
  return typeof uid === 'string' ? uid : undefined
}

const headerOf = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}
