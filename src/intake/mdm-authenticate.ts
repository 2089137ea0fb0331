// An Authenticate: which host it is, and whether the certificate it comes with may be that host.
import { normalise } from '../identity/normalise.ts'
import type { Sighting } from '../identity/sighting.ts'
import type { CheckinOf } from '../protocol/mdm/checkin.ts'
import { bindingRows } from './binding.ts'
import type { CertificateCredential, Proven } from './credential.ts'
import { type MdmAnswer, nothing, refusalOf, refused } from './mdm-answer.ts'
import { factsOf } from './mdm-facts.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import type { KnownCredential } from './mdm-parties.ts'
import type { Seen } from './sight.ts'

type Authenticate = CheckinOf<'Authenticate'>

/** Creates a host, begins a new life of one, or sets a computer apart; its certificate is bound in the same commit. */
export async function authenticate(
  means: MdmMeans,
  message: Authenticate,
  credential: KnownCredential,
): Promise<MdmAnswer> {
  const { sight, world, noteRefusal } = means
  const { enrollment } = message
  const channel = enrollment.deviceKey
  const sighting = sightingOf(message, credential)
  const seen =
    sighting &&
    (await sight({
      sighting,
      event: ({ identity, quarantined }) => ({
        type: 'mdm.Authenticate',
        at: world.now(),
        identity,
        quarantined,
        facts: factsOf(message.raw),
        channel,
        enrollmentType: enrollment.type,
        topic: message.Topic,
      }),
      cause: byDevice({ channel }),
      seen: 'mdm',
      enrollmentKey: channel,
      ...(credential.kind === 'certificate' && binding(means, channel, credential)),
    }))
  if (seen?.ok === true) return nothing
  const why = seen === undefined ? 'copied-credential' : refusalOf(seen.error)
  if (why === 'copied-credential' && credential.kind === 'certificate')
    noteRefusal({ ...credential, kind: why })
  return refused(why)
}

const binding = (
  { lookups, world }: MdmMeans,
  channel: string,
  { fingerprint }: CertificateCredential,
): Pick<Seen, 'certificate'> => ({
  certificate: {
    fingerprint,
    rows: (hostId, losers) => {
      const bound = { fingerprint, hostId, at: world.now(), cause: byDevice({ channel }) }
      return bindingRows(lookups, bound, losers)
    },
  },
})

/** Undefined when the computer is not the one that its certificate was given to on better evidence. */
function sightingOf(message: Authenticate, credential: KnownCredential): Sighting | undefined {
  const { enrollment, SerialNumber, raw } = message
  const { claims } = normalise({
    serial: SerialNumber,
    udid: enrollment.udid,
    enrollmentId: enrollment.enrollmentId,
  })
  const product = raw['ProductName'] ?? raw['Model']
  const seen = {
    source: 'mdm',
    claims,
    virtual: typeof product === 'string' && product.startsWith('VirtualMac'),
    vouched: false,
  } as const
  // Without device authentication anybody may say anything: no better than an agent's word.
  if (credential.kind === 'none') return { ...seen, trust: 'agent' }
  const { hostId, bound, proven } = credential
  const trust = trustIn(claims, proven)
  if (trust === undefined) return undefined
  return hostId === null
    ? { ...seen, trust, newCertificate: true }
    : { ...seen, trust, vouched: !bound, credential: { hostId } }
}

/** Apple's word holds for what it is about: one claim beyond that, and nothing is believed more than MDM's. */
function trustIn(claims: Sighting['claims'], proven: Proven | null): 'mdm' | 'apple' | undefined {
  if (proven === null) return 'mdm'
  const words = normalise(proven).claims
  const differs = claims.some(({ kind, value }) =>
    words.some((word) => word.kind === kind && word.value !== value),
  )
  if (differs) return undefined
  const isWhole = claims.every(({ kind }) => words.some((word) => word.kind === kind))
  return isWhole && claims.length > 0 ? 'apple' : 'mdm'
}
