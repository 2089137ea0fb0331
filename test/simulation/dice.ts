/** Chance from a seed: the same everywhere, and each use has its say in what comes after. */
export type Dice = {
  /** Uniform in [0, 1). */
  roll(): number
  /** Whole, from `from` up to and with `to`. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  pick<Item>(items: readonly Item[]): Item | undefined
  hex(digits: number): string
}

export function createDice(seed: number): Dice {
  let state = (seed ^ 0x9e37_79b9) | 0
  /** Mulberry32. */
  function roll(): number {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    roll,
    between: (from, to) => from + Math.floor(roll() * (to - from + 1)),
    // Asked even when the answer is known, so that a rate alone does not shift what follows.
    chance: (probability) => roll() < probability,
    pick: <Item>(items: readonly Item[]) => items[Math.floor(roll() * items.length)] as Item, // undefined for an empty list only
    hex: (digits) =>
      Array.from({ length: digits }, () => Math.floor(roll() * 16).toString(16)).join(''),
  }
}
