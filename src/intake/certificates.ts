// Certificates for devices: issued on a challenge or to renew, recorded before they leave, and ended.
import type { CertificateRow, ChallengeRow } from '../../storage/certificate-rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { issueCertificate } from '../pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../pki/certificate.ts'
import { commonName } from '../pki/distinguished-name.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { Authorities } from './authorities.ts'
import type { Challenges } from './challenges.ts'
import type { EnrollmentLinks } from './enrollment-links.ts'
import { createGrounds, type Ground } from './certificate-grounds.ts'
import { journalled } from './certificate-journal.ts'
import { commitTold } from './told-commit.ts'
import type { Turnstile } from './turnstile.ts'

export type CertificateWish = {
  /** The key to certify, and the challenge that came with it. */
  readonly publicKey: Certificate['publicKey']
  readonly publicKeyHash: string
  readonly challenge: string | undefined
  readonly transactionId: string
  /** Who signed the request: a throw-away, or the certificate to be renewed. */
  readonly signer: Certificate
  /** False when too many guesses came from there: then only challenges that nobody can guess are taken. */
  readonly mayBeStatic: boolean
}

export type IssueFault =
  | {
      readonly kind: 'no-challenge' | 'unknown-challenge' | 'expired-challenge' | 'spent-challenge'
    }
  /** The link behind the challenge was revoked, or leads nowhere any more. */
  | { readonly kind: 'link-ended' }
  /** Signed with a certificate that speaks for nobody now. */
  | { readonly kind: 'not-renewable' }
  /** The certificate was renewed a moment ago, for another key, and that renewal is not used yet. */
  | { readonly kind: 'renewal-outstanding' }
  /** Signed with another key than the one to certify, by nobody we know. */
  | { readonly kind: 'foreign-key' }
  | { readonly kind: 'unavailable' }

export type Certificates = {
  /** One challenge, one certificate: asked again with the same key and transaction it is the same one. */
  issue(wish: CertificateWish): Promise<Result<CertificateRow, IssueFault>>
  revoke(
    fingerprint: string,
    cause: Cause,
  ): Promise<Result<CertificateRow, 'no-such-certificate' | 'unavailable'>>
}

export type CertificatesOptions = {
  readonly store: Store
  readonly live: Live
  readonly world: World
  readonly authorities: () => Authorities
  readonly challenges: Challenges
  readonly links: EnrollmentLinks
  readonly inOrder: Turnstile
  /** Sixteen random bytes. */
  readonly serial: () => Uint8Array
  readonly lifetimeMs: number
}

export function createCertificates(options: CertificatesOptions): Certificates {
  const { store, world, challenges, links, inOrder } = options
  const groundOf = createGrounds({ lookups: store.lookups, world, challenges, links })
  return {
    async issue(wish) {
      const ground = groundOf(wish)
      if (!ground.ok) return ground
      const { challenge, renews } = ground.value
      const key = challenge?.hash ?? wish.transactionId
      const keys = [`certificate ${key}`, ...(renews ? [`renewal of ${renews.fingerprint}`] : [])]
      const issued = inOrder(keys, () => issueInTurn(wish))
      return issued ?? fail({ kind: 'unavailable' })
    },
    async revoke(fingerprint, cause) {
      const row = store.lookups.certificate(fingerprint)
      if (row === undefined) return fail('no-such-certificate')
      if (row.status === 'revoked') return ok(row)
      const at = world.now()
      const revoked: CertificateRow = {
        ...row,
        status: 'revoked',
        ended_at: at,
        ended_by: cause.id,
      }
      const note = journalled(revoked, { event: 'certificate.revoked', cause, at })
      const kept = await commitTold(options, [{ put: 'certificate', row: revoked }, note])
      return kept.ok ? ok(revoked) : fail('unavailable')
    },
  }

  /** Decided anew once it is this request's turn: of a hundred at once only the first meets a fresh challenge. */
  async function issueInTurn(wish: CertificateWish): Promise<Result<CertificateRow, IssueFault>> {
    const ground = groundOf(wish)
    if (!ground.ok) return ground
    if (ground.value.again !== undefined) return ok(ground.value.again)
    const at = world.now()
    const { challenge } = ground.value
    const use = useOf(links, challenge)
    if (use === undefined) return fail({ kind: 'link-ended' })
    const row = rowOf(options, { wish, ground: ground.value, at })
    const replaced = (ground.value.outstanding ?? []).map((one): Write => ({
      put: 'certificate',
      row: { ...one, status: 'retired', ended_at: at, ended_by: row.fingerprint },
    }))
    const writes = [...writesOf({ row, challenge, at }), ...replaced, ...use.writes]
    const kept = await commitTold(options, writes)
    if (kept.ok) return ok(row)
    use.undo()
    // Another process was first, or its commit came through with only the answer lost.
    return kept.error.kind === 'conflict'
      ? fail({ kind: 'spent-challenge' })
      : fail({ kind: 'unavailable' })
  }
}

/** The certificate counted on the link it came by, if it came by one. Undefined when that one takes no more. */
function useOf(
  links: EnrollmentLinks,
  challenge: ChallengeRow | undefined,
): { readonly writes: readonly Write[]; undo(): void } | undefined {
  if (challenge === undefined || challenge.link_id === null) return { writes: [], undo() {} }
  const use = links.use(challenge.link_id)
  return use && { writes: [use.write], undo: use.undo }
}

type Issuing = { readonly wish: CertificateWish; readonly ground: Ground; readonly at: number }

/**
 * How long a certificate waits for its first Authenticate.
 *
 * A device sends it seconds after it got the certificate; an hour is for bad lines and people who close the lid. Whoever
 * else got hold of it, key and all, is late, and a link for one host gives that host away no longer than this. One that
 * renews another is left out: its device speaks when it is woken, and by then may be gone for a week.
 */
const firstUseMs = 3_600_000

/** Only the key is the client's: name, dates and uses are ours. */
function rowOf(options: CertificatesOptions, { wish, ground, at }: Issuing): CertificateRow {
  const { authorities, world, serial, lifetimeMs } = options
  const der = issueCertificate(authorities().active, {
    publicKey: wish.publicKey,
    subject: [commonName(`Muster device ${world.uuid()}`)],
    serial: serial(),
    nowMs: at,
    lifetimeMs,
  })
  const read = readCertificate(der)
  if (!read.ok) throw new Error(`issued what cannot be read: ${read.error.detail}`)
  return {
    ...rowOfCertificate(read.value),
    ...ground.word,
    renews: ground.renews?.fingerprint ?? null,
    public_key_hash: wish.publicKeyHash,
    origin: 'issued',
    status: 'issued',
    host_id: null,
    transaction_id: wish.transactionId,
    issued_at: at,
    first_use_by: ground.renews === undefined ? world.steady() + firstUseMs : null,
    bound_at: null,
    ended_at: null,
    ended_by: null,
  }
}

/** What a certificate says of itself, as columns. */
export const rowOfCertificate = ({
  fingerprint,
  serial,
  subject,
  der,
  notBeforeMs,
  notAfterMs,
}: Certificate): Pick<
  CertificateRow,
  'fingerprint' | 'serial' | 'subject' | 'der' | 'not_before' | 'not_after'
> => ({
  fingerprint,
  serial,
  subject,
  der,
  not_before: notBeforeMs,
  not_after: notAfterMs,
})

/** The certificate and the challenge it was spent on. */
function writesOf({ row, challenge, at }: Spending): readonly Write[] {
  const cause: Cause = { kind: 'device', id: row.fingerprint.slice(0, 16) }
  return [
    { put: 'certificate', row },
    ...(challenge === undefined
      ? []
      : [{ put: 'challenge', row: spent(challenge, row, at) } as const]),
    journalled(row, { event: 'certificate.issued', cause, at }),
  ]
}

type Spending = {
  readonly row: CertificateRow
  readonly challenge: ChallengeRow | undefined
  readonly at: number
}

const spent = (challenge: ChallengeRow, row: CertificateRow, at: number): ChallengeRow => ({
  ...challenge,
  used_at: at,
  fingerprint: row.fingerprint,
  public_key_hash: row.public_key_hash,
  transaction_id: row.transaction_id,
})
