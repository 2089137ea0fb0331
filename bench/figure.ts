// What a benchmark finds out: one number, what it was hoped to be, and what stood beside it.

export type Figure = {
  readonly what: string
  readonly value: number
  /** Such as `/s`, `ms`, `µs`, `kB`; empty for a bare ratio. */
  readonly unit: string
  /** What was hoped for, in the same unit unless it is of a yardstick. */
  readonly target?: Target
  /** Measured in the same run, so that a slow machine is told from slow code. */
  readonly yardstick?: { readonly what: string; readonly value: number; readonly ratio: number }
}

export type Target = {
  readonly kind: 'at-least' | 'at-most' | 'ratio-at-least' | 'ratio-at-most'
  readonly value: number
}

export type Bench = {
  /** What `--only` names. */
  readonly name: string
  readonly run: (setup: Setup) => Promise<readonly Figure[]>
}

export type Setup = {
  /** Where data folders are made. On the disk whose speed is meant. */
  readonly folder: string
  /** Hosts in the filled database. */
  readonly hosts: number
  /** How long each load lasts. */
  readonly seconds: number
  readonly say: (line: string) => void
}

export function isMet({ value, target, yardstick }: Figure): boolean | undefined {
  if (target === undefined) return undefined
  const measured = target.kind.startsWith('ratio') ? (yardstick?.ratio ?? Number.NaN) : value
  return target.kind.endsWith('at-most') ? measured <= target.value : measured >= target.value
}

/** Half of the values lie below: one disturbed round does not count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[middle - 1 + (sorted.length % 2)], sorted[middle]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

/** Median time of `work` in ms, after `warm` runs that do not count. */
export async function timed(
  { rounds, warm = 3 }: { readonly rounds: number; readonly warm?: number },
  work: () => unknown,
): Promise<number> {
  const times: number[] = []
  for (let round = -warm; round < rounds; round += 1) {
    const start = performance.now()
    await work()
    if (round >= 0) times.push(performance.now() - start)
  }
  return median(times)
}
