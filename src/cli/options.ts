import { InvalidArgumentError } from 'commander'

/** What stood on the command line, by name, in the types that were parsed. */
export type Options = {
  readonly text: (name: string) => string | undefined
  readonly flag: (name: string) => boolean
  readonly list: (name: string) => readonly string[]
  readonly number: (name: string) => number | undefined
}

export function createOptions(values: Readonly<Record<string, unknown>>): Options {
  return {
    text: (name) => {
      const value = values[name]
      return typeof value === 'string' ? value : undefined
    },
    flag: (name) => values[name] === true,
    list: (name) => {
      const value = values[name]
      return Array.isArray(value) ? value.map(String) : []
    },
    number: (name) => {
      const value = values[name]
      return typeof value === 'number' ? value : undefined
    },
  }
}

/** Reads a whole number between two bounds, both allowed. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^-?\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    return value
  }

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads `90`, `90s`, `1.5h`, `2d` as milliseconds; without a unit it is seconds. */
export function durationMs(text: string): number {
  const match = /^(?<count>\d+(?:\.\d+)?)(?<unit>ms|[smhd])?$/.exec(text)?.groups
  const unitMs = unitsMs[match?.['unit'] ?? 's']
  const ms = Number(match?.['count']) * (unitMs ?? Number.NaN)
  if (!Number.isFinite(ms) || ms > durationMsMax)
    throw new InvalidArgumentError('It must be a duration like 30s, 5m, 2h or 7d, up to 365d.')
  return ms
}
/** As long as a command may wait for its device. */
const durationMsMax = 365 * 86_400_000

/** Collects an option that may be given again and again. */
export const collect = (
  value: string,
  before: readonly string[] | undefined,
): readonly string[] => [...(before ?? []), value]
