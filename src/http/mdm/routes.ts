// The MDM client's door. Routes translate; who may say what is the host's business.
import { type Context, Hono } from 'hono'
import type { Credential, CredentialFault } from '../../intake/credential.ts'
import type { MdmIntake } from '../../intake/mdm.ts'
import type { MdmAnswer, MdmRefusal } from '../../intake/mdm-answer.ts'
import type { NoteRefusal } from '../../intake/refusals.ts'
import { buildPlist } from '../../protocol/plist/build.ts'
import { fail, ok, type Result, unreachable } from '../../result.ts'
import { type BodyFault, readBody } from '../body.ts'
import type { Reading } from '../reading/reading.ts'
import { type MessageRefusal, readMessage } from './message.ts'
import { mdmPage } from './page.ts'
import { enrollmentIn } from '../../protocol/mdm/report-body.ts'
import type { RefusalLog } from '../sampled-log.ts'

/** Check-ins carry names and tokens of some kB each. */
const checkinBytesMax = 1_048_576

/** Reports carry whole lists of apps, profiles and certificates: 20 MB have been seen. It fits in the least memory for bodies. */
const reportBytesMax = 64 * 1_048_576

/** Where devices are believed, all of them share an eighth of the memory for bodies: by default 32 MB. */
const believedReportBytesMax = 24 * 1_048_576

export type MdmRoutesOptions = {
  readonly intake: MdmIntake
  readonly log: RefusalLog
  readonly reading: Reading
  /** Who the device proved to be, by headers and connection. */
  readonly sender: (c: Context) => Result<Sender, CredentialFault>
  /** Hears of whoever is not believed. */
  readonly noteRefusal: NoteRefusal
}

/** `signs` compares a body with what the sender signed. */
type Sender = {
  readonly credential: Credential
  readonly signs: (body: Uint8Array) => boolean
}

const checkinType = 'application/x-apple-aspen-mdm-checkin'
const reportType = 'application/x-apple-aspen-mdm'

/** One handler for all: a path that several patterns match costs every poll a chain of middleware. */
export function createMdmRoutes(options: MdmRoutesOptions): Hono {
  const app = new Hono()
  app.all('/mdm/*', (c) => reply(options, c))
  return app
}

const paths: ReadonlySet<string> = new Set(['/mdm', '/mdm/checkin'])
const methods: ReadonlySet<string> = new Set(['PUT', 'POST'])

async function reply(options: MdmRoutesOptions, c: Context): Promise<Response> {
  if (!paths.has(c.req.path)) return empty(404)
  if (!methods.has(c.req.method)) return wrongMethod(c)
  try {
    return await (isCheckin(c) ? takeCheckin(options, c) : takeReport(options, c))
  } catch (error) {
    options.log.error({ err: error, path: c.req.path }, 'an MDM request failed')
    return empty(500)
  }
}

/** Devices never ask with GET; people try the address in a browser. */
function wrongMethod(c: Context): Response {
  const isBrowser = c.req.method === 'GET' && (c.req.header('accept') ?? '').includes('text/html')
  const response = isBrowser
    ? whole(new TextEncoder().encode(String(mdmPage)), 'text/html; charset=utf-8', 405)
    : empty(405)
  response.headers.set('Allow', 'PUT, POST')
  return response
}

/** Everything that is not a check-in is a report: some clients send reports without a content type. */
function isCheckin(c: Context): boolean {
  const type = c.req.header('content-type') ?? ''
  if (type.startsWith(checkinType)) return true
  return c.req.path.endsWith('/checkin') && !type.startsWith(reportType)
}

async function takeCheckin(options: MdmRoutesOptions, c: Context): Promise<Response> {
  const heard = await hear(options, c, { bytesMax: checkinBytesMax })
  if (!heard.ok) return heard.error
  const { credential, body } = heard.value
  const read = await readMessage(options.reading, 'checkin', body)
  if (!read.ok) return refuse(options, refusalOf(read.error))
  const { message, bytes } = read.value
  const intake = options.intake.hearing(() => ({ bytes, params: c.req.query() }))
  return answer(options, await intake.checkin(message, credential))
}

async function takeReport(options: MdmRoutesOptions, c: Context): Promise<Response> {
  const heard = await hear(options, c, {
    bytesMax: reportBytesMax,
    believedBytesMax: believedReportBytesMax,
    noteTooLarge: async (credential) =>
      options.intake.unread({ credential, body: null, reason: tooLarge }),
  })
  if (!heard.ok) return heard.error
  const { credential, body } = heard.value
  const read = await readMessage(options.reading, 'report', body)
  if (!read.ok) {
    if ('bytes' in read.error) {
      const { bytes, detail } = read.error
      const enrollment = enrollmentIn(bytes)
      await options.intake.unread({ credential, body: bytes, reason: detail, enrollment })
    }
    return refuse(options, refusalOf(read.error))
  }
  const { message, bytes } = read.value
  const intake = options.intake.hearing(() => ({ bytes, params: c.req.query() }))
  return answer(options, await intake.report(message, bytes, credential))
}

type Heard = { readonly credential: Credential; readonly body: Uint8Array }

type HearOptions = {
  readonly bytesMax: number
  /** Of a device that proved nothing, where devices are believed. */
  readonly believedBytesMax?: number
  readonly noteTooLarge?: (credential: Credential) => Promise<void>
}

const tooLarge = 'the report is too large'

/** The sender first, then the body: a device that is not believed costs no memory. */
async function hear(
  options: MdmRoutesOptions,
  c: Context,
  { bytesMax, believedBytesMax = bytesMax, noteTooLarge }: HearOptions,
): Promise<Result<Heard, Response>> {
  const sender = options.sender(c)
  if (!sender.ok) return fail(refuseDevice(options, sender.error))
  const { credential, signs } = sender.value
  const isKnown = credential.kind !== 'none'
  const body = await readBody(c, { bytesMax: isKnown ? bytesMax : believedBytesMax, isKnown })
  if (!body.ok) {
    if (body.error.kind === 'too-large') await noteTooLarge?.(credential)
    return fail(refuseBody(options, body.error))
  }
  return signs(body.value)
    ? ok({ credential, body: body.value })
    : fail(refuseDevice(options, { kind: 'bad-signature', fingerprint: null, hostId: null }))
}

const refusalOf = (fault: MessageRefusal): Refusal => ({
  kind: fault.kind,
  detail: fault.detail,
  status: fault.kind === 'overloaded' || fault.kind === 'unavailable' ? 503 : 400,
})

function answer(options: MdmRoutesOptions, said: MdmAnswer): Response {
  switch (said.kind) {
    case 'nothing':
      return empty(200)
    case 'command':
      return whole(said.bytes, 'application/xml')
    case 'plist':
      return whole(new TextEncoder().encode(buildPlist(said.value)), 'application/xml')
    case 'json':
      return whole(new TextEncoder().encode(JSON.stringify(said.value)), 'application/json')
    case 'json-bytes':
      return whole(said.bytes, 'application/json')
    case 'refused':
      return refuse(options, { kind: said.why, status: statuses[said.why], detail: '' })
    default:
      return unreachable(said)
  }
}

type Status = 400 | 404 | 410 | 500 | 503

/** Never 401, which tells a device to remove its management. */
const statuses: Readonly<Record<MdmRefusal, Status>> = {
  'unknown-enrollment': 400,
  'foreign-certificate': 400,
  'foreign-identifier': 400,
  'unbound-certificate': 400,
  'copied-credential': 400,
  unidentifiable: 400,
  'not-enrolled': 400,
  'unknown-endpoint': 400,
  'unknown-token-service': 400,
  'user-declined': 410,
  'no-such-declaration': 404,
  overloaded: 503,
  unavailable: 503,
  damaged: 500,
  failed: 500,
}

const advice =
  'its device did not enrol within an hour of getting this certificate: remove the profile and install a new one'

type Refusal = {
  readonly kind: string
  /** What helps, for whoever reads the log. */
  readonly advice?: string
  readonly status: Status | 405 | 408 | 413
  readonly detail: string
}

function refuse({ log }: MdmRoutesOptions, refusal: Refusal): Response {
  // Declined users and missing declarations are everyday answers, not faults.
  const level = refusal.status === 410 || refusal.status === 404 ? 'debug' : 'warn'
  log[level](refusal, 'refused an MDM message')
  return empty(refusal.status)
}

/** Whatever is wrong with its certificate: 401 and 403 would end its enrollment. */
function refuseDevice(options: MdmRoutesOptions, fault: CredentialFault): Response {
  options.noteRefusal(fault)
  const refusal = { kind: fault.kind, status: 400, detail: fault.fingerprint ?? '' } as const
  return refuse(options, fault.kind === 'expired-unused' ? { ...refusal, advice } : refusal)
}

function refuseBody(options: MdmRoutesOptions, fault: BodyFault): Response {
  return refuse(options, { kind: fault.kind, status: bodyStatuses[fault.kind], detail: '' })
}

const bodyStatuses: Readonly<Record<BodyFault['kind'], Refusal['status']>> = {
  'too-large': 413,
  'bad-encoding': 400,
  aborted: 400,
  stalled: 408,
  overloaded: 503,
}

/** With a length, even when it is nothing: clients take a chunked empty body for an error. */
const empty = (status: Status | 200 | 405 | 408 | 413): Response =>
  new Response(null, { status, headers: { 'Content-Length': '0' } })

const whole = (bytes: Uint8Array, type: string, status = 200): Response =>
  new Response(bytes as Uint8Array<ArrayBuffer>, {
    status,
    headers: { 'Content-Type': type, 'Content-Length': String(bytes.length) },
  })
