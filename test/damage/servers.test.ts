// A server on a damaged file goes on. The long form, with each table and index, is `npm run test:damage`.
import { afterAll, expect, test, vi } from 'vitest'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { serveOnDamage } from './servers.ts'

const folder = newFolder()
afterAll(() => dropFolder(folder))
vi.setConfig({ testTimeout: 120_000 })

/**
 * Each of another kind, and each ended the server before: a counter, presence, an index a list walks, one of webhooks,
 * and what the schedule of backups reads.
 */
const some = ['host_counts', 'last_seen', 'conflicts_open', 'deliveries_pending', 'backups']

test('no server ends on a file of which a table or an index is damaged, and computers can enrol', async () => {
  const { servers, refused, ended, closed } = await serveOnDamage({
    folder,
    only: (name) => some.includes(name),
    bytes: 0,
    atOnce: 4,
  })
  expect({ servers, refused, ended, closed }).toEqual({
    servers: 10,
    refused: [],
    ended: [],
    closed: [],
  })
})
