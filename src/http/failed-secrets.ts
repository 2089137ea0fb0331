// Secrets that were tried and are none: counted, noted, and slowed by the address they come from.
import { hash } from 'node:crypto'

/** What was tried: an operator's token, a sign-in on a page, or an agent's enroll secret. */
export type SecretKind = 'token' | 'sign_in' | 'enroll_secret'

export type FailedSecrets = {
  /**
   * Whether a secret may be tried from there. One that worked from the same address before always may, whatever others
   * behind that address do. `secret` is undefined before it was read.
   */
  mayTry(client: string, secret: string | undefined): boolean
  failed(kind: SecretKind, client: string): void
  worked(client: string, secret: string): void
  readonly counts: () => Readonly<Record<SecretKind | 'slowed', number>>
}

/** What failed within a minute, for the journal. */
export type FailedBatch = {
  readonly kind: SecretKind
  readonly failures: number
  readonly addresses: number
  /** Some of them, by how often they failed. */
  readonly foremost: readonly string[]
}

type FailedSecretsOptions = {
  /** A clock that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  readonly later: (task: () => void, delayMs: number) => { cancel(): void }
  /** Takes what failed within a minute. */
  readonly note: (batch: FailedBatch) => void
}

/** Failures at once: typing errors, and the agents of an image with an old secret. */
const burst = 20

/** One more each second. */
const refillMs = 1_000

/** Addresses remembered; beyond them the one that was heard of longest ago is forgotten. */
const clientsMax = 10_000

/** Secrets that worked, kept for one address. */
const workedMax = 16

const noteEveryMs = 60_000

/** Addresses counted within a minute, and those of them that are named. */
const countedMax = 1_000
const foremostMax = 5

type Client = { clearAtMs: number; readonly worked: Set<string> }

export function createFailedSecrets(options: FailedSecretsOptions): FailedSecrets {
  const { elapsedMs } = options
  const clients = new Map<string, Client>()
  const counts = { token: 0, sign_in: 0, enroll_secret: 0, slowed: 0 }
  const batches = createBatches(options)

  function remembered(name: string): Client {
    const client = clients.get(name) ?? { clearAtMs: 0, worked: new Set() }
    // Set anew, so that the map's order is that of the last use.
    clients.delete(name)
    clients.set(name, client)
    const [oldest] = clients.size > clientsMax ? clients.keys() : []
    if (oldest !== undefined) clients.delete(oldest)
    return client
  }

  return {
    counts: () => counts,
    mayTry(name, secret) {
      const client = clients.get(name)
      if (client === undefined || client.clearAtMs - elapsedMs() < burst * refillMs) return true
      if (secret !== undefined && client.worked.has(digest(secret))) return true
      counts.slowed += 1
      return false
    },
    failed(kind, name) {
      counts[kind] += 1
      const client = remembered(name)
      client.clearAtMs = Math.max(client.clearAtMs, elapsedMs()) + refillMs
      batches.add(kind, name)
    },
    worked(name, secret) {
      const { worked } = remembered(name)
      const key = digest(secret)
      if (worked.has(key)) return
      const [oldest] = worked.size >= workedMax ? worked : []
      if (oldest !== undefined) worked.delete(oldest)
      worked.add(key)
    },
  }
}

const digest = (secret: string): string => hash('sha256', secret)

/** Counts failures by kind and address for a minute, then notes them. */
function createBatches({ later, note }: Pick<FailedSecretsOptions, 'later' | 'note'>): {
  add(kind: SecretKind, client: string): void
} {
  const open = new Map<SecretKind, Map<string, number>>()
  function flush(): void {
    for (const [kind, byClient] of open) {
      const foremost = [...byClient].toSorted(([, one], [, other]) => other - one)
      note({
        kind,
        failures: foremost.reduce((sum, [, count]) => sum + count, 0),
        addresses: byClient.size,
        foremost: foremost.slice(0, foremostMax).map(([client]) => client),
      })
    }
    open.clear()
  }
  return {
    add(kind, client) {
      if (open.size === 0) later(flush, noteEveryMs)
      const byClient = open.get(kind) ?? new Map<string, number>()
      open.set(kind, byClient)
      const key = byClient.has(client) || byClient.size < countedMax ? client : 'others'
      byClient.set(key, (byClient.get(key) ?? 0) + 1)
    },
  }
}
