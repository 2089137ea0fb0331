// What a repair takes over from a damaged database into a new one, table by table.
import { isConstraint } from './constraint.ts'
import { isMalformed, storedColumns, storedValues } from './checksum.ts'
import { columns, rowOf, type Rows, type Table, type Value, valuesOf } from './columns.ts'
import type { Connection } from './connection.ts'
import { fill } from './counters.ts'
import type { HostActorRow } from './rows.ts'
import { salvage, type Salvaged } from './salvage.ts'
import type { SetApartFile } from './set-apart-file.ts'
import { createLookups } from './lookups.ts'
import type { Lookups, Write } from './store.ts'
import { text } from './stored.ts'
import { createTurns } from './turn.ts'

/** The listed host and its channels, as `rowsOf` of the runtime gives them; it may throw. */
export type RebuildHost = (
  stored: HostActorRow,
  standing: { readonly mergedInto: string | null; readonly at: number },
) => readonly Write[]

type CopyOptions = {
  readonly apart: SetApartFile
  readonly rebuildHost: RebuildHost
  readonly at: number
  /** The journal goes on behind this. */
  readonly journalEnd: number
}

/** Deliveries come behind what they name: a trigger takes those away that name nothing. */
const order = (Object.keys(columns) as Table[])
  .filter((table) => !['hosts', 'last_seen', 'webhook_deliveries'].includes(table))
  .concat('webhook_deliveries', 'hosts', 'last_seen')

/** Gives a line for each table of which not every row could be taken over as it is. */
export function copyRows(
  from: Connection,
  to: Connection,
  options: CopyOptions,
): readonly string[] {
  const lines: string[] = []
  const damaged = new Set<Table>()
  for (const table of order) {
    const { rows, apart } = copyTable(salvage(from, table), putterOf(to, table), {
      table,
      apart: options.apart,
    })
    if (apart === 0) continue
    damaged.add(table)
    lines.push(`set apart: ${apart} of ${table}, ${rows} rows are sound`)
  }
  if (projected.some((table) => damaged.has(table))) lines.push(...rebuiltHosts(to, options))
  if (damaged.has('claims')) lines.push(...rebuiltClaims(to, options.at))
  lines.push(...removedHosts(to))
  copyTransitions(from, to)
  to.prepare(`UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'journal'`).run([
    options.journalEnd,
  ])
  return lines
}

type Counts = { readonly rows: number; readonly apart: number }

function copyTable(
  salvaged: Iterable<Salvaged>,
  put: Put,
  { table, apart }: { readonly table: Table; readonly apart: SetApartFile },
): Counts {
  const counts = { rows: 0, apart: 0 }
  for (const found of salvaged) {
    if (found.kind === 'gap') {
      apart.gap(table, found.where)
      counts.apart += 1
      continue
    }
    const refusal =
      found.kind === 'unsound' ? 'not as it was written' : put(found.values, found.rowid)
    if (refusal === undefined) counts.rows += 1
    else {
      apart.row(table, found.values, refusal)
      counts.apart += 1
    }
  }
  return counts
}

type Put = (values: readonly Value[], rowid: number | null) => string | undefined

/** Hosts and presence are counted as they come; all others are written as they are. */
function putterOf(to: Connection, table: Table): Put {
  if (table === 'hosts' || table === 'last_seen') {
    const turns = createTurns(to)
    const put = table === 'hosts' ? 'host' : 'last_seen'
    return (values) =>
      refusalOf(() => {
        const row = rowOf(table, values)
        // One that was never heard of has no time, and its row is there already.
        if (table === 'last_seen' && (row as Rows['last_seen']).at === null) return
        turns.apply([{ put, row } as Write], [])
      })
  }
  const names = [...(table === 'journal' ? ['seq'] : []), ...storedColumns(table)]
  const insert = to.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  )
  return (values, rowid) =>
    refusalOf(() => {
      const stored = storedValues(table, rowOf(table, values))
      insert.run(table === 'journal' ? [rowid, ...stored] : stored)
    })
}

/** Two rows for what there may be one of: the first stays. */
function refusalOf(write: () => void): string | undefined {
  try {
    write()
    return undefined
  } catch (error) {
    if (!isConstraint(error)) throw error
    return error instanceof Error ? error.message : String(error)
  }
}

const ids = (db: Connection, sql: string): readonly string[] =>
  db
    .prepare(sql)
    .raw()
    .all([])
    .map(([id]) => String(id))

/** Tables whose rows follow from what the hosts are. */
const projected = ['hosts', 'enrollments', 'agents', 'dep_devices'] as const

/** Rows that are missing, from what the hosts are. */
function rebuiltHosts(to: Connection, { rebuildHost, at }: CopyOptions): readonly string[] {
  const turns = createTurns(to)
  const lookups = createLookups(to)
  const survivor = to
    .prepare(
      `SELECT ${text('survivor_id')} FROM merges WHERE loser_id = ? AND undone_at IS NULL ORDER BY at DESC LIMIT 1`,
    )
    .raw()
  return ids(to, `SELECT ${text('host_id')} FROM host_actors`).flatMap((id) => {
    const stored = lookups.hostActor(id)
    if (stored === undefined) return []
    const into = survivor.get([id])?.[0]
    const mergedInto = into === undefined ? null : String(into)
    try {
      const writes = rebuildHost(stored, { mergedInto, at }).filter((one) =>
        isMissing(lookups, one),
      )
      turns.apply(writes, [])
      return writes.map((write) => `rebuilt: ${nameOf(write)} of host ${id}`)
    } catch (error) {
      return [`not rebuilt: rows of host ${id}: ${String(error)}`]
    }
  })
}

const nameOf = (write: Write): string => ('put' in write ? write.put : 'nothing')

function isMissing(lookups: Lookups, write: Write): boolean {
  if (!('put' in write)) return false
  if (write.put === 'host') return lookups.host(write.row.id) === undefined
  if (write.put === 'enrollment') return lookups.enrollment(write.row.key) === undefined
  if (write.put === 'agent') return lookups.agent(write.row.node_key_hash) === undefined
  return write.put === 'dep_device' && lookups.depDevice(write.row.serial) === undefined
}

/** What a listed host says of itself is claimed for it again, at the least trust: better evidence may take it. */
function rebuiltClaims(to: Connection, at: number): readonly string[] {
  const put = putterOf(to, 'claims')
  const lookups = createLookups(to)
  return ids(
    to,
    `SELECT ${text('id')} FROM hosts WHERE merged_into IS NULL AND quarantined = 0`,
  ).flatMap((id) => {
    const host = lookups.host(id)
    return (['serial', 'uuid', 'udid'] as const).flatMap((kind) => {
      const value = host?.[kind] ?? null
      if (value === null || lookups.claimsOn(kind, value).length > 0) return []
      const row: Rows['claims'] = {
        kind,
        value,
        host_id: id,
        status: 'active',
        source: 'agent',
        first_seen: at,
        last_seen: at,
      }
      return put(valuesOf('claims', row), null) === undefined
        ? [`rebuilt: claim on ${kind} ${value} of host ${id}`]
        : []
    })
  })
}

/**
 * A host that is listed and of which nothing else is left would be refused to its device for ever. Without what
 * names it, the device enrols as a new host; its journal, commands and sealed bytes stay.
 */
function removedHosts(to: Connection): readonly string[] {
  const gone = ids(
    to,
    `SELECT ${text('id')} FROM hosts WHERE id NOT IN (SELECT host_id FROM host_actors)`,
  )
  const drops = ['claims', 'enrollments', 'agents', 'dep_devices', 'alarms', 'outbox'].map(
    (table) => to.prepare(`DELETE FROM ${table} WHERE host_id = ?`),
  )
  const host = to.prepare('DELETE FROM hosts WHERE id = ?')
  for (const id of gone) for (const statement of [...drops, host]) statement.run([id])
  return gone.map(
    (id) => `removed: hosts ${id}, of which only the listed row was left; its device enrols anew`,
  )
}

/** From the journal, whose damaged rows are not counted, where the counters themselves cannot be read. */
function copyTransitions(from: Connection, to: Connection): void {
  const names = ['machine', 'event', 'from_state', 'to_state']
  try {
    const rows = from
      .prepare(
        `SELECT ${names.map(text).join(', ')}, CAST(count AS INTEGER) FROM transition_counts`,
      )
      .raw()
      .all([])
    const insert = to.prepare('INSERT INTO transition_counts VALUES (?, ?, ?, ?, ?)')
    for (const [machine, event, before, after, count = 0] of rows)
      insert.run([machine, event, before, after].map(String).concat(String(count)))
  } catch (error) {
    if (!isMalformed(error) && !isConstraint(error)) throw error
    to.exec('DELETE FROM transition_counts')
    fill(to, 'transition_counts')
  }
}
