// Who is served when more ask than can be: first whoever brings something, last whoever never waits.

/** `vital` brings what would be lost or enrols; `report` may be a result; a `poll` only asks whether there is anything. */
export type AskKind = 'vital' | 'report' | 'poll'

/** What is remembered of a connection, for as long as it lasts. */
export type Standing = {
  /** What it asked for under overload, weighed; at 1 a request is refused. */
  debt: number
  /** Times it came again before it was told to. */
  strikes: number
  /** Coming earlier than this is a strike. */
  welcomeAtMs: number
}

export type Verdict =
  | { readonly kind: 'admitted' }
  /** Answered only after so long: a held answer keeps its connection quiet and costs nothing. */
  | { readonly kind: 'refused'; readonly holdMs: number }

export type Overload = {
  judge(standing: Standing, kind: AskKind): Verdict
  /** To be called when an admitted request has been answered or was given up. */
  done(kind: AskKind): void
  /** To be called every `observedEveryMs` with how late the event loop was meanwhile, on average. */
  observe(lagMs: number): void
  isOverloaded(): boolean
}

export const observedEveryMs = 250

/** Nobody who is kept waiting this long by others is served well. A few dozen busy connections never cause it. */
const lagMaxMs = 100

/** Requests begun and not yet answered, by kind: what the disk can catch up with within a second or two. */
const inFlightMax: Readonly<Record<AskKind, number>> = { vital: 4_000, report: 2_000, poll: 1_000 }

/** What each kind weighs when some must be refused: results and enrolments go on longest. */
const weights: Readonly<Record<AskKind, number>> = { vital: 0.25, report: 0.5, poll: 1 }

/** The share of polls refused, and how it moves with each observation: up until others no longer wait, then back. */
const shares = { most: 0.9, up: 0.15, down: 0.1 } as const

/** A first refusal is held briefly, each strike doubles it. */
const holds = { leastMs: 1_000, mostMs: 16_000 } as const

/** After its refusal a client stays away this long; agents and devices wait a second or more by themselves. */
const awayMs = 500

/** After so long without overload everything is forgiven. */
const forgivenAfterMs = 30_000

export const newStanding = (): Standing => ({ debt: 0, strikes: 0, welcomeAtMs: 0 })

const admitted: Verdict = { kind: 'admitted' }

/** `elapsedMs` is a clock that never goes back. */
export function createOverload(elapsedMs: () => number): Overload {
  const inFlight: Record<AskKind, number> = { vital: 0, report: 0, poll: 0 }
  let share = 0
  let overloadedAtMs = Number.NEGATIVE_INFINITY

  function refuse(standing: Standing, nowMs: number): Verdict {
    const holdMs = Math.min(holds.mostMs, holds.leastMs * 2 ** standing.strikes)
    standing.welcomeAtMs = nowMs + holdMs + awayMs
    return { kind: 'refused', holdMs }
  }

  /** Whether it came before it was welcome again; each time it waited makes up for a time it did not. */
  function isEarly(standing: Standing, nowMs: number): boolean {
    if (standing.welcomeAtMs === 0 || nowMs > overloadedAtMs + forgivenAfterMs) return false
    if (nowMs < standing.welcomeAtMs) {
      standing.strikes += 1
      return true
    }
    standing.strikes = Math.max(0, standing.strikes - 1)
    standing.welcomeAtMs = standing.strikes === 0 ? 0 : nowMs + awayMs
    return false
  }

  /** Counted and not drawn by lot: whoever asks most is refused first, and whoever is new is served. */
  function isItsTurn(standing: Standing, kind: AskKind): boolean {
    if (share === 0) return false
    standing.debt += share * weights[kind]
    if (standing.debt < 1) return false
    standing.debt -= 1
    return true
  }

  return {
    judge(standing, kind) {
      const nowMs = elapsedMs()
      if (isEarly(standing, nowMs)) return refuse(standing, nowMs)
      if (inFlight[kind] >= inFlightMax[kind]) return refuse(standing, nowMs)
      if (isItsTurn(standing, kind)) return refuse(standing, nowMs)
      inFlight[kind] += 1
      return admitted
    },
    done(kind) {
      inFlight[kind] -= 1
    },
    observe(lagMs) {
      if (lagMs > lagMaxMs) {
        overloadedAtMs = elapsedMs()
        share = Math.min(shares.most, share + shares.up)
      } else share = Math.max(0, share - shares.down)
    },
    isOverloaded: () => share > 0,
  }
}
