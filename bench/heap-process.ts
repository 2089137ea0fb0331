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
const ids = await firstIds()
const hosts = createHosts({ store, world: realWorld })
await heapUsed()
// The first ones also pay for what all share: compiled code, statements, caches.
const shared = Math.floor(ids.length / 10)
for (const id of ids.slice(0, shared)) await wake(id)
const before = await heapUsed()
for (const id of ids.slice(shared)) await wake(id)
const after = await heapUsed()
process.stdout.write(`${(after - before) / 1_000 / (ids.length - shared)}\n`)
if (hosts.stats().resident < ids.length) throw new Error('some hosts were let go')
await store.close()

async function wake(id: string): Promise<void> {
  const looked = await hosts.look(id)
  if (!looked.ok) throw new Error(looked.error.kind)
}

async function firstIds(): Promise<readonly string[]> {
  const found: string[] = []
  while (found.length < most) {
    const rows = await queries.scanHostActors({ after: found.at(-1) ?? null, limit: 1_000 })
    if (!rows.ok) throw new Error(rows.error.kind)
    if (rows.value.length === 0) break
    found.push(...rows.value.map(({ host_id }) => host_id))
  }
  return found
}

async function heapUsed(): Promise<number> {
  for (let nth = 0; nth < 3; nth += 1) {
    await setImmediate()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}
