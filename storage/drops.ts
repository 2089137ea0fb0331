import type { Table, Value } from './columns.ts'
import type { Connection } from './connection.ts'
import type { Write } from './store.ts'

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
  const moveAll = db.prepare('UPDATE commands SET host_id = ? WHERE host_id = ?')
  const moveOrigin = db.prepare(
    'UPDATE commands SET host_id = ? WHERE host_id = ? AND origin_host_id = ?',
  )
  const moveChannel = db.prepare(
    'UPDATE commands SET host_id = ? WHERE host_id = ? AND channel = ?',
  )
  return {
    drop(change) {
      if (change.drop === 'host') for (const statement of ofHost) statement.run([change.id])
      const found = byKey.get(change.drop)
      if (found === undefined) throw new Error(`no table for a drop of ${change.drop}`)
      const named = change as Readonly<Record<string, Value>>
      found.statement.run(found.keys.map((key) => named[key] ?? null))
    },
    move(change) {
      const { from, to, origin, channel } = change
      if (channel !== undefined) moveChannel.run([to, from, channel])
      else if (origin === null) moveAll.run([to, from])
      else moveOrigin.run([to, from, origin])
    },
  }
}

const keyed = {
  alarm: ['alarms', ['host_id', 'name']],
  outbox: ['outbox', ['id', 'created_at']],
  claim: ['claims', ['kind', 'value', 'host_id']],
  sealed: ['sealed', ['ref']],
  token: ['tokens', ['id']],
  enroll_secret: ['enroll_secrets', ['id']],
  challenge: ['challenges', ['hash']],
  enrollment_link: ['enrollment_links', ['id']],
  push_certificate: ['push_certificates', ['topic']],
  webhook: ['webhooks', ['id']],
  delivery: ['webhook_deliveries', ['id']],
  dep_device: ['dep_devices', ['serial', 'host_id']],
  enrollment: ['enrollments', ['key', 'host_id']],
  agent: ['agents', ['node_key_hash', 'host_id']],
  host: ['hosts', ['id']],
} as const satisfies { readonly [K in Drop['drop']]: readonly [Table, readonly string[]] }

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
