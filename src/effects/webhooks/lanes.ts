// Hosts that wait for one webhook, each with its own time. What is told of a host stays in order.

/** Hosts remembered per webhook; others are found again in the table when these are through. */
const lanesMax = 50_000

export type Lanes = {
  /** Something waits for the host. False where there is no room to remember that. */
  expect(hostId: string): boolean
  /** The next host whose turn it is. It is under way until it `rests` or is `done`. */
  take(): string | undefined
  /** Back in line behind the others. */
  again(hostId: string): void
  /** Nothing waits for it, unless something came meanwhile. */
  done(hostId: string): void
  /** Not before `wake` is called for it. */
  rest(hostId: string): void
  wake(hostId: string): void
  isResting(hostId: string): boolean
}

type State = 'ready' | 'under-way' | 'under-way-and-more' | 'resting'

export function createLanes(): Lanes {
  const states = new Map<string, State>()
  const ready: string[] = []
  let head = 0

  function line(hostId: string): void {
    states.set(hostId, 'ready')
    ready.push(hostId)
  }

  function expect(hostId: string): boolean {
    const state = states.get(hostId)
    if (state === 'under-way') states.set(hostId, 'under-way-and-more')
    if (state !== undefined) return true
    if (states.size >= lanesMax) return false
    line(hostId)
    return true
  }

  return {
    expect,
    take() {
      const hostId = ready[head]
      if (hostId === undefined) return undefined
      head += 1
      // Shifting a long array for each would cost as much as the array is long.
      if (head > 1_024) {
        ready.splice(0, head)
        head = 0
      }
      states.set(hostId, 'under-way')
      return hostId
    },
    again: line,
    done(hostId) {
      if (states.get(hostId) === 'under-way-and-more') line(hostId)
      else states.delete(hostId)
    },
    rest: (hostId) => void states.set(hostId, 'resting'),
    wake(hostId) {
      if (states.get(hostId) === 'resting') line(hostId)
    },
    isResting: (hostId) => states.get(hostId) === 'resting',
  }
}
