import type { PlistLimits } from './limits.ts'
import { WholeReal } from './value.ts'

/** What stands between the tags of `<integer>`, `<real>`, `<date>` and `<data>`. Undefined: not one. */

const integerForm = /^[ \t\r\n]*([+-]?)(?:0*([0-9]{1,20})|0[xX]([0-9a-fA-F]{1,16}))[ \t\r\n]*$/
const realForm = /^[ \t\r\n]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?)[ \t\r\n]*$/
const dateForm = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/

/** CoreFoundation holds signed and unsigned 64-bit numbers, so these are the ends of its range. */
export const integerMin: bigint = -(2n ** 63n)
export const integerMax: bigint = 2n ** 64n - 1n

/** Longer than any number a writer makes (17 digits, exponent); longer ones are there to cost time. */
const numeralCharsMax = 64

/** Decimal or hexadecimal, as CoreFoundation reads it, from -2^63 to 2^64-1. */
export function integerOf(text: string): number | bigint | undefined {
  if (text.length > numeralCharsMax) return undefined
  const [, sign, decimal, hex] = integerForm.exec(text) ?? []
  const numeral = decimal ?? (hex === undefined ? undefined : `0x${hex}`)
  if (numeral === undefined) return undefined
  if (numeral.length <= 15) return sign === '-' ? 0 - Number(numeral) : Number(numeral)
  return fitInteger(sign === '-' ? -BigInt(numeral) : BigInt(numeral))
}

/** A number where that is exact, a bigint beyond 2^53, undefined outside the 64-bit range. */
export function fitInteger(value: bigint): number | bigint | undefined {
  if (value < integerMin || value > integerMax) return undefined
  const rounded = Number(value)
  return Number.isSafeInteger(rounded) ? rounded : value
}

/** Decimal with exponent, or the words CoreFoundation writes. What a double cannot hold is refused. */
export function realOf(text: string): number | undefined {
  if (text.length > numeralCharsMax) return undefined
  const [, numeral] = realForm.exec(text) ?? []
  if (numeral === undefined) return namedReals.get(text.toLowerCase())
  const value = Number(numeral)
  // Minus zero becomes zero: no writer can carry the sign back.
  return Number.isFinite(value) ? value + 0 : undefined
}

/** A whole real as the reader is to give it: a number, or a `WholeReal` where it must be written as a real again. */
export const realIn = (value: number, { keepsReals }: PlistLimits): number | WholeReal =>
  keepsReals === true && Number.isInteger(value) ? new WholeReal(value) : value

const namedReals: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])

/** `YYYY-MM-DDTHH:MM:SSZ`, and a day the calendar has. */
export function dateOf(text: string): Date | undefined {
  if (!dateForm.test(text)) return undefined
  const date = new Date(text)
  // The engine reads February 30 as March 2; only a real day comes back as it went in.
  if (Number.isNaN(date.getTime()) || isoSeconds(date) !== text) return undefined
  return date
}

/** ISO 8601 in UTC; milliseconds only where there are any. */
export const isoSeconds = (date: Date): string => date.toISOString().replace('.000Z', 'Z')

/** The same to the second, as Apple's JSON wants timestamps. */
export const isoOfMs = (atMs: number): string =>
  new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace('.000Z', 'Z')
