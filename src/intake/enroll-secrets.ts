import type { Store, Write } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import { type Access, configuredEntries, createAccess, type SecretTools } from './access.ts'
import { commitTold } from './told-commit.ts'

type Nothing = Readonly<Record<never, never>>

/**
 * What agents enrol with. Several are valid at once, so that one can be replaced: create the new one, roll
 * it out, delete the old one. Agents that are enrolled stay so.
 */
export type EnrollSecrets = Access<Nothing>

type EnrollSecretsOptions = SecretTools & {
  readonly store: Store
  readonly live: Live
  readonly world: World
  readonly configured: readonly string[]
}

export function createEnrollSecrets(options: EnrollSecretsOptions): EnrollSecrets {
  const { store, hash } = options
  const keep = (writes: readonly Write[]) => commitTold(options, writes)
  const stored = store.lookups.enrollSecrets().map((row) => ({
    hash: row.hash,
    entry: { id: row.id, name: row.name, createdAt: row.created_at, configured: false },
  }))
  return createAccess<Nothing>({
    ...options,
    prefix: 'enroll_',
    word: 'enroll_secret',
    known: [...stored, ...configuredEntries(options.configured, {}, hash)],
    keep: ({ entry: { id, name }, hash: hashed }, at, notes) =>
      keep([{ put: 'enroll_secret', row: { id, name, hash: hashed, created_at: at } }, ...notes]),
    drop: (id, notes) => keep([{ drop: 'enroll_secret', id }, ...notes]),
  })
}
