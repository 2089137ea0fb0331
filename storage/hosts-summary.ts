import { damageOf } from './checksum.ts'
import { countedColumns, countOf, readCombinations } from './combinations.ts'
import { countPresences } from './presence.ts'
import type { HostsSummary, Thresholds } from './queries.ts'
import { idsNamed } from './identifiers.ts'
import type { HostRow } from './rows.ts'
import type { Select } from './select.ts'
import { soundRows } from './sound-page.ts'
import { storedList } from './stored.ts'

/** Counts by every column hosts are counted by; from counters alone, but for presence. */
export function summariseHosts(select: Select, thresholds: Thresholds): HostsSummary {
  const combinations = readCombinations(select)
  const counts = { mdm: {}, dep: {}, osquery: {}, status: {}, lifecycle: {}, platform: {} }
  for (const column of countedColumns) {
    const byValue = new Map<string, number>()
    for (const combination of combinations) {
      const value = combination[column]
      byValue.set(value, (byValue.get(value) ?? 0) + combination.count)
    }
    counts[column] = Object.fromEntries(byValue)
  }
  return {
    ...counts,
    presence: countPresences(select, combinations, thresholds),
    total: countOf(combinations),
  }
}

/** More would not help anyone choose. */
const candidatesMax = 10

/** Hosts an operator may mean by a word; merged ones too, after the others, since old links name them. */
export function findHosts(select: Select, ref: string): readonly HostRow[] {
  const columns = ['id', 'serial', 'uuid', 'udid'] as const
  const sources = columns.map((column) => `SELECT id FROM hosts WHERE ${column} = ?`)
  const named = idsNamed(ref)
  const text = `SELECT ${storedList('hosts')} FROM hosts
    WHERE id IN (${sources.join(' UNION ')} UNION ${named.text})
    ORDER BY merged_into IS NOT NULL, quarantined, first_seen_at, id LIMIT ${candidatesMax}`
  const values = [...columns.map(() => ref), ...named.values]
  const found = soundRows('hosts', select(text, values))
  const stray = found.find((row) => !isNamed(select, row, ref))
  if (stray !== undefined) throw damageOf('hosts', [stray.id])
  return found
}

/** An index that leads to another host would have a command sent to it. */
function isNamed(select: Select, { id, serial, uuid, udid }: HostRow, ref: string): boolean {
  const word = ref.toLowerCase()
  if ([id, serial, uuid, udid].some((name) => name?.toLowerCase() === word)) return true
  const words = new Set([ref, ref.toUpperCase()])
  return (
    soundRows('enrollments', rowsOf(select, 'enrollments', id)).some(({ key }) => words.has(key)) ||
    soundRows('claims', rowsOf(select, 'claims', id)).some(({ value }) => words.has(value)) ||
    soundRows('dep_devices', rowsOf(select, 'dep_devices', id)).some((row) => words.has(row.serial))
  )
}

const rowsOf = (
  select: Select,
  table: 'enrollments' | 'claims' | 'dep_devices',
  hostId: string,
): ReturnType<Select> =>
  select(`SELECT ${storedList(table)} FROM ${table} WHERE host_id = ?`, [hostId])
