import type { Choice, CountedColumn } from './queries.ts'
import type { Select } from './select.ts'
import { number, text } from './stored.ts'

export const countedColumns = [
  'mdm',
  'dep',
  'osquery',
  'status',
  'lifecycle',
  'platform',
] as const satisfies readonly CountedColumn[]

/** One combination of states that hosts are in, and how many are. */
export type Combination = Readonly<Record<CountedColumn, string>> & {
  readonly id: number
  readonly count: number
}

/** All combinations with a host in them: some hundreds, whatever the size of the fleet. */
export function readCombinations(select: Select): readonly Combination[] {
  const rows = select(
    `SELECT combination, ${number('count')}, ${countedColumns.map(text).join(', ')} FROM host_counts WHERE count > 0`,
  )
  return rows.map(([id, count, ...states]) => ({
    // The columns selected, of a STRICT table without nulls.
    ...(Object.fromEntries(
      countedColumns.map((column, index) => [column, String(states[index])]),
    ) as Record<CountedColumn, string>),
    id: Number(id),
    count: Number(count),
  }))
}

export function countOf(combinations: readonly Combination[]): number {
  return combinations.reduce((sum, { count }) => sum + count, 0)
}

/** Whether a value, or a state it lies in, is chosen. */
export function fits(choice: Choice | undefined, value: string): boolean {
  if (choice === undefined) return true
  const within = (state: string): boolean =>
    state === value || (state !== '' && value.startsWith(`${state}.`))
  if (choice.exclude.some(within)) return false
  return choice.include.length === 0 || choice.include.some(within)
}
