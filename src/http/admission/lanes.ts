// Whose turn it is: each lane in order, one after another, and one thing of a lane at a time.

/** What one connection asked for and has not got yet, oldest first. */
export type Lane<Item> = {
  readonly waiting: Item[]
  /** Something of it has begun and not ended. */
  busy: boolean
  /** When it last joined the line. */
  inLineSinceMs: number
}

export type Lanes<Item> = {
  /** Puts an item at the end of its lane. */
  add(lane: Lane<Item>, item: Item): void
  /** Takes the oldest item of the lane whose turn it is; that lane is busy until `done`. */
  next(): { readonly lane: Lane<Item>; readonly item: Item } | undefined
  /** Lets the lane's next item stand in line. */
  done(lane: Lane<Item>): void
  /** Forgets what waits in a lane. */
  drop(lane: Lane<Item>): void
  /** Something could begin now. */
  isReady(): boolean
  /** Items that have not begun, of all lanes. */
  waiting(): number
  /** Lanes in line that wait for their answers. */
  inLine(): number
  /** How long the last of these whose turn came had stood there. */
  inLineMs(): number
}

export const createLane = <Item>(): Lane<Item> => ({ waiting: [], busy: false, inLineSinceMs: 0 })

/** Of so many turns one goes to a lane that did not wait for its answers, so that it is never quite forgotten. */
export const pressingEvery = 32

/**
 * However much one lane holds, it gets no more turns than any other that wants one (fair queueing, J. Nagle,
 * RFC 970), and those that ask on before they were answered stand behind those that wait for their answers.
 * A lane with nothing to do costs nothing. `elapsedMs` is a clock that never goes back.
 */
export function createLanes<Item>(elapsedMs: () => number): Lanes<Item> {
  /** Sets keep the order in which lanes came, and let the first go without moving the others. */
  const [patient, pressing] = [new Set<Lane<Item>>(), new Set<Lane<Item>>()]
  let [waiting, turns, inLineMs] = [0, 0, 0]

  function join(line: Set<Lane<Item>>, lane: Lane<Item>): void {
    lane.inLineSinceMs = elapsedMs()
    line.add(lane)
  }

  function first(): Lane<Item> | undefined {
    const [before, behind] = turns % pressingEvery === 0 ? [pressing, patient] : [patient, pressing]
    const [lane] = before.size > 0 ? before : behind
    return lane
  }

  function leave(lane: Lane<Item>): void {
    patient.delete(lane)
    pressing.delete(lane)
  }

  return {
    add(lane, item) {
      lane.waiting.push(item)
      waiting += 1
      if (!lane.busy && lane.waiting.length === 1) join(patient, lane)
    },
    next() {
      turns += 1
      const lane = first()
      const item = lane?.waiting.shift()
      if (lane === undefined || item === undefined) return undefined
      if (patient.has(lane)) inLineMs = elapsedMs() - lane.inLineSinceMs
      leave(lane)
      waiting -= 1
      lane.busy = true
      return { lane, item }
    },
    done(lane) {
      lane.busy = false
      // Whatever waits here came before the answer went.
      if (lane.waiting.length > 0) join(pressing, lane)
    },
    drop(lane) {
      waiting -= lane.waiting.length
      lane.waiting.length = 0
      leave(lane)
    },
    isReady: () => patient.size + pressing.size > 0,
    waiting: () => waiting,
    inLine: () => patient.size,
    inLineMs: () => inLineMs,
  }
}
