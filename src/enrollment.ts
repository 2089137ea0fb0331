// How computers become ours: the authority behind their certificates, the ways in, and the profiles.
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Store } from '../storage/store.ts'
import { broughtAuthority } from './config/certificates.ts'
import type { AccountEnrollment } from './config/enrollment.ts'
import type { Config } from './config/config.ts'
import { type Authorities, openAuthorities } from './intake/authorities.ts'
import { type Certificates, createCertificates } from './intake/certificates.ts'
import type { Commands } from './intake/commands.ts'
import { createChallenges } from './intake/challenges.ts'
import { createEnrollmentLinks, type EnrollmentLinks } from './intake/enrollment-links.ts'
import { createProfiles, type Profiles } from './intake/profiles.ts'
import { createRenewals, type Renewals, type Round } from './intake/renewals.ts'
import { createTurnstile } from './intake/turnstile.ts'
import type { Keep } from './keep.ts'
import { appleRoot } from './pki/apple-root.ts'
import type { Certificate } from './pki/certificate.ts'
import type { Live } from './runtime/live.ts'
import type { World } from './runtime/world.ts'
import { hashToken, mintToken } from './secrets/tokens.ts'

export type Enrollment = {
  readonly authorities: Authorities
  readonly certificates: Certificates
  readonly links: EnrollmentLinks
  readonly profiles: Profiles
  readonly renewals: Renewals
  readonly publicUrl: string | undefined
  /** Whose devices are believed in Setup Assistant. */
  readonly deviceRoots: readonly Certificate[]
  readonly signsProfiles: boolean
  readonly accountEnrollment: readonly AccountEnrollment[]
  /** Looks for certificates that end no more. */
  stop(): Promise<void>
}

type EnrollmentOptions = {
  readonly config: Config
  readonly keep: Pick<Keep, 'sealing' | 'queries'>
  readonly store: Store
  readonly world: World
  readonly commands: Commands
  readonly live: Live
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** Rejects with one sentence an operator can act on. */
export async function openEnrollment(options: EnrollmentOptions): Promise<Enrollment> {
  const { config, keep, store, world, live, log } = options
  const publicUrl = deviceUrl(config)
  const authorities = await authoritiesOf(options)
  const tools = { store, live, world, mint: mintToken, hash: hashToken }
  const challenges = createChallenges({
    ...tools,
    lifetimeMs: config.challengeLifetimeMs,
    fixed: config.scepChallenge,
  })
  const links = createEnrollmentLinks(tools)
  if (config.deviceRoot !== undefined)
    log.warn(
      { roots: config.deviceRoot.map(({ subject }) => subject) },
      "authorities beside Apple's are believed about devices",
    )
  const profiles = createProfiles({
    world,
    links,
    challenges,
    lookups: store.lookups,
    authorities: () => authorities,
    publicUrl,
    topic: config.pushTopic,
    anchors: (config.tlsRoot ?? []).map(({ der }) => der),
    signer: config.profileSigner,
    assignedOnly: config.ade === 'assigned',
  })
  const renewals = createRenewals({
    world,
    profiles,
    commands: options.commands,
    lookups: store.lookups,
    queries: keep.queries,
    beforeMs: config.renewBeforeMs,
    told: toldOf(log),
  })
  const looking = renewals.start()
  return {
    authorities,
    links,
    publicUrl,
    deviceRoots: [appleRoot(), ...(config.deviceRoot ?? [])],
    signsProfiles: config.profileSigner !== undefined,
    accountEnrollment: config.accountEnrollment ?? [],
    certificates: createCertificates({
      ...tools,
      links,
      challenges,
      authorities: () => authorities,
      inOrder: createTurnstile(),
      serial: () => randomBytes(16),
      lifetimeMs: config.certificateLifetimeMs,
    }),
    profiles,
    renewals,
    stop: () => looking.stop(),
  }
}

/** Where devices reach us, if that is not where whoever asks does: a listener of their own on this machine counts. */
function deviceUrl({ publicUrl, deviceListen, tlsCertificate }: Config): string | undefined {
  if (publicUrl !== undefined || deviceListen === undefined) return publicUrl
  const { host, port } = deviceListen
  if (!loopbackNames.includes(host) || port === 0) return undefined
  const scheme = tlsCertificate === undefined ? 'http' : 'https'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** Operators read the log when something is about to end. */
const toldOf =
  (log: Pick<Logger, 'info' | 'warn'>) =>
  ({ ending, sent, stuck }: Round): void => {
    if (sent > 0) log.info({ ending, sent }, 'renewing device certificates that end soon')
    if (stuck > 0)
      log.warn({ ending, stuck }, 'device certificates end soon and cannot be renewed from here')
  }

async function authoritiesOf({
  config,
  keep,
  store,
  world,
}: EnrollmentOptions): Promise<Authorities> {
  const given = broughtAuthority(config)
  if (!given.ok) throw new Error(given.error)
  const opened = await openAuthorities({
    store,
    sealing: keep.sealing,
    world,
    given: given.value,
    adopted: config.formerCa,
  })
  if (!opened.ok) throw new Error(opened.error)
  return opened.value
}
