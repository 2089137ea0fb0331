// How one setting is written down, and the readers that several share.
import type { ServeOptions } from '../cli/serve-options.ts'
import { fail, ok, type Result } from '../result.ts'

/** The variables of the process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One setting: where it may come from, and what it may say. */
export type Setting<Value> = {
  readonly flag: keyof ServeOptions
  readonly variable: string
  /** The sentence of a failure follows the setting's name: "must be …". */
  readonly read: (text: string) => Result<Value, string>
  readonly fallback: Value
}

/** A secret somebody chose: long enough that guessing it over the network is hopeless. */
const secretCharsMin = 24

export function readSecret(text: string): Result<string, string> {
  return text.length < secretCharsMin
    ? fail(`must have at least ${secretCharsMin} characters`)
    : ok(text)
}

export function readWholeNumber({
  min,
  max,
}: {
  readonly min: number
  readonly max: number
}): (text: string) => Result<number, string> {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return number >= min && number <= max
      ? ok(number)
      : fail(`must be a whole number from ${min} to ${max}`)
  }
}

const mebi = 1_024 * 1_024
const sizeUnits: Readonly<Record<string, number>> = { MB: mebi, GB: 1_024 * mebi }

/** `256MB`, `2GB`: binary units, as memory is counted. */
export function readSize({
  minMb,
}: {
  readonly minMb: number
}): (text: string) => Result<number, string> {
  return (text) => {
    const { count, unit = '' } = /^(?<count>\d{1,6})(?<unit>MB|GB)$/.exec(text)?.groups ?? {}
    const bytes = Number(count) * (sizeUnits[unit] ?? Number.NaN)
    return bytes >= minMb * mebi
      ? ok(bytes)
      : fail(`must be a size of ${minMb}MB or more, such as 256MB`)
  }
}

export function oneOf<Word extends string>(
  words: readonly Word[],
): (text: string) => Result<Word, string> {
  return (text) => {
    const word = words.find((one) => one === text)
    return word === undefined ? fail(`must be one of: ${words.join(', ')}`) : ok(word)
  }
}
