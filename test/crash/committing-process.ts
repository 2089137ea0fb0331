// Recorded by the power proof: commits hosts over several lives of a store, and says on its output which are durable.
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { openForWriting } from '../../storage/connection.ts'
import { createGroups } from '../../storage/group.ts'
import { migrate } from '../../storage/migrations.ts'
import { openStore } from '../../storage/open.ts'
import type { Write } from '../../storage/store.ts'
import { actorRow, hostRow, journalRow } from '../storage/rows.ts'

const [folder = '', mode = 'full', lives = '1', turns = '1', bytes = '100'] = process.argv.slice(2)

/** Groups of different sizes: lanes wait for their own last turn only. */
const lanes = 8

const padding = JSON.stringify({ padding: 'x'.repeat(Number(bytes)) })
const acknowledge = (number: number): void => void writeSync(1, `${number}\n`)
const writesOf = (number: number): readonly Write[] => [
  { put: 'host_actor', row: actorRow(`h${number}`, 1, padding) },
  { put: 'host', row: hostRow(`h${number}`) },
  { put: 'journal', row: journalRow(`h${number}`) },
]

let next = 0
for (let life = 1; life <= Number(lives); life += 1)
  await (mode === 'full' ? live(life * Number(turns)) : liveCarelessly(life * Number(turns)))

/** As the server does, up to closing it. */
async function live(until: number): Promise<void> {
  const { store } = await openStore({
    folder,
    onFatal: (reason) => {
      throw reason
    },
  })
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < until) {
        const number = next
        next += 1
        const committed = await store.commit(writesOf(number))
        if (committed.ok) acknowledge(number)
      }
    }),
  )
  await store.close()
}

/** The same groups on a connection that trusts the power: what SQLite calls NORMAL. */
function liveCarelessly(until: number): void {
  const db = openForWriting(join(folder, 'muster.db'))
  migrate(db, join(folder, 'backup'))
  db.exec('PRAGMA synchronous = NORMAL')
  const commit = createGroups(db)
  for (; next < until; next += lanes) {
    const numbers = Array.from({ length: lanes }, (_, lane) => next + lane)
    commit(numbers.map(writesOf))
    for (const number of numbers) acknowledge(number)
  }
  db.close()
}
