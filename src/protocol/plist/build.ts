import { build } from 'plist'
import { base64Of } from './base64.ts'
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
  const seen: Seen = { huge: false, data: [] }
  const exact = exactly(value, seen)
  // The package writes bigints and never changes an array; its types do not say so.
  const xml = build(exact as Parameters<typeof build>[0])
  // It writes every whole number as an integer. `<` in text is always escaped, so these are elements.
  const whole = seen.huge ? xml.replace(/<integer>([^<]*)<\/integer>/g, realIfHuge) : xml
  const data = seen.data.values()
  return seen.data.length === 0
    ? whole
    : whole.replace(
        /<data>[^<]+<\/data>/g,
        () => `<data>${base64Of(data.next().value ?? none)}</data>`,
      )
}

/** What the package must not write itself: numbers beyond its reach, and data, which it encodes byte by byte. */
type Seen = { huge: boolean; readonly data: Uint8Array[] }

const none = new Uint8Array()
/** Stands where data goes, in the order in which it is written. */
const placeholder = new Uint8Array(1)

/** The same value with each number in the form that keeps its digits. */
function exactly(value: Buildable, seen: Seen): PlistValue {
  if (typeof value === 'number') return exactNumber(value, seen)
  if (typeof value !== 'object' || isDate(value)) return value
  if (isBytes(value)) return setAside(value, seen)
  if (isList(value)) return value.map((item) => exactly(item, seen))
  const dict = emptyDict()
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) dict[key] = exactly(item, seen)
  }
  return dict
}

function setAside(bytes: Uint8Array, seen: Seen): Uint8Array {
  if (bytes.length === 0) return bytes
  seen.data.push(bytes)
  return placeholder
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
