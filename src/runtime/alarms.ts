// Durable timers. A due one becomes an event of its host and leaves the table in the same commit,
// so it fires once, restarts or not.
import type { AlarmRow } from '../../storage/rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { createDueLoop, type DueLoop } from './due.ts'
import type { Hosts } from './hosts.ts'
import { triesMax } from './poison.ts'
import type { World } from './world.ts'

type AlarmOptions = { readonly store: Store; readonly hosts: Hosts; readonly world: World }

/** An alarm whose host cannot be woken, or throws, is given up after `triesMax`, and says so in the journal. */
export function createAlarms({ store, hosts, world }: AlarmOptions): DueLoop {
  const failures = new Map<string, number>()
  const key = ({ host_id, name }: AlarmRow): string => `${host_id} ${name}`
  const dropOf = ({ host_id, name }: AlarmRow): Write => ({ drop: 'alarm', host_id, name })

  async function ring(row: AlarmRow): Promise<boolean> {
    const at = world.now()
    const rung = await hosts.ask(row.host_id, {
      events: [{ type: 'alarm', name: row.name, at }],
      cause: { kind: 'alarm', id: row.name },
      writes: [dropOf(row)],
    })
    if (rung.ok) {
      failures.delete(key(row))
      return true
    }
    if (rung.error.kind === 'failed') return failed(row, rung.error.detail)
    if (rung.error.kind === 'set-apart') return giveUp(row, rung.error.detail)
    const isOrphan = rung.error.kind === 'no-such-host' || rung.error.kind === 'merged'
    return isOrphan && (await store.commit([dropOf(row)])).ok
  }

  async function failed(row: AlarmRow, detail: string): Promise<boolean> {
    const tries = (failures.get(key(row)) ?? 0) + 1
    failures.set(key(row), tries)
    return tries >= triesMax && giveUp(row, detail)
  }

  async function giveUp(row: AlarmRow, detail: string): Promise<boolean> {
    failures.delete(key(row))
    const journal: Write = {
      put: 'journal',
      row: {
        host_id: row.host_id,
        at: world.now(),
        actor: 'host',
        event: 'alarm.given_up',
        from_state: null,
        to_state: null,
        cause: 'alarm',
        cause_id: row.name,
        detail: JSON.stringify({ detail, tries: triesMax }),
      },
    }
    const writes = [dropOf(row), journal]
    const committed = await store.commit(writes)
    if (committed.ok) hosts.live.publish(writes, committed.journalSeqs)
    return committed.ok
  }

  const loop = createDueLoop({
    world,
    key,
    work: ring,
    due: (at, limit) => store.lookups.dueAlarms(at, limit),
  })
  hosts.live.watch({
    committed(writes) {
      for (const write of writes)
        if ('put' in write && write.put === 'alarm') loop.expect(write.row.due_at)
    },
  })
  return loop
}
