/** Guesses a client may have wrong at once; a fleet behind one address has a few that come too late. */
const burst = 60

/** One more each second. */
const refillMs = 1_000

/** Clients remembered; beyond them the one that failed longest ago is forgotten. */
const clientsMax = 10_000

/**
 * Counts failed challenges by client, so that nobody goes on guessing.
 *
 * Only failures count and honest clients pass whatever others behind their address do: what `isOver` withholds is
 * the one challenge that can be guessed.
 */
export type Guesses = {
  isOver(client: string): boolean
  failed(client: string): void
}

export function createGuesses(now: () => number): Guesses {
  /** When a client will have none counted any more. */
  const clearAt = new Map<string, number>()
  return {
    isOver: (client) => (clearAt.get(client) ?? 0) - now() >= burst * refillMs,
    failed(client) {
      const at = Math.max(clearAt.get(client) ?? 0, now()) + refillMs
      // Set anew, so that the map's order is that of the last failures.
      clearAt.delete(client)
      clearAt.set(client, at)
      const [oldest] = clearAt.keys()
      if (clearAt.size > clientsMax && oldest !== undefined) clearAt.delete(oldest)
    },
  }
}
