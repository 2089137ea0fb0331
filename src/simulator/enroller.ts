// How a simulated device gets its identity: a link from the operator, the profile behind it, a certificate.
import { signCms } from '../pki/cms-signing.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ApiClient } from './api-client.ts'
import type { DeviceKeys } from './device-keys.ts'
import { type EnrolmentProfile, readEnrolmentProfile } from './enrolment-profile.ts'
import type { Identity } from './identity.ts'
import { type DeviceIdentity, obtainIdentity } from './scep.ts'
import type { Wire, WireRequest } from './wire.ts'
import type { World } from './world.ts'

/** What a device holds once its profile is installed. */
export type Installed = {
  readonly topic: string
  /** The request with `Mdm-Signature` over its body, when the profile asks for it. */
  readonly sign: (request: WireRequest) => WireRequest
}

/** Undefined when it could not enrol this time. */
export type Enroller = (identity: Identity) => Promise<Installed | undefined>

type EnrollerOptions = {
  readonly api: ApiClient
  readonly wire: Wire
  readonly keys: DeviceKeys
  readonly clock: () => number
  readonly tell: World['tell']
  /** Why a device could not enrol, in the server's words where it said any. */
  readonly keptOut: (why: string) => void
}

/**
 * A computer the server knows gets a link made for it, as an operator would give to somebody at the desk;
 * all others share one, as on a poster.
 */
export function createEnroller(options: EnrollerOptions): Enroller {
  const { api, wire, keys, clock } = options
  let poster: Promise<string | undefined> | undefined

  function keepOut({ name }: Identity, why: string): undefined {
    options.tell(name, `could not enrol: ${why}`)
    options.keptOut(why)
  }

  async function linkFor(identity: Identity): Promise<string | undefined> {
    const ref = identity.serial ?? identity.mdm?.EnrollmentID ?? identity.uuid
    const known = await api.send({ kind: 'api.host', method: 'GET', path: `/hosts/${ref}` })
    const hostId = known?.status === 200 ? textAt(known.body, 'id') : undefined
    if (hostId !== undefined) return createLink({ name: identity.name, host: hostId })
    poster ??= createLink({ name: 'simulated fleet' })
    return poster
  }

  async function createLink(body: Readonly<Record<string, string>>): Promise<string | undefined> {
    const made = await api.send({
      kind: 'api.enrollmentLinks',
      method: 'POST',
      path: '/enrollment-links',
      body,
    })
    return textAt(made?.body, 'url')
  }

  async function profileAt(link: string): Promise<Result<EnrolmentProfile, string>> {
    const { pathname, search } = new URL(link)
    const sent = await wire.send({
      kind: 'mdm.profile',
      method: 'GET',
      path: pathname + search,
      headers: { accept: 'application/x-apple-aspen-config' },
    })
    if (!sent.ok) return fail(`no profile: ${sent.error}`)
    const { status, body } = sent.value
    if (status !== 200) return fail(sentenceIn(body) ?? `the profile was answered ${status}`)
    const profile = readEnrolmentProfile(body)
    return profile === undefined ? fail('no device could enrol with the profile') : ok(profile)
  }

  return async (identity) => {
    const link = await linkFor(identity)
    if (link === undefined) return keepOut(identity, 'the server gave no enrolment link')
    const read = await profileAt(link)
    if (!read.ok) return keepOut(identity, read.error)
    const profile = read.value
    const obtained = await obtainIdentity({ wire, clock, profile, pair: await keys.next() })
    if (!obtained.ok) return keepOut(identity, obtained.error)
    return {
      topic: profile.topic,
      sign: profile.signsMessages ? signerOf(obtained.value, clock) : same,
    }
  }
}

const same = (request: WireRequest): WireRequest => request

const signerOf =
  ({ certificate, key }: DeviceIdentity, clock: () => number) =>
  (request: WireRequest): WireRequest => {
    const signature = signCms({
      content: Buffer.from(request.body ?? ''),
      detached: true,
      certificate,
      key,
      digest: 'sha256',
      certificates: [certificate.der],
      signingTimeMs: clock(),
    })
    const header = Buffer.from(signature).toString('base64')
    return { ...request, headers: { ...request.headers, 'mdm-signature': header } }
  }

function textAt(body: unknown, name: string): string | undefined {
  const value = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return typeof value === 'string' ? value : undefined
}

/** What the server says to people, as one line; undefined for anything that is not text. */
function sentenceIn(body: Buffer): string | undefined {
  const text = body.toString('utf8').trim()
  return text === '' || text.startsWith('<') ? undefined : text.split('\n')[0]?.slice(0, 300)
}
