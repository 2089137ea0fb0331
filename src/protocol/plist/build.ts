import { build } from 'plist'
import { base64Of } from './base64.ts'
import { integerMax, integerMin } from './scalar.ts'
import {
  emptyDict,
  isBytes,
  isDate,
  isWholeReal,
  type PlistValue,
  type WholeReal,
} from './value.ts'

/** What can be built: a property list in which keys may be left out by an undefined value. */
export type Buildable =
  | string
  | number
  | bigint
  | boolean
  | WholeReal
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
  const seen: Seen = { huge: false, data: [], reals: [] }
  const exact = exactly(value, seen)
  // The package writes bigints and never changes an array; its types do not say so.
  const xml = build(exact as Parameters<typeof build>[0])
  // It writes every whole number as an integer. `<` in text is always escaped, so these are elements.
  const reals = seen.reals.values()
  const real = (element: string): string => {
    const value = reals.next().value
    return isWholeReal(value) ? `<real>${value.value}</real>` : element
  }
  const exactReals = seen.reals.some(isWholeReal) ? xml.replace(/<real>[^<]*<\/real>/g, real) : xml
  const whole = seen.huge
    ? exactReals.replace(/<integer>([^<]*)<\/integer>/g, realIfHuge)
    : exactReals
  const data = seen.data.values()
  return seen.data.length === 0
    ? whole
    : whole.replace(
        /<data>[^<]+<\/data>/g,
        () => `<data>${base64Of(data.next().value ?? none)}</data>`,
      )
}

/** What the package must not write itself: numbers beyond its reach, and data, which it encodes byte by byte. */
type Seen = {
  huge: boolean
  readonly data: Uint8Array[]
  /** Each number that is written as `<real>`, in the order in which it is written. */
  readonly reals: (number | WholeReal)[]
}

const none = new Uint8Array()
/** Stands where data goes, in the order in which it is written. */
const placeholder = new Uint8Array(1)

/** The same value with each number in the form that keeps its digits. */
function exactly(value: Buildable, seen: Seen): PlistValue {
  if (typeof value === 'number') return exactNumber(value, seen)
  if (typeof value !== 'object' || isDate(value)) return value
  if (isWholeReal(value)) return standInReal(value, seen)
  if (isBytes(value)) return setAside(value, seen)
  if (isList(value)) return value.map((item) => exactly(item, seen))
  const dict = emptyDict()
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) dict[key] = exactly(item, seen)
  }
  return dict
}

/** Any number with a fraction: the package writes it as a real, whose text is then replaced. */
function standInReal(real: WholeReal, seen: Seen): number {
  seen.reals.push(real)
  return 0.5
}

function setAside(bytes: Uint8Array, seen: Seen): Uint8Array {
  if (bytes.length === 0) return bytes
  seen.data.push(bytes)
  return placeholder
}

function exactNumber(value: number, seen: Seen): number | bigint {
  if (!Number.isInteger(value)) {
    seen.reals.push(value)
    return value
  }
  if (Number.isSafeInteger(value)) return value
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
