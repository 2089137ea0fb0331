import { checksumOf, isSound } from './checksum.ts'
import { columns, type Table, type Value } from './columns.ts'
import type { Connection } from './connection.ts'
import type { Write } from './store.ts'
import { storedList, storedRow } from './stored.ts'

type Drop = Extract<Write, { drop: string }>
type Move = Extract<Write, { move: string }>

/** Takes rows away by key, a host with everything that is only about it, and hands commands over. */
export function createDrops(db: Connection): {
  drop(change: Drop): undefined
  move(change: Move): undefined
} {
  const byKey = new Map(
    Object.entries(keyed).map(([kind, [table, keys]]) => {
      const where = keys.map((key) => `${key} = ?`).join(' AND ')
      return [kind, { keys, statement: db.prepare(`DELETE FROM ${table} WHERE ${where}`) }]
    }),
  )
  const ofHost = onlyAboutTheHost.map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE host_id = ?`),
  )
  const journal = db.prepare('DELETE FROM journal WHERE seq <= ?')
  const mover = createMover(db)
  return {
    drop(change) {
      if (change.drop === 'journal') return void journal.run([change.up_to])
      if (change.drop === 'host') for (const statement of ofHost) statement.run([change.id])
      const found = byKey.get(change.drop)
      if (found === undefined) throw new Error(`no table for a drop of ${change.drop}`)
      const named = change as Readonly<Record<string, Value>>
      found.statement.run(found.keys.map((key) => named[key] ?? null))
    },
    move(change) {
      const { from, to, origin, channel } = change
      if (channel !== undefined) mover.channel(to, from, channel)
      else if (origin === null) mover.all(to, from)
      else mover.origin(to, from, origin)
    },
  }
}

type Moving = (to: string, ...from: readonly string[]) => void

/** Rows change hands one by one, since SQL cannot make their checksums. */
function createMover(db: Connection): Record<'all' | 'origin' | 'channel', Moving> {
  const update = db.prepare('UPDATE commands SET host_id = ?, checksum = ? WHERE command_uuid = ?')
  const uuidAt = columns.commands.indexOf('command_uuid')
  const hostAt = columns.commands.indexOf('host_id')
  const moving = (condition: string): Moving => {
    const found = db
      .prepare(`SELECT ${storedList('commands')} FROM commands WHERE ${condition}`)
      .raw()
    return (to, ...from) => {
      for (const stored of found.all(from)) {
        const values = storedRow('commands', stored)
        const moved = values.slice(0, -1).with(hostAt, to)
        update.run([to, movedChecksum(values, moved), values[uuidAt] ?? null])
      }
    }
  }
  return {
    all: moving('host_id = ?'),
    origin: moving('host_id = ? AND origin_host_id = ?'),
    channel: moving('host_id = ? AND channel = ?'),
  }
}

/** What was damaged stays so: a checksum over it anew would vouch for it. */
function movedChecksum(before: readonly Value[], moved: readonly Value[]): number {
  const sum = checksumOf('commands', moved)
  return isSound('commands', before) ? sum : sum ^ 1
}

const keyed = {
  alarm: ['alarms', ['host_id', 'name']],
  outbox: ['outbox', ['id', 'created_at']],
  claim: ['claims', ['kind', 'value', 'host_id']],
  sealed: ['sealed', ['ref']],
  command_name: ['command_names', ['command_uuid']],
  token: ['tokens', ['id']],
  enroll_secret: ['enroll_secrets', ['id']],
  challenge: ['challenges', ['hash']],
  enrollment_link: ['enrollment_links', ['id']],
  push_certificate: ['push_certificates', ['topic']],
  webhook: ['webhooks', ['id']],
  delivery: ['webhook_deliveries', ['id']],
  command: ['commands', ['command_uuid', 'open']],
  certificate: ['certificates', ['fingerprint', 'status']],
  dep_device: ['dep_devices', ['serial', 'host_id']],
  enrollment: ['enrollments', ['key', 'host_id']],
  agent: ['agents', ['node_key_hash', 'host_id']],
  host: ['hosts', ['id']],
} as const satisfies {
  readonly [K in Exclude<Drop['drop'], 'journal'>]: readonly [Table, readonly string[]]
}

const onlyAboutTheHost = [
  'host_actors',
  'enrollments',
  'dep_devices',
  'agents',
  'claims',
  'alarms',
  'outbox',
  'sealed',
  'last_seen',
] as const satisfies readonly Table[]
