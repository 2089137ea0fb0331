// On what a certificate may be issued: an unspent challenge, or the certificate it renews.
import type { CertificateRow, ChallengeRow } from '../../storage/certificate-rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { World } from '../runtime/world.ts'
import type { CertificateWish, IssueFault } from './certificates.ts'
import type { Challenges } from './challenges.ts'
import type { EnrollmentLinks } from './enrollment-links.ts'
import { isExpiredUnused, newestOf } from './living-certificates.ts'
import { survivorOf } from './survivor.ts'

/** On what a certificate may be issued. */
export type Ground = {
  readonly word: Word
  readonly challenge?: ChallengeRow
  /** The certificate it is to replace. */
  readonly renews?: CertificateRow
  /** What was issued on it before, to the same key. */
  readonly again?: CertificateRow
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

/** Reads only: whoever issues asks again once it is that request's turn. */
export function createGrounds({
  lookups,
  world,
  challenges,
  links,
}: GroundsOptions): (wish: CertificateWish) => Result<Ground, IssueFault> {
  return (wish) => {
    const former = lookups.certificate(wish.signer.fingerprint)
    if (wish.challenge === undefined || wish.challenge === '')
      return former === undefined ? fail({ kind: 'no-challenge' }) : onFormer(former, wish)
    if (wish.mayBeStatic && challenges.isStatic(wish.challenge)) return ok({ word: nobodys })
    const challenge = challenges.find(wish.challenge)
    if (challenge === undefined) return fail({ kind: 'unknown-challenge' })
    if (challenge.used_at !== null) return onceMore(challenge, wish)
    if (challenge.expires_at <= world.steady()) return fail({ kind: 'expired-challenge' })
    return onChallenge(challenge)
  }

  function onFormer(
    former: CertificateRow,
    { transactionId, publicKeyHash }: CertificateWish,
  ): Result<Ground, IssueFault> {
    const hostId = survivorOf(lookups, former.host_id)
    if (former.status !== 'active' || former.not_after <= world.now() || hostId === undefined)
      return fail({ kind: 'not-renewable' })
    const { host_id, profile, link_id, team } = former
    const word = { ...nobodys, vouched_host_id: host_id, profile, link_id, team }
    const again = lookups
      .certificatesOf(host_id ?? '')
      .find(
        (one) =>
          one.renews === former.fingerprint &&
          one.transaction_id === transactionId &&
          one.public_key_hash === publicKeyHash &&
          one.status === 'issued',
      )
    return ok({ word, renews: former, ...(again && { again }) })
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

  function onChallenge(challenge: ChallengeRow): Result<Ground, IssueFault> {
    if (challenge.host_id !== null && survivorOf(lookups, challenge.host_id) === undefined)
      return fail({ kind: 'link-ended' })
    if (challenge.link_id !== null && !isOpen(challenge.link_id))
      return fail({ kind: 'link-ended' })
    if (challenge.kind === 'enrollment') return ok({ word: wordOf(challenge), challenge })
    const present = newestOf(lookups, survivorOf(lookups, challenge.host_id) ?? '')
    // It went to whoever held the certificate of that moment: it replaces none that was bound since.
    return present === undefined || (present.bound_at ?? 0) > challenge.created_at
      ? fail({ kind: 'not-renewable' })
      : ok({ word: wordOf(challenge), challenge, renews: present })
  }

  function isOpen(linkId: string): boolean {
    const link = links.get(linkId)
    // One that ran out meanwhile was open when the profile left.
    return link !== undefined && ['expired', undefined].includes(links.endOf(link))
  }
}
