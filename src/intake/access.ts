// Who may talk to us with a shared secret: operators by API tokens, agents by enroll secrets.
// Only hashes are kept, in memory and on disk; the secret itself is told once, to whoever created it.
import type { CommitFault, Write } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { World } from '../runtime/world.ts'
import { happened, type Particulars } from './happening.ts'

/** A secret as it is listed. */
export type Entry<More> = More & {
  readonly id: string
  readonly name: string
  /** Null for one that was configured from outside. */
  readonly createdAt: number | null
  /** Configured from outside: valid beside the others, and not ours to delete. */
  readonly configured: boolean
}

export type AccessFault =
  | CommitFault
  | { readonly kind: 'no-such-secret' }
  | { readonly kind: 'configured' }
  | { readonly kind: 'last-admin' }
  | { readonly kind: 'full'; readonly most: number }

/** Secrets of one sort, all in memory: every request of an agent or operator looks here. */
export type Access<More> = {
  /** The entry this secret opens, by its hash. */
  find(secret: string): Entry<More> | undefined
  /** Those created here first, oldest first. */
  list(): readonly Entry<More>[]
  /** `secret` is told here and never again. The journal keeps who did it; at a first start nobody did. */
  create(
    name: string,
    more: More,
    cause?: Cause,
  ): Promise<Result<{ readonly entry: Entry<More>; readonly secret: string }, AccessFault>>
  remove(id: string, cause?: Cause): Promise<Result<void, AccessFault>>
}

/** Tokens and enroll secrets kept: far more than people and rollouts, few enough to list on a page. */
const secretsMax = 1_000

type Kept = { readonly ok: true } | { readonly ok: false; readonly error: CommitFault }

/** An entry beside the hash of its secret, which leaves this file only to be stored. */
export type Hashed<More> = { readonly hash: string; readonly entry: Entry<More> }

type AccessOptions<More extends Particulars> = SecretTools & {
  readonly world: World
  /** Says what a secret of this sort opens. */
  readonly prefix: string
  readonly known: readonly Hashed<More>[]
  /** What the journal calls one: `token`. */
  readonly word: string
  /** `notes` belong to the same commit. */
  readonly keep: (hashed: Hashed<More>, at: number, notes: readonly Write[]) => Promise<Kept>
  readonly drop: (id: string, notes: readonly Write[]) => Promise<Kept>
  /** Why an entry has to stay, given the others. */
  readonly mustStay?: (
    entry: Entry<More>,
    others: readonly Entry<More>[],
  ) => AccessFault | undefined
}

export type SecretTools = {
  /** A fresh secret under a prefix that says what it opens. */
  readonly mint: (prefix: string) => string
  readonly hash: (secret: string) => string
}

export function createAccess<More extends Particulars>(options: AccessOptions<More>): Access<More> {
  const { world, mint, hash, prefix, keep, drop } = options
  const byHash = new Map(options.known.map((known) => [known.hash, known.entry]))
  return {
    find: (secret) => byHash.get(hash(secret)),
    list: () => [...byHash.values()],
    async create(name, more, cause) {
      if (byHash.size >= secretsMax) return fail({ kind: 'full', most: secretsMax })
      const secret = mint(prefix)
      const at = world.now()
      const entry = { ...more, id: world.uuid(), name, createdAt: at, configured: false }
      const notes = notesOn(
        { word: `${options.word}.created`, id: entry.id, name, more },
        cause,
        at,
      )
      const kept = await keep({ hash: hash(secret), entry }, at, notes)
      if (!kept.ok) return kept
      byHash.set(hash(secret), entry)
      return ok({ entry, secret })
    },
    async remove(id, cause) {
      const [hashed, entry] = [...byHash].find(([, known]) => known.id === id) ?? []
      if (hashed === undefined || entry === undefined) return fail({ kind: 'no-such-secret' })
      if (entry.configured) return fail({ kind: 'configured' })
      const others = [...byHash.values()].filter((other) => other !== entry)
      const fault = options.mustStay?.(entry, others)
      if (fault !== undefined) return fail(fault)
      // It stops working before the row goes: two requests must not delete the last two admins.
      byHash.delete(hashed)
      const about = { word: `${options.word}.deleted`, id, name: entry.name, more: {} }
      const dropped = await drop(id, notesOn(about, cause, world.now()))
      if (dropped.ok) return ok(undefined)
      byHash.set(hashed, entry)
      return dropped
    },
  }
}

type About = {
  readonly word: string
  readonly id: string
  readonly name: string
  readonly more: Particulars
}

const notesOn = (
  { word: event, more, ...about }: About,
  cause: Cause | undefined,
  at: number,
): readonly Write[] =>
  cause === undefined ? [] : [happened('', { event, cause, at }, { ...about, ...more })]

/** Entries for secrets given in clear from outside, such as by the environment. */
export const configuredEntries = <More>(
  secrets: readonly string[],
  more: More,
  hash: SecretTools['hash'],
): readonly Hashed<More>[] =>
  secrets.map((secret, index) => ({
    hash: hash(secret),
    entry: {
      ...more,
      id: `configured-${index + 1}`,
      name: 'configured',
      createdAt: null,
      configured: true,
    },
  }))
