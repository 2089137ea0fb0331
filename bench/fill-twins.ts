// Copies of hosts under other names, row by row, as fast as SQLite writes.
import { realWorld } from '../src/world.ts'
import { fillChecksums } from '../storage/checksum-fill.ts'
import type { Connection } from '../storage/connection.ts'
import { openForWriting } from '../storage/connection.ts'
import { serialOf, uuidOf } from './devices.ts'
import { hostnameOf, instanceOf, keyHashOf, seenAtOf } from './fill-hosts.ts'

type Twins = {
  readonly path: string
  /** Hosts 0 to this one are there already. */
  readonly originals: number
  readonly hosts: number
  readonly now: number
  readonly say: (line: string) => void
}

/** Everything in a host's rows that is its own, and so another in its twin's. */
const namesOf = (nth: number): readonly string[] => [
  serialOf(nth),
  uuidOf(nth),
  hostnameOf(nth),
  keyHashOf(nth),
  instanceOf(nth),
]

/** Tables of which a host has rows, first the one whose trigger makes the row in `last_seen`. */
const tables = {
  hosts: 'id',
  host_actors: 'host_id',
  claims: 'host_id',
  enrollments: 'host_id',
  dep_devices: 'host_id',
  agents: 'host_id',
  commands: 'host_id',
  alarms: 'host_id',
  journal: 'host_id',
} as const

/** Few enough for the cache, so that a page goes to the disk once for many rows. */
const hostsPerCommit = 50_000

/** Counted by the journal's writer and not by a trigger. */
const perHostCounter = 'transition_counts'

export function addTwins({ path, originals, hosts, now, say }: Twins): void {
  const db = openForWriting(path)
  // Nobody is promised anything of a draft: it is made anew when its making is cut short.
  db.exec('PRAGMA synchronous = OFF')
  db.exec('PRAGMA cache_size = -2097152')
  db.exec(
    `CREATE TEMP TABLE twins (nth INTEGER PRIMARY KEY, old_id TEXT UNIQUE, new_id TEXT, seen_at INTEGER, ${pairs})`,
  )
  const ids = db.prepare('SELECT id FROM hosts WHERE serial = ?').raw()
  const oldIds = Array.from({ length: originals }, (_, nth) =>
    String(ids.get([serialOf(nth)])?.[0]),
  )
  const copies = Object.entries(tables).map(([table, key]) => copyOf(db, table, key))
  const twin = db.prepare(`INSERT INTO twins VALUES (?, ?, ?, ?${', ?, ?'.repeat(names.length)})`)
  db.exec('BEGIN')
  for (let from = originals; from < hosts; from += originals) {
    db.exec('DELETE FROM twins')
    for (const [index, oldId] of oldIds.slice(0, hosts - from).entries()) {
      const nth = from + index
      const others = namesOf(nth)
      const own = namesOf(index).flatMap((name, which) => [name, others[which] ?? name])
      twin.run([nth, oldId, realWorld.uuid(), seenAtOf(nth, now), ...own])
    }
    for (const copy of copies) db.exec(copy)
    db.exec(seen)
    if (from % hostsPerCommit !== 0) continue
    db.exec('COMMIT')
    db.exec('BEGIN')
    say(`filling: ${from} of ${hosts} hosts`)
  }
  say('filling: checksums')
  fillChecksums(db)
  db.exec('COMMIT')
  db.exec(`UPDATE ${perHostCounter} SET count = count * ${hosts} / ${originals}`)
  db.close()
}

const names = namesOf(0).map((_, index) => `name_${index}`)
const pairs = names.map((name) => `old_${name} TEXT, new_${name} TEXT`).join(', ')

function copyOf(db: Connection, table: string, key: string): string {
  const columns = db
    .prepare(`SELECT name, type FROM pragma_table_info('${table}')`)
    .raw()
    .all([])
    .map(([name, type]) => ({ name: String(name), isText: type === 'TEXT' }))
    // SQLite numbers the journal itself.
    .filter(({ name }) => table !== 'journal' || name !== 'seq')
  const values = columns.map(({ name, isText }) => (isText ? renamed(`o.${name}`) : `o.${name}`))
  return `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')})
    SELECT ${values.join(', ')} FROM twins AS t CROSS JOIN ${table} AS o ON o.${key} = t.old_id ORDER BY t.nth`
}

/** Only a host's own names are in its rows, so that one may be the beginning of another's. */
const renamed = (column: string): string =>
  names.reduce(
    (text, name) => `replace(${text}, t.old_${name}, t.new_${name})`,
    `replace(${column}, t.old_id, t.new_id)`,
  )

const seen = `UPDATE last_seen SET at = t.seen_at, mdm_at = iif(o.mdm_at IS NULL, NULL, t.seen_at),
  osquery_at = iif(o.osquery_at IS NULL, NULL, t.seen_at)
  FROM twins AS t JOIN last_seen AS o ON o.host_id = t.old_id
  WHERE last_seen.host_id = t.new_id AND o.at IS NOT NULL`
