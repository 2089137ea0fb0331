// New certificates for devices whose own run out: an InstallProfile with the same MDM payload and another identity.
import { isDamage } from '../damage.ts'
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { Queries } from '../../storage/queries.ts'
import type { CommandRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { dictOf } from '../protocol/plist/value.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { World } from '../runtime/world.ts'
import { renewalLifetimeMs } from './challenges.ts'
import type { Commands, SendFault } from './commands.ts'
import type { ProfileFault, Profiles } from './profiles.ts'
import { survivorOf } from './survivor.ts'

export type RenewFault =
  | SendFault
  /** Its device enrolled otherwise than by a profile made here, so nobody knows what that one may never change. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'no-such-certificate' }
  /** Only what speaks for a host now can be replaced. */
  | { readonly kind: 'not-active' }
  /** Its device is refused already, so no command reaches it: it has to enrol anew. */
  | { readonly kind: 'too-late' }

/** What one look over all certificates found. */
export type Round = {
  readonly ending: number
  readonly sent: number
  /** Neither sent nor under way: the device is not enrolled, or did not enrol by a profile of ours. */
  readonly stuck: number
}

export type Renewals = {
  /** Sends the profile, or gives the command that is on its way already. */
  renew(fingerprint: string, cause: Cause): Promise<Result<CommandRow, RenewFault>>
  /** Renews all that end soon. Undefined when they could not be listed. */
  round(): Promise<Round | undefined>
  /** Looks again and again from now on, until stopped. */
  start(): { stop(): Promise<void> }
}

type RenewalsOptions = {
  readonly lookups: Lookups
  readonly queries: Pick<Queries, 'listCertificates'>
  readonly commands: Commands
  readonly profiles: Profiles
  readonly world: World
  /** How long before its end a certificate is renewed. */
  readonly beforeMs: number
  /** Hears of a round that found something. */
  readonly told: (round: Round) => void
}

/** So that a server that restarts again and again still serves its devices first. */
const firstLookMs = 60_000
const lookEveryMs = 3_600_000

/** A device that did not do it is asked again after this long. */
const againAfterMs = 86_400_000

/** Ahead of what operators send by hand: losing its identity loses the device. */
const priority = 10

/** Certificates looked at together. */
const pageRows = 500

const alarm: Cause = { kind: 'alarm', id: 'certificate-renewal' }

export function createRenewals(options: RenewalsOptions): Renewals {
  const { lookups, queries, world, beforeMs } = options
  const renew: Renewals['renew'] = (fingerprint, cause) => renewOne(options, fingerprint, cause)

  async function round(): Promise<Round | undefined> {
    const now = world.now()
    const found = { ending: 0, sent: 0, stuck: 0 }
    let after: { readonly issued_at: number; readonly fingerprint: string } | undefined
    for (let more = true; more;) {
      const page = await queries.listCertificates({
        statuses: ['active'],
        endingBefore: now + beforeMs,
        ...(after && { after }),
        limit: pageRows,
      })
      if (!page.ok) return undefined
      for (const row of page.value.items.filter(({ not_after }) => not_after > now)) {
        found.ending += 1
        const outcome = await renewInTime(row, now)
        if (outcome !== 'waits') found[outcome] += 1
      }
      after = page.value.items.at(-1)
      more = page.value.more && after !== undefined
    }
    return found
  }

  /** What is damaged of one certificate's host or commands keeps the others from nothing; the log names the row. */
  async function renewInTime(
    row: CertificateRow,
    now: number,
  ): Promise<'sent' | 'stuck' | 'waits'> {
    try {
      if (!isDue(row, now) || lastTry(lookups, row, now).isRecent) return 'waits'
      return (await renew(row.fingerprint, alarm)).ok ? 'sent' : 'stuck'
    } catch (error) {
      if (!isDamage(error)) throw error
      return 'stuck'
    }
  }

  /** One that lives for a day is not renewed two months ahead. */
  const isDue = ({ not_before, not_after }: CertificateRow, now: number): boolean =>
    not_after - now <= Math.min(beforeMs, (not_after - not_before) / 3)

  return {
    renew,
    round,
    start() {
      let waiting = world.later(look, firstLookMs)
      let looking: Promise<void> = Promise.resolve()
      let isStopped = false
      function look(): void {
        looking = round()
          .catch(() => undefined)
          .then((found) => {
            if (found !== undefined && found.ending > 0) options.told(found)
            if (!isStopped) waiting = world.later(look, lookEveryMs)
          })
      }
      return {
        stop() {
          isStopped = true
          waiting.cancel()
          return looking
        },
      }
    },
  }
}

async function renewOne(
  options: RenewalsOptions,
  fingerprint: string,
  cause: Cause,
): Promise<Result<CommandRow, RenewFault>> {
  const { lookups, commands, profiles, world } = options
  const row = lookups.certificate(fingerprint)
  if (row === undefined) return fail({ kind: 'no-such-certificate' })
  if (row.status !== 'active') return fail({ kind: 'not-active' })
  const now = world.now()
  if (row.not_after <= now) return fail({ kind: 'too-late' })
  const hostId = survivorOf(lookups, row.host_id)
  if (hostId === undefined) return fail({ kind: 'no-such-host' })
  const last = lastTry(lookups, row, now)
  if (last.open !== undefined) return ok(last.open)
  const profile = await profiles.renewing(row)
  if (!profile.ok) return fail(profileFault(profile.error))
  const sent = await commands.send(
    {
      hostId,
      commandUUID: uuidOf(row, last.tries + 1),
      requestType: 'InstallProfile',
      payload: dictOf({ Payload: profile.value }),
      priority,
      expiresInMs: renewalLifetimeMs,
    },
    cause,
  )
  if (sent.ok) return ok(sent.value.row)
  // Two asked at once: the other's command does for both.
  const other = sent.error.kind === 'exists' ? lastTry(lookups, row, now).open : undefined
  return other === undefined ? sent : ok(other)
}

const profileFault = (fault: ProfileFault): RenewFault => {
  if (fault.kind === 'not-ours' || fault.kind === 'no-such-host') return { kind: fault.kind }
  return { kind: 'unavailable', detail: 'the profile could not be made' }
}

/** Tries for one certificate. A year of days. */
const triesMax = 400

type Tries = {
  readonly tries: number
  readonly open: CommandRow | undefined
  readonly isRecent: boolean
}

/** The commands that renew a certificate are found by their names, so nothing else needs to remember them. */
function lastTry(lookups: Lookups, row: CertificateRow, now: number): Tries {
  let last: CommandRow | undefined
  let tries = 0
  for (; tries < triesMax; tries += 1) {
    const next = lookups.command(uuidOf(row, tries + 1))
    if (next === undefined) break
    last = next
  }
  return {
    tries,
    open: last?.open === 1 ? last : undefined,
    isRecent:
      last !== undefined && (last.open === 1 || Math.abs(now - last.updated_at) < againAfterMs),
  }
}

const uuidOf = ({ fingerprint }: CertificateRow, count: number): string =>
  `renewal-${fingerprint.slice(0, 32)}-${count}`
