// Live streams at once, in all and for one token or session.

export type StreamSlots = {
  /** Gives what frees the slot again, to be called once; undefined when there is none for this principal. */
  take(principalId: string): (() => void) | undefined
}

/** A page each of a large team, and each stream looks at every commit. */
const streamsMax = 256

/** One person with many pages open, or one program; nobody holds all of them. */
const ofOneMax = 32

export function createStreamSlots(): StreamSlots {
  const taken = new Map<string, number>()
  let open = 0
  return {
    take(id) {
      const mine = taken.get(id) ?? 0
      if (open >= streamsMax || mine >= ofOneMax) return undefined
      open += 1
      taken.set(id, mine + 1)
      return () => {
        open -= 1
        const left = (taken.get(id) ?? 1) - 1
        if (left === 0) taken.delete(id)
        else taken.set(id, left)
      }
    },
  }
}
