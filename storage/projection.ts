import { storedColumns, storedValues } from './checksum.ts'
import { listedColumns, number, storedList, storedRow } from './stored.ts'
import type { Connection } from './connection.ts'
import type { HostRow, LastSeenRow } from './rows.ts'
import { createChangedUpdates } from './changed-updates.ts'

const combined = ['mdm', 'dep', 'osquery', 'status', 'lifecycle', 'platform'] as const

/**
 * Keeps the listed hosts. Each points at the row of `host_counts` that names its combination of states;
 * triggers keep the counts and the hosts' rows in `last_seen`.
 */
export function createProjection(db: Connection): {
  put(row: HostRow): undefined
  seen(row: LastSeenRow): undefined
} {
  const names = [...storedColumns('hosts'), 'combination']
  const found = db
    .prepare(`SELECT ${storedList('hosts')}, ${number('combination')} FROM hosts WHERE id = ?`)
    .raw()
  const insert = db.prepare(
    `INSERT INTO hosts (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  )
  const update = createChangedUpdates(db, 'hosts', ['combination'])
  const combinationOf = db
    .prepare(
      `SELECT combination FROM host_counts WHERE ${combined.map((name) => `${name} = ?`).join(' AND ')}`,
    )
    .raw()
  const addCombination = db.prepare(
    `INSERT INTO host_counts (${combined.join(', ')}, count) VALUES (${combined.map(() => '?').join(', ')}, 0)`,
  )
  const seen = db.prepare(
    `UPDATE last_seen SET at = ?, mdm_at = coalesce(?, mdm_at), osquery_at = coalesce(?, osquery_at)
     WHERE host_id = ?`,
  )

  /** Null is counted as the empty string, since a unique index takes two nulls for different. */
  function combination(row: HostRow): number | null {
    if (row.merged_into !== null) return null
    const states = combined.map((name) => row[name] ?? '')
    const known = combinationOf.get(states)?.[0]
    return typeof known === 'number' ? known : addCombination.run(states).lastInsertRowid
  }

  return {
    put(row) {
      const next = [...storedValues('hosts', row), combination(row)]
      const old = found.get([row.id])
      if (old === undefined) insert.run(next)
      else update([...storedRow('hosts', old), ...old.slice(listedColumns('hosts'))], next)
    },
    // A row exists from the host's first commit until it is dropped or merged away; a late flush
    // for a host that is gone must not bring it back.
    seen(row) {
      seen.run([row.at, row.mdm_at, row.osquery_at, row.host_id])
    },
  }
}
