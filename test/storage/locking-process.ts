// Tries to take a data folder's lock whenever it is told to, says whether it could, and keeps what it got.
import { createInterface } from 'node:readline'
import { takeLock } from '../../storage/lock.ts'

const [path = ''] = process.argv.slice(2)
for await (const waitMs of createInterface(process.stdin)) {
  const lock = await takeLock(path, Number(waitMs))
  process.stdout.write(lock === undefined ? 'refused\n' : 'taken\n')
}
