/** What became of the requests of one kind. */
export type RequestFigures = {
  readonly count: number
  /** Answered 503: the server was full and said so. */
  readonly shed: number
  /** Answered 4xx, rightly or not: `violations` says which. */
  readonly refused: number
  /** Never answered: connection refused or broken, or too slow. */
  readonly lost: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export type Meter = {
  readonly answered: (kind: string, status: number, latencyMs: number) => void
  readonly lost: (kind: string) => void
  /** Answers so far, of every kind. */
  readonly total: () => number
  readonly figures: () => Readonly<Record<string, RequestFigures>>
}

type Tally = { count: number; shed: number; refused: number; lost: number; buckets: Uint32Array }

/** Steps of 5 % from 20 µs: the 420th is beyond four hours, longer than any request may take. */
const bucketCount = 420
const bucketGrowth = Math.log(1.05)
const smallestMs = 0.02

export function createMeter(): Meter {
  const tallies = new Map<string, Tally>()
  let total = 0
  const tallyOf = (kind: string): Tally => {
    const known = tallies.get(kind)
    if (known) return known
    const fresh = { count: 0, shed: 0, refused: 0, lost: 0, buckets: new Uint32Array(bucketCount) }
    tallies.set(kind, fresh)
    return fresh
  }
  return {
    answered: (kind, status, latencyMs) => {
      const tally = tallyOf(kind)
      total += 1
      tally.count += 1
      if (status === 503) tally.shed += 1
      else if (status >= 400 && status < 500) tally.refused += 1
      const bucket = bucketOf(latencyMs)
      tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1
    },
    lost: (kind) => {
      tallyOf(kind).lost += 1
    },
    total: () => total,
    figures: () =>
      Object.fromEntries(
        [...tallies]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([kind, tally]) => [kind, figuresOf(tally)]),
      ),
  }
}

function figuresOf({ count, shed, refused, lost, buckets }: Tally): RequestFigures {
  return {
    count,
    shed,
    refused,
    lost,
    p50Ms: quantile(buckets, count * 0.5),
    p99Ms: quantile(buckets, count * 0.99),
  }
}

const bucketOf = (latencyMs: number): number =>
  Math.min(bucketCount - 1, Math.max(0, Math.ceil(Math.log(latencyMs / smallestMs) / bucketGrowth)))

/** The upper end of the bucket in which the rank falls, so never better than what was measured. */
function quantile(buckets: Uint32Array, rank: number): number {
  let seen = 0
  for (const [bucket, count] of buckets.entries()) {
    seen += count
    if (count > 0 && seen >= rank) {
      return Number((smallestMs * Math.exp(bucket * bucketGrowth)).toPrecision(3))
    }
  }
  return 0
}
