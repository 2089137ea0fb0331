// Ways in that operators opened: an address that gives whoever knows it an enrolment profile.
import type { EnrollmentLinkRow } from '../../storage/certificate-rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { SecretTools } from './access.ts'
import { linkJournalled } from './certificate-journal.ts'
import { commitTold } from './told-commit.ts'

export type LinkWish = {
  readonly name: string
  /** The one host it is for: whoever enrols by it is believed to be that host. */
  readonly hostId: string | null
  readonly team: string | null
  readonly expiresAt: number | null
  readonly usesMax: number | null
}

/** Why a link lets nobody in now. */
export type LinkEnd = 'revoked' | 'expired' | 'used-up'

export type EnrollmentLinks = {
  /** All there are, ended ones too, oldest first. */
  list(): readonly EnrollmentLinkRow[]
  get(id: string): EnrollmentLinkRow | undefined
  /** The link a secret opens, ended or not. */
  find(secret: string): EnrollmentLinkRow | undefined
  /** Undefined while it lets people in. */
  endOf(link: EnrollmentLinkRow): LinkEnd | undefined
  /** `secret` is told here and never again. */
  create(
    wish: LinkWish,
    cause: Cause,
  ): Promise<
    Result<{ readonly row: EnrollmentLinkRow; readonly secret: string }, 'full' | 'unavailable'>
  >
  revoke(
    id: string,
    cause: Cause,
  ): Promise<Result<EnrollmentLinkRow, 'no-such-link' | 'unavailable'>>
  /** Counts a certificate, at once; `undo` when its commit failed. Undefined once the link is revoked or used up. */
  use(id: string): { readonly write: Write; undo(): void } | undefined
}

/** A link for each computer of a large rollout, and few enough to be all in memory. */
const linksMax = 10_000

type LinksOptions = SecretTools & {
  readonly store: Store
  readonly live: Live
  readonly world: World
}

/**
 * Memory has the last word on each link, ahead of the disk: a certificate that is being issued and a revocation
 * under way must not write over each other.
 */
export function createEnrollmentLinks(options: LinksOptions): EnrollmentLinks {
  const { store, world, hash } = options
  const byId = new Map(store.lookups.enrollmentLinks().map((row) => [row.id, row]))
  const idBySecret = new Map([...byId.values()].map(({ secret_hash, id }) => [secret_hash, id]))
  const book: Book = { byId, idBySecret, endOf: (link) => endAt(link, world.steady()) }
  return {
    list: () => [...byId.values()],
    get: (id) => byId.get(id),
    find: (secret) => byId.get(idBySecret.get(hash(secret)) ?? ''),
    endOf: book.endOf,
    create: (wish, cause) => create(options, book, { wish, cause }),
    revoke: (id, cause) => revoke(options, book, { id, cause }),
    use: (id) => use(book, id),
  }
}

type Book = {
  readonly byId: Map<string, EnrollmentLinkRow>
  readonly idBySecret: Map<string, string>
  readonly endOf: EnrollmentLinks['endOf']
}

function endAt(link: EnrollmentLinkRow, at: number): LinkEnd | undefined {
  if (link.revoked_at !== null) return 'revoked'
  if (link.uses_max !== null && link.uses >= link.uses_max) return 'used-up'
  return link.expires_at !== null && link.expires_at <= at ? 'expired' : undefined
}

/** When there are too many, the oldest that ended makes room. */
async function create(
  options: LinksOptions,
  { byId, idBySecret, endOf }: Book,
  { wish, cause }: { readonly wish: LinkWish; readonly cause: Cause },
): ReturnType<EnrollmentLinks['create']> {
  const isFull = byId.size >= linksMax
  const over = isFull ? [...byId.values()].find((link) => endOf(link) !== undefined) : undefined
  if (isFull && over === undefined) return fail('full')
  const { world, mint, hash } = options
  const secret = mint('')
  const row = rowOf(wish, { id: world.uuid(), secretHash: hash(secret), cause, at: world.now() })
  const kept = await commitTold(options, [
    ...(over === undefined ? [] : [{ drop: 'enrollment_link', id: over.id } as const]),
    { put: 'enrollment_link', row },
    linkJournalled(row, { event: 'enrollment_link.created', cause, at: row.created_at }),
  ])
  if (!kept.ok) return fail('unavailable')
  if (over !== undefined) {
    byId.delete(over.id)
    idBySecret.delete(over.secret_hash)
  }
  byId.set(row.id, row)
  idBySecret.set(row.secret_hash, row.id)
  return ok({ row, secret })
}

async function revoke(
  options: LinksOptions,
  { byId }: Book,
  { id, cause }: { readonly id: string; readonly cause: Cause },
): ReturnType<EnrollmentLinks['revoke']> {
  const link = byId.get(id)
  if (link === undefined) return fail('no-such-link')
  if (link.revoked_at !== null) return ok(link)
  const at = options.world.now()
  const revoked = { ...link, revoked_at: at }
  byId.set(id, revoked)
  const kept = await commitTold(options, [
    { put: 'enrollment_link', row: revoked },
    linkJournalled(revoked, { event: 'enrollment_link.revoked', cause, at }),
  ])
  if (kept.ok) return ok(revoked)
  byId.set(id, { ...(byId.get(id) ?? revoked), revoked_at: null })
  return fail('unavailable')
}

function use({ byId, endOf }: Book, id: string): ReturnType<EnrollmentLinks['use']> {
  const link = byId.get(id)
  const end = link && endOf(link)
  // One that ran out meanwhile was open when the profile left.
  if (link === undefined || end === 'revoked' || end === 'used-up') return undefined
  const row = { ...link, uses: link.uses + 1 }
  byId.set(id, row)
  return {
    write: { put: 'enrollment_link', row },
    undo() {
      const now = byId.get(id)
      if (now !== undefined) byId.set(id, { ...now, uses: now.uses - 1 })
    },
  }
}

type Made = {
  readonly id: string
  readonly secretHash: string
  readonly cause: Cause
  readonly at: number
}

const rowOf = (wish: LinkWish, { id, secretHash, cause, at }: Made): EnrollmentLinkRow => ({
  id,
  name: wish.name,
  secret_hash: secretHash,
  host_id: wish.hostId,
  team: wish.team,
  created_at: at,
  created_by: cause.id ?? cause.kind,
  expires_at: wish.expiresAt,
  uses_max: wish.usesMax,
  uses: 0,
  revoked_at: null,
})
