// On what a certificate may be issued: an unspent challenge, or the certificate it renews.
import type { CertificateRow, ChallengeRow } from '../../storage/certificate-rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { World } from '../runtime/world.ts'
import type { CertificateWish, IssueFault } from './certificates.ts'
import type { Challenges } from './challenges.ts'
import type { EnrollmentLinks } from './enrollment-links.ts'
import { isExpiredUnused, newestOf, outstandingRenewals } from './living-certificates.ts'
import { survivorOf } from './survivor.ts'

/** On what a certificate may be issued. */
export type Ground = {
  readonly word: Word
  readonly challenge?: ChallengeRow
  /** The certificate it is to replace. */
  readonly renews?: CertificateRow
  /** What was issued on it before, to the same key. */
  readonly again?: CertificateRow
  /** Renewals of the same certificate that no device has used yet: the new one takes their place. */
  readonly outstanding?: readonly CertificateRow[]
}

/** On whose word it is issued, as the certificate's row keeps it. */
type Word = Pick<
  CertificateRow,
  'vouched_host_id' | 'proven' | 'profile' | 'link_id' | 'team' | 'challenge_hash'
>

const nobodys: Word = {
  vouched_host_id: null,
  proven: null,
  profile: null,
  link_id: null,
  team: null,
  challenge_hash: null,
}

const wordOf = ({ hash, host_id, proven, profile, link_id, team }: ChallengeRow): Word => ({
  vouched_host_id: host_id,
  proven,
  profile,
  link_id,
  team,
  challenge_hash: hash,
})

type GroundsOptions = {
  readonly lookups: Lookups
  readonly world: World
  readonly challenges: Challenges
  readonly links: Pick<EnrollmentLinks, 'get' | 'endOf'>
}

/**
 * How long after one renewal the same certificate gets no other.
 *
 * A device that lost the answer repeats its request and gets the same certificate. One that makes a new key each time
 * would fill the database; after a failure the next profile comes a day later.
 */
const renewalPauseMs = 600_000

/** Reads only: whoever issues asks again once it is that request's turn. */
export function createGrounds({
  lookups,
  world,
  challenges,
  links,
}: GroundsOptions): (wish: CertificateWish) => Result<Ground, IssueFault> {
  return (wish) => {
    const former = lookups.certificate(wish.signer.fingerprint)
    // RFC 8894 section 2.3: who has no certificate yet signs with the key that is to be certified.
    if (former === undefined && wish.signer.spkiHash !== wish.publicKeyHash)
      return fail({ kind: 'foreign-key' })
    const { challenge: word = '' } = wish
    if (word === '')
      return former === undefined
        ? fail({ kind: 'no-challenge' })
        : onFormer({ lookups, world }, former, wish)
    if (wish.mayBeStatic && challenges.isStatic(word)) return ok({ word: nobodys })
    const challenge = challenges.find(word)
    return challenge === undefined
      ? fail({ kind: 'unknown-challenge' })
      : onChallenge(challenge, wish)
  }

  function onceMore(challenge: ChallengeRow, wish: CertificateWish): Result<Ground, IssueFault> {
    const isSame =
      challenge.transaction_id === wish.transactionId &&
      challenge.public_key_hash === wish.publicKeyHash
    const again = lookups.certificate(challenge.fingerprint ?? '')
    // The same certificate with the same end: whoever asks late has to enrol by a new profile.
    return isSame && again?.status === 'issued' && !isExpiredUnused(again, world.steady())
      ? ok({ word: wordOf(challenge), challenge, again })
      : fail({ kind: 'spent-challenge' })
  }

  function onChallenge(challenge: ChallengeRow, wish: CertificateWish): Result<Ground, IssueFault> {
    if (challenge.used_at !== null) return onceMore(challenge, wish)
    if (challenge.expires_at <= world.steady()) return fail({ kind: 'expired-challenge' })
    return onFreshChallenge(challenge)
  }

  function onFreshChallenge(challenge: ChallengeRow): Result<Ground, IssueFault> {
    if (challenge.host_id !== null && survivorOf(lookups, challenge.host_id) === undefined)
      return fail({ kind: 'link-ended' })
    if (challenge.link_id !== null && !isOpen(challenge.link_id))
      return fail({ kind: 'link-ended' })
    if (challenge.kind === 'enrollment') return ok({ word: wordOf(challenge), challenge })
    const present = newestOf(lookups, survivorOf(lookups, challenge.host_id) ?? '')
    // It went to whoever held the certificate of that moment: it replaces none that was bound since.
    return present === undefined || (present.bound_at ?? 0) > challenge.created_at
      ? fail({ kind: 'not-renewable' })
      : ok({
          word: wordOf(challenge),
          challenge,
          renews: present,
          outstanding: outstandingRenewals(lookups, present),
        })
  }

  function isOpen(linkId: string): boolean {
    const link = links.get(linkId)
    // One that ran out meanwhile was open when the profile left.
    return link !== undefined && ['expired', undefined].includes(links.endOf(link))
  }
}

/** A renewal on the word of the certificate that is to be replaced, which signed the request. */
function onFormer(
  { lookups, world }: Pick<GroundsOptions, 'lookups' | 'world'>,
  former: CertificateRow,
  { transactionId, publicKeyHash }: CertificateWish,
): Result<Ground, IssueFault> {
  const hostId = survivorOf(lookups, former.host_id)
  if (former.status !== 'active' || former.not_after <= world.now() || hostId === undefined)
    return fail({ kind: 'not-renewable' })
  const { host_id, profile, link_id, team } = former
  const word = { ...nobodys, vouched_host_id: host_id, profile, link_id, team }
  const outstanding = outstandingRenewals(lookups, former)
  const again = outstanding.find(
    (one) => one.transaction_id === transactionId && one.public_key_hash === publicKeyHash,
  )
  if (again !== undefined) return ok({ word, renews: former, again })
  const isTooSoon = outstanding.some(
    ({ issued_at }) => Math.abs(world.now() - issued_at) < renewalPauseMs,
  )
  return isTooSoon
    ? fail({ kind: 'renewal-outstanding' })
    : ok({ word, renews: former, outstanding })
}
