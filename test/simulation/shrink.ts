import type { PlantedBug } from './planted-bug.ts'
import { simulate } from './simulation.ts'
import { type Trouble, troubles } from './troubles.ts'

export type Shrunk = {
  /** What the failure does not come about without. */
  readonly needed: readonly Trouble[]
  readonly spared: readonly Trouble[]
  readonly violation: string
}

/**
 * The fewest troubles with which a seed still fails: takes one away after the other for as long as
 * something is broken, until none can be spared any more. Undefined for a seed that holds.
 */
export async function shrink(seed: number, bug?: PlantedBug): Promise<Shrunk | undefined> {
  let spared: readonly Trouble[] = []
  let { violation } = await simulate(seed, { bug })
  if (violation === undefined) return undefined
  for (let isDone = false; !isDone;) {
    isDone = true
    for (const trouble of troubles) {
      if (spared.includes(trouble)) continue
      const fewer = [...spared, trouble]
      const without = await simulate(seed, { bug, spared: fewer })
      if (without.violation === undefined) continue
      violation = without.violation
      spared = fewer
      isDone = false
    }
  }
  return { needed: troubles.filter((one) => !spared.includes(one)), spared, violation }
}
