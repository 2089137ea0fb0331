// Tables that hold nothing of their own: what each is filled from, and whether it still says the same.
import { isMalformed } from './checksum.ts'
import type { Connection } from './connection.ts'
import type { Remade } from './trees.ts'

/** Rows of hosts that were merged away have no combination and are not counted. */
const hostCounts = `SELECT combination, min(mdm), min(dep), min(osquery), coalesce(min(status), ''), min(lifecycle), coalesce(min(platform), ''), count(*)
  FROM hosts NOT INDEXED WHERE combination IS NOT NULL GROUP BY combination`
const commandCounts = `SELECT state, request_type, count(*) FROM commands NOT INDEXED GROUP BY 1, 2`
const seenCounts = `SELECT coalesce(at / 3600000, -1), combination, count(*) FROM last_seen NOT INDEXED GROUP BY 1, 2`
const transitionCounts = `SELECT iif(actor = 'host', 'host', 'command'), event, coalesce(from_state, ''), coalesce(to_state, ''), count(*)
  FROM journal NOT INDEXED GROUP BY 1, 2, 3, 4`
/** When a host spoke last is not known elsewhere: it says so when it speaks again. */
const lastSeen = `SELECT id, NULL, NULL, NULL, combination, lifecycle = 'dep_assigned' FROM hosts NOT INDEXED WHERE combination IS NOT NULL`
const sequence = `SELECT 'journal', max(seq) FROM journal`

/** How far time had come is written again within a minute. */
const noClock = `SELECT 1, 0, 0 WHERE false`

const fillings: Readonly<Record<Remade, string>> = {
  host_counts: hostCounts,
  command_counts: commandCounts,
  transition_counts: transitionCounts,
  seen_counts: seenCounts,
  last_seen: lastSeen,
  sqlite_sequence: sequence,
  clock: noClock,
}

/** Fills a table that is empty. What is counted from it in turn is counted by its triggers. */
export function fill(db: Connection, table: Remade): void {
  db.exec(`INSERT INTO ${table} ${fillings[table]}`)
}

/** Sums that must agree: each a table and two numbers. Reads each once. */
const sums = [
  [
    'host_counts',
    'SELECT total(count * (combination + 1)) FROM host_counts',
    'SELECT total(combination + 1) FROM hosts NOT INDEXED',
  ],
  [
    'command_counts',
    'SELECT total(count) FROM command_counts',
    'SELECT count(*) FROM commands NOT INDEXED',
  ],
  [
    'seen_counts',
    'SELECT total(count * (combination + 1)) FROM seen_counts',
    'SELECT total(combination + 1) FROM last_seen NOT INDEXED',
  ],
  [
    'last_seen',
    'SELECT count(*) FROM last_seen NOT INDEXED',
    'SELECT count(combination) FROM hosts NOT INDEXED',
  ],
] as const satisfies readonly (readonly [Remade, string, string])[]

/** Counters that do not say what a count says. One whose tables cannot be read is not among them. */
export function miscounted(db: Connection): readonly Remade[] {
  const number = (sql: string): number => Number(db.prepare(sql).raw().get([])?.[0])
  return sums.flatMap(([table, counted, counts]) => {
    try {
      return number(counted) === number(counts) ? [] : [table]
    } catch (error) {
      if (isMalformed(error)) return []
      throw error
    }
  })
}
