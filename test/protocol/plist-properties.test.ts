import fc from 'fast-check'
import { build, buildBinary, parse, parseBinary } from 'plist'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { dictOf, isXmlText, type PlistValue } from '../../src/protocol/plist/value.ts'
import { loadCorpus } from './plist-corpus.ts'

const text = fc
  .oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string())
  .filter(isXmlText)
const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
    .filter((value) => !Number.isSafeInteger(Number(value))),
)
// Minus zero becomes zero, and a whole double between 2^53 and 2^64 comes back as the bigint it equals.
const real = fc
  .double()
  .filter(
    (value) =>
      !Object.is(value, -0) &&
      (!Number.isInteger(value) || Math.abs(value) >= 2 ** 65 || Number.isSafeInteger(value)),
  )
const date = fc
  .integer({ min: Date.UTC(2000, 0, 1) / 1000 - 63_000_000_000, max: 253_402_300_799 })
  .map((seconds) => new Date(seconds * 1000))
const bytes = fc.uint8Array({ maxLength: 64 })

const { value: anyValue } = fc.letrec<{ value: PlistValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    text,
    whole,
    real,
    fc.boolean(),
    date,
    bytes,
    fc.array(tie('value'), { maxLength: 6 }),
    fc
      .array(fc.tuple(text, tie('value')), { maxLength: 6 })
      .map((entries) => dictOf(Object.fromEntries(entries))),
  ),
}))

const readOf = (body: Uint8Array): PlistValue => {
  const result = readPlist(body)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

test('whatever is built reads back the same', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(readOf(Buffer.from(buildPlist(value)))).toStrictEqual(value)
    }),
    { numRuns: 2000 },
  )
})

test('a whole double that a 64-bit integer holds reads back with every digit', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** 53, max: 2 ** 63, noNaN: true }), (value) => {
      const whole = Math.round(value)
      expect(BigInt(readOf(Buffer.from(buildPlist(whole))) as bigint)).toBe(BigInt(whole))
    }),
  )
})

// The package has neither bigints beyond its types nor null-prototype dictionaries, so the common ground is
// what its own writers make of ordinary values. It also takes XML 1.1's line ends for such, in a document of XML 1.0.
const hasNoLineEnds = (value: string): boolean => !/[\r\u0085\u2028\u2029]/.test(value)

const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text.filter(hasNoLineEnds),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
    fc.boolean(),
    date,
    bytes,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__' && hasNoLineEnds(key)),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
})).value

/** Without prototypes and buffers, so that two readers can be compared. */
function bare(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bare(item)]))
}

type Plain = Parameters<typeof build>[0]

test('XML that the plist package writes means to us what it means to the package', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const xml = build(value as Plain)
      expect(bare(readOf(Buffer.from(xml)))).toEqual(bare(parse(xml)))
    }),
    { numRuns: 1000 },
  )
})

test('binary that the plist package writes means to us what it means to the package', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const body = Uint8Array.from(buildBinary(value as Plain))
      expect(bare(readOf(body))).toEqual(bare(parseBinary(body)))
    }),
    { numRuns: 1000 },
  )
})

const seeds = [
  ...loadCorpus()
    .filter(({ bytes: body }) => body.length < 4096)
    .map(({ bytes: body }) => body),
  ...['checkin-tokenupdate-ios.plist', 'report-acknowledged-settings.plist'].map((file) =>
    readFileSync(new URL(`../fixtures/mdm/${file}`, import.meta.url)),
  ),
]

const mutation = fc.record({
  seed: fc.nat(seeds.length - 1),
  edits: fc.array(
    fc.record({ at: fc.nat(4096), cut: fc.nat(12), put: fc.uint8Array({ maxLength: 6 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
})

test('a mutated body is read or refused with a fault inside it, and nothing is thrown', () => {
  fc.assert(
    fc.property(mutation, ({ seed, edits }) => {
      let body = Buffer.from(seeds[seed] ?? [])
      for (const { at, cut, put } of edits) {
        const from = at % (body.length + 1)
        body = Buffer.concat([body.subarray(0, from), put, body.subarray(from + cut)])
      }
      const result = readPlist(body)
      if (result.ok) return
      expect(result.error.at).toBeGreaterThanOrEqual(0)
      expect(result.error.at).toBeLessThanOrEqual(body.length)
    }),
    { numRuns: 20_000 },
  )
})

test('what a mutated body says can be built and read again', () => {
  fc.assert(
    fc.property(mutation, ({ seed, edits }) => {
      let body = Buffer.from(seeds[seed] ?? [])
      for (const { at, put } of edits) put.forEach((byte, index) => (body[at + index] = byte))
      const result = readPlist(body)
      if (!result.ok) return
      const again = readOf(Buffer.from(buildPlist(result.value)))
      expect(buildPlist(again)).toBe(buildPlist(result.value))
    }),
    { numRuns: 5000 },
  )
})
