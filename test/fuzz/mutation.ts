// Valid inputs, spoiled: pieces cut out, doubled or replaced by what means something in their grammar.
import fc from 'fast-check'
import { test } from 'vitest'

/** Runs of each property. A night has time for a million: `FUZZ_RUNS=1000000`. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 20_000)

/** What a failure printed, to see it again. */
const seed = process.env['FUZZ_SEED']

const again = seed === undefined ? {} : { seed: Number(seed) }

/** A million runs take some minutes. */
const patienceMs = 60_000 + runs / 4

/** A property of one generated value, as often as asked for. */
export const holds = <Value>(
  name: string,
  arbitrary: fc.Arbitrary<Value>,
  check: (value: Value) => void,
): void =>
  test(
    name,
    () => {
      fc.assert(fc.property(arbitrary, check), { numRuns: runs, ...again })
    },
    patienceMs,
  )

type Edit = readonly [how: number, at: number, length: number, token: number]

const edits = fc.array<Edit>(
  fc.tuple(fc.nat(11), fc.nat(0xffff), fc.nat(24), fc.nat(0xff)) as fc.Arbitrary<Edit>,
  { minLength: 1, maxLength: 3 },
)

/** Spoiled copies of `seeds`. Small ones make more of a run; half a kilobyte is enough for any grammar. */
export const mutated = (
  seeds: readonly Uint8Array[],
  tokens: readonly (string | Uint8Array)[],
): fc.Arbitrary<Uint8Array> => {
  const pieces = tokens.map((token) => Buffer.from(token))
  return fc
    .tuple(fc.nat(seeds.length - 1), edits)
    .map(([which, all]) =>
      all.reduce((body, edit) => edited(body, edit, pieces), seeds[which] ?? nothing),
    )
}

export const mutatedText = (
  seeds: readonly string[],
  tokens: readonly string[],
): fc.Arbitrary<string> =>
  mutated(
    seeds.map((text) => Buffer.from(text)),
    tokens,
  ).map((bytes) => Buffer.from(bytes).toString())

const nothing = new Uint8Array()

/** One edit, at any byte or where a piece of the grammar ends: a token put in or over, a part cut, doubled, moved. */
function edited(
  body: Uint8Array,
  [how, at, length, token]: Edit,
  pieces: readonly Uint8Array[],
): Uint8Array {
  const isWhole = how >= 6
  const from = isWhole ? seam(body, at) : at % (body.length + 1)
  const to = isWhole ? seam(body, from + length + 1) : Math.min(body.length, from + length)
  const put = pieces[token % Math.max(1, pieces.length)] ?? nothing
  switch (how % 6) {
    case 0:
      return joined(body.subarray(0, from), put, body.subarray(from))
    case 1:
      return joined(body.subarray(0, from), put, body.subarray(to))
    case 2:
      return joined(body.subarray(0, from), body.subarray(to))
    case 3:
      return joined(body.subarray(0, to), body.subarray(from))
    case 4:
      return joined(body.subarray(to), body.subarray(0, to))
    default:
      return turned(body, from, 1 << (token % 8))
  }
}

/** The next place where a tag, a text or a member begins or ends. */
function seam(body: Uint8Array, at: number): number {
  let from = at % (body.length + 1)
  while (from < body.length && !seams.has(body[from] ?? 0)) from += 1
  return body[from] === afterwards ? from + 1 : from
}

const seams: ReadonlySet<number> = new Set(Buffer.from('<>,{}[]'))
const afterwards = '>'.charCodeAt(0)

function turned(body: Uint8Array, at: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(body)
  const byte = copy[at]
  if (byte !== undefined) copy[at] = byte ^ bit
  return copy
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)
