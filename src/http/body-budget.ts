// One bound over the memory of all request bodies under way, and an end to those that stall.

export type BodyBudget = {
  /** To be called once a body turns out not to be there at once. */
  begin(body: Begun): BodyUnderWay
  readonly stats: () => BodyBudgetStats
}

export type Begun = {
  /** Whether the sender proved who it is. All others share a small part of the memory. */
  readonly isKnown: boolean
  /** Called at most once, and never after `release`: the body is not to be read further. */
  readonly end: (why: 'stalled' | 'overloaded') => void
}

export type BodyUnderWay = {
  /** Counts bytes that came. False when there is no room for them: the body was then released. */
  take(bytes: number): boolean
  /** All of it has come: it is held until its request was answered, and not ended any more. */
  whole(): void
  /** Nothing of the body is in memory any more. May be called again. */
  release(): void
}

export type BodyBudgetStats = {
  readonly bytes: number
  readonly bodies: number
  /** Bodies ended since the start, by reason. */
  readonly ended: Readonly<Record<'stalled' | 'overloaded', number>>
}

type BodyBudgetOptions = {
  /** For all bodies together. */
  readonly bytesMax: number
  /** A clock that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  readonly later: (task: () => void, delayMs: number) => { cancel(): void }
}

/** What senders that are not known may take together: honest ones send a few kilobytes each before they are. */
const strangersShare = 1 / 8

/** A body of which nothing came for so long has stalled. */
const silentMsMax = 10_000

/** After this long a body must have come at least this fast. 16 MB may take the whole time of a request. */
const slowAfterMs = 15_000
const bytesPerSecondMin = 8_192

/** A younger body is not ended to make room: in a rush of honest ones the first would never be whole. */
const mayEndAfterMs = 5_000

const sweepEveryMs = 1_000

type Entry = {
  readonly begun: Begun
  readonly beganAtMs: number
  isKnown: boolean
  isWhole: boolean
  bytes: number
  lastAtMs: number
}

/**
 * Known senders together never hold more than `bytesMax`, strangers no more than an eighth of it.
 *
 * Where there is no room, the body under way for longest is ended, so that those who hold bodies back keep nobody
 * else out. Where all are young, the newcomer is refused.
 */
export function createBodyBudget(options: BodyBudgetOptions): BodyBudget {
  const { elapsedMs, later } = options
  const ended = { stalled: 0, overloaded: 0 }
  const room = createRoom(options.bytesMax)
  let isSweeping = false

  function end(entry: Entry, why: 'stalled' | 'overloaded'): void {
    ended[why] += 1
    room.release(entry)
    entry.begun.end(why)
  }

  function makeRoom(entry: Entry, bytes: number): boolean {
    for (const other of room.entries) {
      if (room.isFor(entry, bytes)) return true
      if (elapsedMs() - other.beganAtMs < mayEndAfterMs) return false
      if (other !== entry && other.isKnown === entry.isKnown && !other.isWhole)
        end(other, 'overloaded')
    }
    return room.isFor(entry, bytes)
  }

  function take(entry: Entry, bytes: number): boolean {
    if (!room.entries.has(entry)) return false
    if (makeRoom(entry, bytes)) {
      room.add(entry, bytes)
      entry.lastAtMs = elapsedMs()
      return true
    }
    ended.overloaded += 1
    room.release(entry)
    return false
  }

  function sweep(): void {
    isSweeping = false
    const now = elapsedMs()
    for (const entry of room.entries) if (hasStalled(entry, now)) end(entry, 'stalled')
    sweepLater()
  }

  function sweepLater(): void {
    if (isSweeping || room.entries.size === 0) return
    isSweeping = true
    later(sweep, sweepEveryMs)
  }

  return {
    stats: () => ({ bytes: room.bytes(), bodies: room.entries.size, ended }),
    begin(begun) {
      const at = elapsedMs()
      const entry: Entry = {
        begun,
        beganAtMs: at,
        isKnown: begun.isKnown,
        isWhole: false,
        bytes: 0,
        lastAtMs: at,
      }
      room.entries.add(entry)
      sweepLater()
      return {
        take: (bytes) => take(entry, bytes),
        whole: () => void (entry.isWhole = true),
        release: () => room.release(entry),
      }
    },
  }
}

/** The bodies under way, in the order in which they began, and the memory they hold. */
function createRoom(bytesMax: number): {
  readonly entries: Set<Entry>
  bytes(): number
  isFor(entry: Entry, bytes: number): boolean
  add(entry: Entry, bytes: number): void
  release(entry: Entry): void
} {
  const entries = new Set<Entry>()
  const held = { known: 0, strangers: 0 }
  const kindOf = ({ isKnown }: Entry): 'known' | 'strangers' => (isKnown ? 'known' : 'strangers')
  const bytesHeld = (): number => held.known + held.strangers
  return {
    entries,
    bytes: bytesHeld,
    isFor: (entry, bytes) =>
      bytesHeld() + bytes <= bytesMax &&
      (entry.isKnown || held.strangers + bytes <= bytesMax * strangersShare),
    add(entry, bytes) {
      entry.bytes += bytes
      held[kindOf(entry)] += bytes
    },
    release(entry) {
      if (entries.delete(entry)) held[kindOf(entry)] -= entry.bytes
    },
  }
}

function hasStalled({ bytes, beganAtMs, lastAtMs, isWhole }: Entry, now: number): boolean {
  if (isWhole) return false
  if (now - lastAtMs >= silentMsMax) return true
  const ageMs = now - beganAtMs
  return ageMs >= slowAfterMs && bytes / (ageMs / 1_000) < bytesPerSecondMin
}
