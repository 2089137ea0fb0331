import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Connection, openForReading, openForWriting } from '../../storage/connection.ts'
import { migrate } from '../../storage/migrations.ts'
import { createSelect, type Select } from '../../storage/select.ts'
import type { Write } from '../../storage/store.ts'
import { createTurns } from '../../storage/turn.ts'
import { temporaryFolder } from './folder.ts'

/** A database of the current schema with both kinds of connection, in the test's own thread. */
export function openConnections(): {
  readonly writing: Connection
  readonly reading: Connection
  readonly apply: (writes: readonly Write[]) => void
  readonly select: Select
} {
  const folder = temporaryFolder()
  const path = join(folder, 'muster.db')
  const writing = openForWriting(path)
  migrate(writing, join(folder, 'backup'))
  const reading = openForReading(path)
  onTestFinished(() => {
    reading.close()
    writing.close()
  })
  const turns = createTurns(writing)
  return {
    writing,
    reading,
    select: createSelect(reading),
    apply(writes) {
      writing.exec('BEGIN')
      const refusal = turns.apply(writes, [])
      writing.exec('COMMIT')
      if (refusal !== undefined) throw new Error(refusal)
    },
  }
}
