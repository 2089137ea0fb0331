import { build } from 'plist'
import { integerMax, integerMin } from './scalar.ts'
import { emptyDict, isBytes, isDate, type PlistValue } from './value.ts'

/** What can be built: a property list in which keys may be left out by an undefined value. */
export type Buildable =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | readonly Buildable[]
  | { readonly [key: string]: Buildable | undefined }

/**
 * Writes an XML property list.
 *
 * Whole numbers become `<integer>` with every digit, others `<real>`; a whole number that no 64-bit integer
 * holds becomes a `<real>` too. Throws on text XML cannot carry: readers and JSON refuse it, so it is our bug.
 */
export function buildPlist(value: Buildable): string {
  const seen: Seen = { huge: false }
  const exact = exactly(value, seen)
  // The package writes bigints and never changes an array; its types do not say so.
  const xml = build(exact as Parameters<typeof build>[0])
  // It writes every whole number as an integer. `<` in text is always escaped, so these are elements.
  return seen.huge ? xml.replace(/<integer>([^<]*)<\/integer>/g, realIfHuge) : xml
}

type Seen = { huge: boolean }

/** The same value with each number in the form that keeps its digits. */
function exactly(value: Buildable, seen: Seen): PlistValue {
  if (typeof value === 'number') return exactNumber(value, seen)
  if (typeof value !== 'object' || isBytes(value) || isDate(value)) return value
  if (isList(value)) return value.map((item) => exactly(item, seen))
  const dict = emptyDict()
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) dict[key] = exactly(item, seen)
  }
  return dict
}

function exactNumber(value: number, seen: Seen): number | bigint {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value
  const whole = BigInt(value)
  // `toString` of a large double rounds its digits; the bigint has them all.
  if (whole >= integerMin && whole <= integerMax) return whole
  seen.huge = true
  return value
}

function realIfHuge(element: string, numeral: string): string {
  const isInteger = /^-?[0-9]+$/.test(numeral)
  const fits = isInteger && BigInt(numeral) >= integerMin && BigInt(numeral) <= integerMax
  return fits ? element : `<real>${numeral}</real>`
}

const isList = (value: Buildable): value is readonly Buildable[] => Array.isArray(value)
