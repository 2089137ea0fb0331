// Wakes hosts of a filled database and prints kB of heap for each.
import { setImmediate } from 'node:timers/promises'
import { createHosts } from '../src/runtime/hosts.ts'
import { realWorld } from '../src/world.ts'
import { openStore } from '../storage/open.ts'

const most = 10_000

const [, , folder = ''] = process.argv
const { store, queries } = await openStore({
  folder,
  onFatal: (reason) => {
    throw reason
  },
})
const rows = await queries.scanHostActors({ after: null, limit: most })
if (!rows.ok) throw new Error(rows.error.kind)
const ids = rows.value.map(({ host_id }) => host_id)
const hosts = createHosts({ store, world: realWorld })
await heapUsed()
// The first ones also pay for what all share: compiled code, statements, caches.
const shared = Math.floor(ids.length / 10)
for (const id of ids.slice(0, shared)) await hosts.look(id)
const before = await heapUsed()
for (const id of ids.slice(shared)) await hosts.look(id)
const after = await heapUsed()
process.stdout.write(`${(after - before) / 1_000 / (ids.length - shared)}\n`)
await store.close()

async function heapUsed(): Promise<number> {
  for (let nth = 0; nth < 3; nth += 1) {
    await setImmediate()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}
