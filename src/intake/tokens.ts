import type { Role, TokenRow } from '../../storage/rows.ts'
import type { Store } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import {
  type Access,
  configuredEntries,
  createAccess,
  type Entry,
  type SecretTools,
} from './access.ts'
import { commitTold } from './told-commit.ts'

type WithRole = { readonly role: Role }
export type Token = Entry<WithRole>

/** Operators' API tokens. */
export type Tokens = Access<WithRole> & {
  /** When it was last presented; null when never. Fresher than the table. */
  lastUsedAt(id: string): number | null
  /** Writes what was used since; for the end. */
  flush(): Promise<void>
}

type TokensOptions = SecretTools & {
  readonly store: Store
  readonly live: Live
  readonly world: World
  /** Admin tokens given in clear from outside, such as by the environment. */
  readonly configured: readonly string[]
}

export function createTokens(options: TokensOptions): Tokens {
  const { store, hash } = options
  const rows = new Map(store.lookups.tokens().map((row) => [row.id, row]))
  const uses = createUses(options, rows)
  const access = createAccess<WithRole>({
    ...options,
    prefix: 'muster_',
    word: 'token',
    known: [
      ...[...rows.values()].map((row) => ({ hash: row.hash, entry: tokenOf(row) })),
      ...configuredEntries(options.configured, { role: 'admin' as const }, hash),
    ],
    async keep({ entry: { id, name, role }, hash: hashed }, at, notes) {
      const row = { id, name, role, hash: hashed, created_at: at, last_used_at: null }
      const kept = await commitTold(options, [{ put: 'token', row }, ...notes])
      if (kept.ok) rows.set(id, row)
      return kept
    },
    async drop(id, notes) {
      // Forgotten first, so that its last use is not written after it: that would bring it back.
      const row = rows.get(id)
      rows.delete(id)
      const dropped = await commitTold(options, [{ drop: 'token', id }, ...notes])
      if (!dropped.ok && row !== undefined) rows.set(id, row)
      return dropped
    },
    mustStay: (token, others) =>
      token.role === 'admin' && !others.some(({ role }) => role === 'admin')
        ? { kind: 'last-admin' }
        : undefined,
  })
  return {
    ...access,
    ...uses,
    find(secret) {
      const token = access.find(secret)
      if (token !== undefined) uses.touch(token.id)
      return token
    },
  }
}

/** Use is remembered in memory and written this seldom: every request is a use. */
const usedFlushMs = 60_000

function createUses(
  { store, world }: TokensOptions,
  rows: ReadonlyMap<string, TokenRow>,
): Pick<Tokens, 'lastUsedAt' | 'flush'> & { touch(id: string): void } {
  const used = new Map<string, number>()
  const unsaved = new Set<string>()
  let scheduled = false

  async function flush(): Promise<void> {
    const dirty = [...unsaved].flatMap((id) => rows.get(id) ?? [])
    unsaved.clear()
    const writes = dirty.map((row) => ({
      put: 'token' as const,
      row: { ...row, last_used_at: used.get(row.id) ?? row.last_used_at },
    }))
    // A lost time of use is no harm: the next use is written again.
    if (writes.length > 0) await store.commit(writes)
  }

  return {
    flush,
    lastUsedAt: (id) => used.get(id) ?? rows.get(id)?.last_used_at ?? null,
    touch(id) {
      used.set(id, world.now())
      unsaved.add(id)
      if (scheduled) return
      scheduled = true
      world.later(() => {
        scheduled = false
        void flush()
      }, usedFlushMs)
    },
  }
}

const tokenOf = ({ id, name, role, created_at }: TokenRow): Token => ({
  id,
  name,
  role,
  createdAt: created_at,
  configured: false,
})
