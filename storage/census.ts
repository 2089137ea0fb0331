// Counts over everything, from counters where there are any, and scans in key order.
import { columns, type Rows, type Value } from './columns.ts'
import { countOf, readCombinations } from './combinations.ts'
import { journalCount } from './journal-list.ts'
import {
  type BlobScan,
  type BlobsNamed,
  pageRowsMax,
  type Scan,
  type TableCounts,
  type TransitionCounts,
} from './queries.ts'
import { numberOf, type Select } from './select.ts'
import { soundRows } from './sound-page.ts'
import { number, storedList, text as bytes } from './stored.ts'

export function countTransitions(select: Select, machine: 'host' | 'command'): TransitionCounts {
  const edges = select(
    `SELECT ${bytes('event')}, ${bytes('from_state')}, ${bytes('to_state')}, ${number('count')} FROM transition_counts
     WHERE machine = ? ORDER BY event, from_state, to_state`,
    [machine],
  ).map(([event, from, to, count]) => ({
    event: String(event),
    from_state: stateOf(from),
    to_state: stateOf(to),
    count: Number(count),
  }))
  return { states: machine === 'host' ? hostStates(select) : commandStates(select), edges }
}

/** A primary key holds no nulls; the empty string stands for them. */
const stateOf = (state: Value | undefined): string | null => String(state ?? '') || null

function hostStates(select: Select): TransitionCounts['states'] {
  const combinations = readCombinations(select)
  return Object.fromEntries(
    (['mdm', 'dep', 'osquery'] as const).map((region) => [
      region,
      sums(combinations.map((combination) => [combination[region], combination.count])),
    ]),
  )
}

function commandStates(select: Select): TransitionCounts['states'] {
  const rows = select(
    `SELECT ${bytes('state')}, ${number('count')} FROM command_counts WHERE count > 0`,
  )
  return { state: sums(rows.map(([state, count]) => [String(state), Number(count)])) }
}

function sums(counts: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  const byState = new Map<string, number>()
  for (const [state, count] of counts) byState.set(state, (byState.get(state) ?? 0) + count)
  return Object.fromEntries(byState)
}

export function countAll(select: Select): TableCounts {
  const rowsIn = (table: string): number => numberOf(select(`SELECT count(*) FROM ${table}`))
  return {
    hosts: countOf(readCombinations(select)),
    commands: numberOf(select('SELECT total(count) FROM command_counts')),
    open_commands: rowsIn('commands WHERE open = 1'),
    journal: numberOf(select(journalCount)),
    agents: rowsIn('agents'),
    enrollments: rowsIn('enrollments'),
    dep_devices: rowsIn('dep_devices'),
    open_conflicts: rowsIn('conflicts WHERE resolved_at IS NULL'),
    alarms: rowsIn('alarms'),
    outbox: rowsIn('outbox'),
  }
}

/** The next rows in order of the table's key, which is its first column. */
export function scan<T extends 'agents' | 'enrollments' | 'host_actors'>(
  select: Select,
  table: T,
  { after, limit }: Scan,
): readonly Rows[T][] {
  const [key] = columns[table]
  const text = `SELECT ${storedList(table)} FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`
  return soundRows(table, select(text, [after ?? '', Math.min(limit, scanRowsMax)]))
}

/**
 * The next stretch of sealed rows, and of those the ones whose bytes are in a blob.
 *
 * In the order they lie in and by no index: who takes away what no row names must miss none, and an index may be
 * damaged where its table is not.
 */
export function scanBlobs(select: Select, { after, rows }: BlobScan): BlobsNamed {
  const beyond = `FROM sealed NOT INDEXED WHERE rowid > ?`
  const ids = `SELECT rowid AS id ${beyond} ORDER BY rowid LIMIT ?`
  const end = numberOf(select(`SELECT coalesce(max(id), 0) FROM (${ids})`, [after, rows]))
  const text = `SELECT ${storedList('sealed')} ${beyond} AND rowid <= ? AND blob IS NOT NULL`
  const named = soundRows('sealed', select(text, [after, end]))
  return { digests: named.flatMap(({ blob }) => blob ?? []), next: end > after ? end : null }
}

/** Ten pages: fewer messages between threads, still well under a megabyte of small rows. */
const scanRowsMax = 10 * pageRowsMax
