import type { Computer } from './computer.ts'
import type { Gate, Pace } from './pace.ts'

/** A source of pushes: calls `wake` with the token, in lower-case hexadecimal, of each one that it delivers. */
export type EachPush = (wake: (token: string) => void) => void

type Wakings = {
  /** For a token that nobody has, nothing happens: a device that forgot its management hears no push. */
  readonly wake: (token: string) => void
  /** Resolves once nobody who was woken is under way. Call it when the pace has stopped: nobody is woken any more. */
  readonly ended: () => Promise<void>
}

/** A push is a second or so on its way. Without that, a command would be sent before it is known to be pushed. */
const onItsWayMs = 600

/** Brings computers by for whom there is a push. */
export function createWakings({
  computers,
  pace,
  gate,
}: {
  readonly computers: readonly Computer[]
  readonly pace: Pace
  readonly gate: Gate
}): Wakings {
  /** Pushes that come while one is on its way to the same computer are the same push, as with Apple. */
  const called = new Set<Computer>()
  const visits = new Set<Promise<void>>()

  async function visit(computer: Computer): Promise<void> {
    await pace.pause(onItsWayMs)
    called.delete(computer)
    if (!pace.stopped()) await gate(computer.woken)
  }
  return {
    wake(token) {
      const computer = computers.find(({ hears }) => hears(token))
      if (computer === undefined || called.has(computer) || pace.stopped()) return
      called.add(computer)
      const one = visit(computer).finally(() => visits.delete(one))
      visits.add(one)
    },
    ended: async () => {
      await Promise.all(visits)
    },
  }
}
