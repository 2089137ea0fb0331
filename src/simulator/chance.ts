/**
 * Seeded chance: the same seed gives the same draws in the same order on every machine, so that a run that
 * broke a rule can be run again. Never for secrets.
 */
export type Chance = {
  /** From 0 up to, never reaching, 1. */
  readonly fraction: () => number
  /** True with this probability. Always one draw, so that a changed rate shifts nothing after it. */
  readonly happens: (rate: number) => boolean
  /** A whole number, both ends included. */
  readonly integer: (min: number, max: number) => number
  readonly pick: <Items extends readonly [unknown, ...unknown[]]>(items: Items) => Items[number]
  /** As many characters of this alphabet. */
  readonly text: (alphabet: string, length: number) => string
  readonly bytes: (length: number) => Uint8Array
  /** An upper-case UUID of version 4, as Macs write theirs. */
  readonly uuid: () => string
  readonly shuffled: <Item>(items: readonly Item[]) => readonly Item[]
  /** A stream of its own: what it draws does not depend on what was drawn here. */
  readonly fork: (name: string) => Chance
}

export function createChance(seed: string): Chance {
  const next = generator(seed)
  const fraction = (): number => next() / 2 ** 32
  const integer = (min: number, max: number): number =>
    min + Math.floor(fraction() * (max - min + 1))
  const text = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(integer(0, alphabet.length - 1))).join('')
  return {
    fraction,
    integer,
    text,
    happens: (rate) => fraction() < rate,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    bytes: (length) => Uint8Array.from({ length }, () => integer(0, 255)),
    uuid: () =>
      [8, 4, 3, 3, 12]
        .map((length) => text(hexDigits, length))
        .map((part, at) => (at === 2 ? `4${part}` : at === 3 ? `A${part}` : part))
        .join('-'),
    shuffled: (items) =>
      items
        .map((item) => ({ item, rank: next() }))
        .toSorted((a, b) => a.rank - b.rank)
        .map(({ item }) => item),
    fork: (name) => createChance(`${seed}/${name}`),
  }
}

const hexDigits = '0123456789ABCDEF'

/** xoshiro128**, fed by splitmix32 over a hash of the seed. Source: Blackman and Vigna, prng.di.unimi.it. */
function generator(seed: string): () => number {
  const feed = splitmix(hash(seed))
  let [a, b, c, d] = [feed(), feed(), feed(), feed()]
  return () => {
    const drawn = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return drawn
  }
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  }
  return state
}

function splitmix(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return mixed ^ (mixed >>> 15)
  }
}
