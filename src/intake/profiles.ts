// Enrolment profiles handed out, each with a challenge minted for whoever is about to install it.
import type { CertificateRow, EnrollmentLinkRow } from '../../storage/certificate-rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { normalise } from '../identity/normalise.ts'
import { caFingerprint } from '../pki/ca-fingerprint.ts'
import type { Authority } from '../pki/certificate-issue.ts'
import { signCms } from '../pki/cms-signing.ts'
import { buildPlist } from '../protocol/plist/build.ts'
import { fail, ok, type Result } from '../result.ts'
import type { World } from '../runtime/world.ts'
import { createAllowance } from './allowance.ts'
import type { Authorities } from './authorities.ts'
import type { Challenges, Occasion } from './challenges.ts'
import type { Proven } from './credential.ts'
import type { EnrollmentLinks, LinkEnd } from './enrollment-links.ts'
import { enrollmentProfile, type FixedProfile, profileIdentifier } from './enrollment-profile.ts'
import { survivorOf } from './survivor.ts'

export type ProfileFault =
  | { readonly kind: 'no-such-link' }
  | { readonly kind: 'link-ended'; readonly end: LinkEnd }
  /** The host it was for was deleted. */
  | { readonly kind: 'no-such-host' }
  /** Apple's list does not give us that serial, and others are not taken. */
  | { readonly kind: 'not-assigned' }
  /** No push certificate says which topic devices are to listen to. */
  | { readonly kind: 'no-topic' }
  /** Nobody said where devices reach this server. */
  | { readonly kind: 'no-address' }
  /** The host did not enrol with a profile made here, so nobody knows what it may never change. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'unavailable' }

export type Profiles = {
  /** The link that would give a profile now. Mints nothing: whoever looks need not install. */
  openLink(secret: string, origin: string): Result<EnrollmentLinkRow, ProfileFault>
  /** What keeps everybody from getting a profile, if anything does. */
  lacks(origin: string): 'no-topic' | 'no-address' | undefined
  /** For whoever knows a link. `origin` is where the request came to. */
  byLink(secret: string, origin: string): Promise<Result<Uint8Array, ProfileFault>>
  /** For a device that Apple's signature says is the one. */
  byDevice(proven: Proven, origin: string): Promise<Result<Uint8Array, ProfileFault>>
  /** Which replaces the profile of a host that is enrolled by `present`, with the same MDM payload. */
  renewing(present: CertificateRow): Promise<Result<Uint8Array, ProfileFault>>
  /** The same profile inside a signature, so that a device can show who it is from. */
  signed(profile: Uint8Array): Uint8Array
}

export type ProfileSigner = Authority & { readonly chain: readonly Uint8Array[] }

export type ProfilesOptions = {
  readonly lookups: Lookups
  readonly world: World
  readonly authorities: () => Authorities
  readonly challenges: Challenges
  readonly links: EnrollmentLinks
  /** Where devices reach us. Undefined: where the request came, if that is this machine. */
  readonly publicUrl: string | undefined
  /** Undefined: that of the push certificate. */
  readonly topic: string | undefined
  /** DER of authorities that devices are to trust for our TLS. */
  readonly anchors: readonly Uint8Array[]
  /** Undefined: our own authority signs. */
  readonly signer: ProfileSigner | undefined
  /** Whether a serial must be on Apple's list to enrol by itself. */
  readonly assignedOnly: boolean
}

/** Each profile leaves a challenge behind. A classroom of devices may come at once, and 1,800 an hour after it. */
const linkAllowance = { burst: 1_000, refillMs: 2_000 } as const

/** Somebody tries again and again; what Apple signed once can be sent by anybody who saw it. */
const deviceAllowance = { burst: 20, refillMs: 60_000 } as const

export function createProfiles(options: ProfilesOptions): Profiles {
  const { lookups, world, authorities, links } = options
  const now = options.world.steady
  const ofLinks = createAllowance({ ...linkAllowance, now })
  const ofDevices = createAllowance({ ...deviceAllowance, now })
  return {
    openLink,
    lacks(origin) {
      const fixed = fixedBy(options, origin)
      return fixed.ok ? undefined : fixed.error.kind
    },
    async byLink(secret, origin) {
      const link = openLink(secret, origin)
      if (!link.ok) return link
      const { id: linkId, team, host_id } = link.value
      if (!ofLinks.takes(linkId)) return fail({ kind: 'unavailable' })
      const hostId = survivorOf(lookups, host_id)
      return fresh(options, origin, { linkId, hostId, team: team ?? undefined })
    },
    async byDevice(proven, origin) {
      const hostId = assignedHost(lookups, proven)
      if (hostId === undefined && options.assignedOnly) return fail({ kind: 'not-assigned' })
      if (!ofDevices.takes(proven.serial ?? proven.udid ?? '')) return fail({ kind: 'unavailable' })
      return fresh(options, origin, { hostId, proven })
    },
    async renewing(present) {
      const hostId = survivorOf(lookups, present.host_id)
      if (hostId === undefined) return fail({ kind: 'no-such-host' })
      if (present.profile === null) return fail({ kind: 'not-ours' })
      // Written by ourselves at its enrolment.
      const fixed = JSON.parse(present.profile) as FixedProfile
      return made(options, fixed, { kind: 'renewal', hostId, team: present.team ?? undefined })
    },
    signed(profile) {
      const { certificate, key, chain } = options.signer ?? { ...authorities().active, chain: [] }
      return signCms({
        content: profile,
        detached: false,
        certificate,
        key,
        digest: 'sha256',
        certificates: [certificate.der, ...chain],
        signingTimeMs: world.now(),
      })
    },
  }

  function openLink(secret: string, origin: string): Result<EnrollmentLinkRow, ProfileFault> {
    const link = links.find(secret)
    if (link === undefined) return fail({ kind: 'no-such-link' })
    const end = links.endOf(link)
    if (end !== undefined) return fail({ kind: 'link-ended', end })
    if (link.host_id !== null && survivorOf(lookups, link.host_id) === undefined)
      return fail({ kind: 'no-such-host' })
    const fixed = fixedBy(options, origin)
    return fixed.ok ? ok(link) : fixed
  }
}

/** The host that Apple's list gave us under the serial a device proved to have. */
function assignedHost(lookups: Lookups, { serial }: Proven): string | undefined {
  const [claim] = normalise({ serial }).claims
  const listed = claim && lookups.depDevice(claim.value)
  return listed?.assigned === 1 ? survivorOf(lookups, listed.host_id) : undefined
}

/** A first profile, by the settings as they are. */
async function fresh(
  options: ProfilesOptions,
  origin: string,
  occasion: Omit<Occasion, 'kind' | 'profile'>,
): Promise<Result<Uint8Array, ProfileFault>> {
  const fixed = fixedBy(options, origin)
  return fixed.ok ? made(options, fixed.value, { kind: 'enrollment', ...occasion }) : fixed
}

function fixedBy(
  options: ProfilesOptions,
  origin: string,
): Result<FixedProfile, { readonly kind: 'no-topic' | 'no-address' }> {
  const topic = topicOf(options)
  if (topic === undefined) return fail({ kind: 'no-topic' })
  const base = options.publicUrl ?? (isLoopback(new URL(origin).hostname) ? origin : undefined)
  if (base === undefined) return fail({ kind: 'no-address' })
  return ok({
    identifier: profileIdentifier,
    topic,
    serverUrl: `${base}/mdm`,
    checkInUrl: `${base}/mdm/checkin`,
  })
}

async function made(
  { challenges, authorities, anchors, world }: ProfilesOptions,
  fixed: FixedProfile,
  occasion: Occasion,
): Promise<Result<Uint8Array, ProfileFault>> {
  const challenge = await challenges.mint({ ...occasion, profile: fixed })
  if (!challenge.ok) return fail({ kind: 'unavailable' })
  const { certificate } = authorities().active
  const profile = enrollmentProfile({
    fixed,
    scep: {
      url: new URL('/scep', fixed.serverUrl).href,
      challenge: challenge.value,
      caFingerprint: caFingerprint(certificate),
    },
    anchors,
    uuid: () => world.uuid(),
  })
  return ok(new TextEncoder().encode(buildPlist(profile)))
}

/** The newest push certificate's that has not run out. */
function topicOf({ topic, lookups, world }: ProfilesOptions): string | undefined {
  if (topic !== undefined) return topic
  const now = world.now()
  return lookups
    .pushCertificates()
    .filter(({ not_after }) => not_after > now)
    .toSorted((one, other) => other.created_at - one.created_at)[0]?.topic
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
