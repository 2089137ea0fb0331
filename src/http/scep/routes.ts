// SCEP (RFC 8894) as devices speak it. Who gets a certificate is decided behind it.
import { type Context, Hono } from 'hono'
import type { Authorities } from '../../intake/authorities.ts'
import type { Certificates, IssueFault } from '../../intake/certificates.ts'
import type { FailInfo, ScepExchange } from '../../pki/scep-message.ts'
import { buildScepFailure, buildScepSuccess } from '../../pki/scep-reply.ts'
import { type CertifyRequest, readScepRequest, type ScepRequest } from '../../pki/scep-request.ts'
import { readBody } from '../body.ts'
import type { ClientOf } from '../client.ts'
import type { Guesses } from './guesses.ts'
import type { RefusalLog } from '../sampled-log.ts'

export type ScepRoutesOptions = {
  readonly authorities: Authorities
  readonly certificates: Certificates
  readonly guesses: Guesses
  readonly clientOf: ClientOf
  readonly log: RefusalLog
  /** Sixteen random bytes. */
  readonly nonce: () => Uint8Array
}

/** A request for an RSA-8192 key, with a chain beside it, is 12 kB. */
const bodyBytesMax = 262_144

/** Also served one level down: some clients will not have an address without a last segment. */
export function createScepRoutes(options: ScepRoutesOptions): Hono {
  const app = new Hono()
  app.all('/scep/*', async (c) => {
    try {
      return await reply(options, c)
    } catch (error) {
      options.log.error({ err: error }, 'a SCEP request failed')
      return plain('An error of the server.', 500)
    }
  })
  return app
}

/** RFC 8894 section 3.5.2, a word a line. SCEPStandard covers AES, SHA-256 and POST for those who know it. */
const capabilities = [
  'Renewal',
  'SHA-1',
  'SHA-256',
  'AES',
  'DES3',
  'SCEPStandard',
  'POSTPKIOperation',
]

async function reply(options: ScepRoutesOptions, c: Context): Promise<Response> {
  const { method } = c.req
  if (method !== 'GET' && method !== 'POST') return plain('GET or POST.', 405)
  switch (operationOf(c.req.url)) {
    case 'GetCACaps':
      return bytes(new TextEncoder().encode(`${capabilities.join('\n')}\n`), 'text/plain')
    case 'GetCACert':
      // Just the one: clients encrypt to each certificate they get.
      return bytes(options.authorities.active.certificate.der, 'application/x-x509-ca-cert')
    case 'PKIOperation': {
      const message = method === 'POST' ? await bodyOf(c) : messageOf(c.req.url)
      return message === undefined
        ? plain('PKIOperation needs a message.', 400)
        : operate(options, c, message)
    }
    default:
      return plain('operation must be GetCACaps, GetCACert or PKIOperation.', 400)
  }
}

/** By hand: some clients repeat their message in the query as bytes that are no UTF-8, which decoders refuse. */
const operationOf = (url: string): string =>
  /[?&]operation=(?<operation>[A-Za-z]{1,32})(?:[&#]|$)/.exec(url)?.groups?.['operation'] ?? ''

async function bodyOf(c: Context): Promise<Uint8Array | undefined> {
  const body = await readBody(c, { bytesMax: bodyBytesMax })
  return body.ok && body.value.length > 0 ? body.value : undefined
}

/** Base64 in either alphabet. A plus that was not escaped stays one, as clients mean it. */
function messageOf(url: string): Uint8Array | undefined {
  const text = /[?&]message=(?<message>[A-Za-z0-9+/=_%-]{1,350000})(?:[&#]|$)/.exec(url)?.groups?.[
    'message'
  ]
  const unescaped = text?.replaceAll(/%[0-9A-Fa-f]{2}/g, (code) =>
    String.fromCodePoint(Number.parseInt(code.slice(1), 16)),
  )
  return unescaped === undefined ? undefined : Buffer.from(unescaped, 'base64')
}

async function operate(
  options: ScepRoutesOptions,
  c: Context,
  message: Uint8Array,
): Promise<Response> {
  const { authorities, log } = options
  const read = readScepRequest(message, authorities.active)
  if (read.ok) return certify(options, c, read.value)
  if (read.error.kind === 'not-scep') {
    log.warn({ detail: read.error.detail }, 'refused what is no SCEP request')
    return plain('Not a SCEP request.', 400)
  }
  const { exchange, failInfo, detail } = read.error
  return refuse(options, exchange, { failInfo, detail })
}

async function certify(
  options: ScepRoutesOptions,
  c: Context,
  request: ScepRequest,
): Promise<Response> {
  const { exchange } = request
  // Nothing is ever pending here, and no list of revoked certificates is kept: every message is checked at once.
  if (request.kind === 'query')
    return refuse(options, exchange, { failInfo: 'badCertId', detail: exchange.messageType })
  const client = options.clientOf(c) ?? 'nobody'
  const issued = await options.certificates.issue(wishOf(request, !options.guesses.isOver(client)))
  if (issued.ok) {
    const answer = { ...answering(options), certificates: [issued.value.der] }
    return bytes(buildScepSuccess(request, answer), messageType)
  }
  const { kind } = issued.error
  if (kind === 'unavailable') return plain('Not now.', 503, { 'retry-after': '5' })
  const wasOver = options.guesses.isOver(client)
  if (isGuess[kind]) options.guesses.failed(client)
  // Whoever guesses costs us no signatures.
  if (wasOver) return plain('Too many wrong challenges.', 429, { 'retry-after': '60' })
  return refuse(options, exchange, { failInfo: failInfos[kind], detail: kind })
}

const wishOf = ({ csr, exchange }: CertifyRequest, mayBeStatic: boolean) => ({
  publicKey: csr.publicKey,
  publicKeyHash: csr.spkiHash,
  challenge: csr.challengePassword ?? undefined,
  transactionId: exchange.transactionId,
  signer: exchange.signer,
  mayBeStatic,
})

type Refused = Exclude<IssueFault['kind'], 'unavailable'>

/** RFC 8894 knows no word for a wrong challenge. */
const failInfos: Readonly<Record<Refused, FailInfo>> = {
  'no-challenge': 'badRequest',
  'unknown-challenge': 'badRequest',
  'expired-challenge': 'badTime',
  'spent-challenge': 'badRequest',
  'link-ended': 'badRequest',
  'not-renewable': 'badCertId',
  'renewal-outstanding': 'badRequest',
  'foreign-key': 'badRequest',
}

/** Others had a challenge once. */
const isGuess: Readonly<Record<Refused, boolean>> = {
  'no-challenge': true,
  'unknown-challenge': true,
  'expired-challenge': false,
  'spent-challenge': false,
  'link-ended': false,
  'not-renewable': true,
  'renewal-outstanding': false,
  'foreign-key': true,
}

/** HTTP says 200: the message says no. */
function refuse(
  options: ScepRoutesOptions,
  exchange: ScepExchange,
  { failInfo, detail }: { readonly failInfo: FailInfo; readonly detail: string },
): Response {
  options.log.warn({ failInfo, detail, message: exchange.messageType }, 'refused a SCEP request')
  return bytes(buildScepFailure(exchange, failInfo, answering(options)), messageType)
}

const answering = ({ authorities, nonce }: ScepRoutesOptions) => ({
  authority: authorities.active,
  senderNonce: nonce(),
})

const messageType = 'application/x-pki-message'

/** Clients compare types letter for letter: no charset may follow. */
const bytes = (content: Uint8Array, type: string): Response =>
  new Response(content as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': type, 'content-length': String(content.length) },
  })

const plain = (
  text: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(`${text}\n`, {
    status,
    headers: {
      ...headers,
      'content-type': 'text/plain',
      'content-length': String(text.length + 1),
    },
  })
