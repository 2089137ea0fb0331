// Run by the durability tests: commits host after host and says which are durable, until it is killed.
import { openStore } from '../../storage/open.ts'
import { journalRow, newHost } from './rows.ts'

const opened = await openStore({
  folder: process.argv[2] ?? '',
  onFatal: (reason) => {
    throw reason
  },
})
const counted = await opened.queries.countAll({})
let next = counted.ok ? counted.value.hosts : 0

async function lane(): Promise<void> {
  for (;;) {
    const number = next
    next += 1
    const id = `h${number}`
    const answer = await opened.store.commit([
      ...newHost(id),
      { put: 'journal', row: journalRow(id) },
    ])
    if (answer.ok) process.stdout.write(`${number}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, lane))
