// A database of many hosts: a thousand made by real turns of real actors, the others as their twins.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHosts, type Hosts } from '../src/runtime/hosts.ts'
import { realWorld } from '../src/world.ts'
import { openStore } from '../storage/open.ts'
import type { Write } from '../storage/store.ts'
import type { Setup } from './figure.ts'
import { claimsOf, eventsOf, managed, seenAtOf, withAgent } from './fill-hosts.ts'
import { addTwins } from './fill-twins.ts'

/** Hosts that live their lives themselves: every mix of the fleet is among them many times. */
const originals = 1_000

const day = 86_400_000

/** A data folder with so many hosts; made when there is none of this schema and these machines yet. */
export async function filledFolder({ folder, hosts, say }: Setup): Promise<string> {
  const path = join(folder, `muster-bench-${hosts}-${shapeOfRows()}`)
  if (existsSync(path)) return path
  const draft = `${path}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  const opened = await openStore({
    folder: draft,
    onFatal: (reason) => {
      throw reason
    },
  })
  const fleet = createHosts({ store: opened.store, world: realWorld })
  const now = Date.now()
  const count = Math.min(originals, hosts)
  await Promise.all(Array.from({ length: count }, (_, nth) => add(fleet, nth, now)))
  await fleet.drain()
  await opened.store.close()
  addTwins({ path: join(draft, 'muster.db'), originals: count, hosts, now, say })
  renameSync(draft, path)
  return path
}

/** Names what the rows depend on: another schema or machine gets a database of its own. */
function shapeOfRows(): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = [
    'bench/fill*.ts',
    'storage/schema/*.ts',
    'machines/*.ts',
    'src/runtime/projection.ts',
  ]
  const hash = createHash('sha256')
  for (const file of globSync(files, { cwd: root }).toSorted())
    hash.update(readFileSync(join(root, file)))
  return hash.digest('hex').slice(0, 12)
}

async function add(fleet: Hosts, nth: number, now: number): Promise<void> {
  const hostId = realWorld.uuid()
  const at = seenAtOf(nth, now)
  const cause = { kind: 'sync', id: 'bench' } as const
  const seen: Write = {
    put: 'last_seen',
    row: {
      host_id: hostId,
      at,
      mdm_at: managed(nth) ? at : null,
      osquery_at: withAgent(nth) ? at : null,
    },
  }
  const created = await fleet.create(hostId, {
    events: eventsOf(nth, now - 50 * day),
    cause,
    writes: claimsOf(nth, hostId, now),
  })
  if (!created.ok) throw new Error(created.error.kind)
  if (!managed(nth) && !withAgent(nth)) return
  const told = await fleet.ask(hostId, { events: [], cause, writes: [seen] })
  if (!told.ok) throw new Error(told.error.kind)
}
