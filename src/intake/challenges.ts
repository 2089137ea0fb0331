// One-time passwords for device certificates. Each is minted for somebody and stands for what was known of them.
import type { ChallengeRow } from '../../storage/certificate-rows.ts'
import type { Store } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { World } from '../runtime/world.ts'
import type { Proven } from './credential.ts'
import type { FixedProfile } from './enrollment-profile.ts'

/** For whom a challenge is minted; nothing of it means that whoever comes may only become a new host. */
export type Occasion = {
  readonly kind: 'enrollment' | 'renewal'
  readonly hostId?: string | undefined
  readonly proven?: Proven | undefined
  /** What the profile that carries it fixes for good. */
  readonly profile?: FixedProfile | undefined
  readonly linkId?: string | undefined
  readonly team?: string | undefined
}

export type Challenges = {
  /** The secret is told here and kept as a hash. */
  mint(occasion: Occasion): Promise<Result<string, 'unavailable'>>
  /** The row a secret opens, spent or expired or not. */
  find(secret: string): ChallengeRow | undefined
  /** Whether it is the one that never ends, if there is one. */
  isStatic(secret: string): boolean
}

type ChallengesOptions = {
  readonly store: Store
  readonly world: World
  readonly mint: (prefix: string) => string
  readonly hash: (secret: string) => string
  /** How long a device may take from its profile to its certificate. */
  readonly lifetimeMs: number
  /** Set for simulators and migrations only. */
  readonly fixed: string | undefined
}

/** A device that is off for a week finds its new profile still worth installing. */
export const renewalLifetimeMs = 7 * 86_400_000

/** Used and expired ones stay as long, so that a client that lost our reply gets its certificate all the same. */
const keptMs = 7 * 86_400_000

/** Rows cleared away with each new one: more than come. */
const clearedAtOnce = 4

export function createChallenges(options: ChallengesOptions): Challenges {
  const { store, world, mint, hash } = options
  const fixed = options.fixed === undefined ? undefined : hash(options.fixed)
  return {
    async mint(occasion) {
      const secret = mint('')
      const at = world.now()
      const row: ChallengeRow = {
        hash: hash(secret),
        kind: occasion.kind,
        host_id: occasion.hostId ?? null,
        proven: occasion.proven === undefined ? null : JSON.stringify(occasion.proven),
        profile: occasion.profile === undefined ? null : JSON.stringify(occasion.profile),
        link_id: occasion.linkId ?? null,
        team: occasion.team ?? null,
        created_at: at,
        expires_at:
          world.steady() + (occasion.kind === 'renewal' ? renewalLifetimeMs : options.lifetimeMs),
        used_at: null,
        fingerprint: null,
        public_key_hash: null,
        transaction_id: null,
      }
      const over = store.lookups.endedChallenges(world.steady() - keptMs, clearedAtOnce)
      const kept = await store.commit([
        ...over.map((ended) => ({ drop: 'challenge', hash: ended.hash }) as const),
        { put: 'challenge', row },
      ])
      return kept.ok ? ok(secret) : fail('unavailable')
    },
    find: (secret) => store.lookups.challenge(hash(secret)),
    isStatic: (secret) => fixed !== undefined && hash(secret) === fixed,
  }
}
