// How a computer gets its enrolment profile. Addresses of links are secrets, so none of them is ever logged.
import { type Context, Hono } from 'hono'
import type { ProfileFault, Profiles } from '../../intake/profiles.ts'
import type { Certificate } from '../../pki/certificate.ts'
import type { Result } from '../../result.ts'
import { readBody } from '../body.ts'
import { provenBy } from './device.ts'
import { linkPage, sorryPage } from './page.ts'
import { sentences, type Sentence } from './sentences.ts'
import type { RefusalLog } from '../sampled-log.ts'

export type EnrollRoutesOptions = {
  readonly profiles: Profiles
  readonly deviceRoots: readonly Certificate[]
  /** What is not asked for unsigned: somebody gave a certificate that devices know. */
  readonly signsProfiles: boolean
  /** Ways of account-driven enrolment, served elsewhere; empty when there is none. */
  readonly accountEnrollment: readonly { readonly version: string; readonly baseUrl: string }[]
  readonly log: RefusalLog
}

/** A signed property list with its chain is 6 kB. */
const machineBytesMax = 65_536

export function createEnrollRoutes(options: EnrollRoutesOptions): Hono {
  const app = new Hono()
  const guarded =
    (run: (c: Context) => Promise<Response>) =>
    async (c: Context): Promise<Response> => {
      try {
        return closed(await run(c))
      } catch (error) {
        options.log.error({ err: error }, 'an enrolment failed')
        return closed(sorry(c, sentences.unavailable))
      }
    }
  app.post(
    '/enroll/ade',
    guarded((c) => automatic(options, c)),
  )
  app.get(
    '/enroll/web',
    guarded((c) => inWebView(options, c)),
  )
  app.get(
    '/enroll/:secret',
    guarded((c) => byLink(options, c)),
  )
  app.get(
    '/.well-known/com.apple.remotemanagement',
    guarded(async () => serviceDiscovery(options)),
  )
  return app
}

/** Setup Assistant hands in who the device is. */
async function automatic(options: EnrollRoutesOptions, c: Context): Promise<Response> {
  const body = await readBody(c, { bytesMax: machineBytesMax })
  if (!body.ok) return sorry(c, sentences['not-signed'])
  return forDevice(options, c, body.value)
}

/** The same in a header, from the web view that Setup Assistant opens at a `configuration_web_url`. */
async function inWebView(options: EnrollRoutesOptions, c: Context): Promise<Response> {
  const header = c.req.header('x-apple-aspen-deviceinfo')
  if (header === undefined) return sorry(c, sentences['no-device'])
  return forDevice(options, c, Buffer.from(header, 'base64'))
}

async function forDevice(
  options: EnrollRoutesOptions,
  c: Context,
  message: Uint8Array,
): Promise<Response> {
  const proven = provenBy(message, options.deviceRoots)
  if (!proven.ok) {
    options.log.warn({ kind: proven.error.kind, detail: proven.error.detail }, 'not a device')
    return sorry(c, sentences[proven.error.kind])
  }
  return give(options, c, await options.profiles.byDevice(proven.value, new URL(c.req.url).origin))
}

/** A browser is told first what it is about to fetch; whatever else asks wants the profile. */
async function byLink(options: EnrollRoutesOptions, c: Context): Promise<Response> {
  const { origin, searchParams } = new URL(c.req.url)
  const secret = c.req.param('secret') ?? ''
  const wants = searchParams.has('download') || searchParams.has('signed')
  const isLooking = c.req.method === 'HEAD' || (isBrowser(c) && !wants)
  if (!isLooking) return give(options, c, await options.profiles.byLink(secret, origin))
  const open = options.profiles.openLink(secret, origin)
  return open.ok ? page(String(linkPage(open.value.name)), 200) : refuse(options, c, open.error)
}

const isBrowser = (c: Context): boolean => (c.req.header('accept') ?? '').includes('text/html')

function give(
  options: EnrollRoutesOptions,
  c: Context,
  made: Result<Uint8Array, ProfileFault>,
): Response {
  if (!made.ok) return refuse(options, c, made.error)
  const asked = new URL(c.req.url).searchParams.get('signed')
  const isSigned = asked === null ? options.signsProfiles : asked === 'true'
  const content = isSigned ? options.profiles.signed(made.value) : made.value
  return new Response(content as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': 'application/x-apple-aspen-config',
      'content-length': String(content.length),
      'content-disposition': 'attachment; filename="muster.mobileconfig"',
    },
  })
}

function refuse({ log }: EnrollRoutesOptions, c: Context, fault: ProfileFault): Response {
  const kind = fault.kind === 'link-ended' ? fault.end : fault.kind
  log.warn({ kind }, 'gave no enrolment profile')
  return sorry(c, sentences[kind])
}

const sorry = (c: Context, { status, text }: Sentence): Response =>
  isBrowser(c)
    ? page(String(sorryPage(text)), status)
    : new Response(`${text}\n`, {
        status,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
      })

const page = (content: string, status: number): Response =>
  new Response(content, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })

/** The address holds a secret, and the answer another one. */
function closed(response: Response): Response {
  response.headers.set('cache-control', 'no-store')
  response.headers.set('referrer-policy', 'no-referrer')
  response.headers.set('x-content-type-options', 'nosniff')
  response.headers.set(
    'content-security-policy',
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  )
  return response
}

function serviceDiscovery({ accountEnrollment }: EnrollRoutesOptions): Response {
  if (accountEnrollment.length === 0) return new Response(null, { status: 404 })
  const servers = accountEnrollment.map(({ version, baseUrl }) => ({
    Version: version,
    BaseURL: baseUrl,
  }))
  return Response.json({ Servers: servers })
}
