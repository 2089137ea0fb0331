// Whose turn it is: each lane in order, one after another, and one thing of a lane at a time.

/** What one connection asked for and has not got yet, oldest first. */
export type Lane<Item> = {
  readonly waiting: Item[]
  /** Something of it has begun and not ended. */
  busy: boolean
  /** When it last joined the line. */
  inLineSinceMs: number
}

/** A lane's turn: what begins, and how long it stood in line for that. */
export type Turn<Item> = {
  readonly lane: Lane<Item>
  readonly item: Item
  readonly inLineMs: number
}

export type Lanes<Item> = {
  /** Puts an item at the end of its lane. */
  add(lane: Lane<Item>, item: Item): void
  /** Takes the oldest item of the lane whose turn it is; that lane is busy until `done`. */
  next(): Turn<Item> | undefined
  /** Lets the lane's next item have its turn, after every lane that waits already. */
  done(lane: Lane<Item>): void
  /** Forgets what waits in a lane. */
  drop(lane: Lane<Item>): void
  /** Lanes that could begin something now. */
  inLine(): number
  /** Items that have not begun, of all lanes. */
  waiting(): number
}

export const createLane = <Item>(): Lane<Item> => ({ waiting: [], busy: false, inLineSinceMs: 0 })

/**
 * However much one lane holds, it gets as many turns as any other that wants one (fair queueing,
 * J. Nagle, RFC 970). A lane with nothing to do costs nothing. `elapsedMs` is a clock that never goes back.
 */
export function createLanes<Item>(elapsedMs: () => number): Lanes<Item> {
  /** A set keeps the order in which lanes came, and lets the first go without moving the others. */
  const line = new Set<Lane<Item>>()
  let waiting = 0

  function join(lane: Lane<Item>): void {
    if (line.has(lane)) return
    lane.inLineSinceMs = elapsedMs()
    line.add(lane)
  }

  return {
    add(lane, item) {
      lane.waiting.push(item)
      waiting += 1
      if (!lane.busy) join(lane)
    },
    next() {
      const [lane] = line
      const item = lane?.waiting.shift()
      if (lane === undefined || item === undefined) return undefined
      line.delete(lane)
      waiting -= 1
      lane.busy = true
      return { lane, item, inLineMs: elapsedMs() - lane.inLineSinceMs }
    },
    done(lane) {
      lane.busy = false
      if (lane.waiting.length > 0) join(lane)
    },
    drop(lane) {
      waiting -= lane.waiting.length
      lane.waiting.length = 0
      line.delete(lane)
    },
    inLine: () => line.size,
    waiting: () => waiting,
  }
}
