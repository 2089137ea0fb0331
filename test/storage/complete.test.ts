// A data folder that lost what was acknowledged does not start, and says what to do.
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type OpenedStore } from '../../storage/open.ts'
import { missingFrom } from '../../storage/complete.ts'
import { newFolder, dropFolder } from '../e2e/muster.ts'
import { temporaryFolder } from './folder.ts'
import { journalRow, newHost } from './rows.ts'

const pageBytes = 4_096
const frameBytes = 24 + pageBytes

/** A folder as a killed server leaves it: twenty turns committed, all of them still in the write-ahead log. */
const killed = newFolder()
afterAll(() => dropFolder(killed))
beforeAll(async () => {
  const folder = newFolder()
  const first = await opening(folder)
  await first.store.commit(newHost('h0'))
  await first.store.close()
  const opened = await opening(folder)
  for (let nth = 1; nth <= 20; nth += 1)
    await opened.store.commit([
      ...newHost(`h${nth}`),
      { put: 'journal', row: journalRow(`h${nth}`) },
    ])
  for (const name of ['muster.db', 'muster.db-wal', 'muster.mark'])
    cpSync(join(folder, name), join(killed, name))
  await opened.store.close()
  dropFolder(folder)
})

const opening = (folder: string): Promise<OpenedStore> =>
  openStore({
    folder,
    onFatal: (reason) => {
      throw reason
    },
  })

type Wal = { readonly path: string; readonly bytes: Buffer }

const frameAt = (nth: number): number => 32 + (nth - 1) * frameBytes

function flip({ path, bytes }: Wal, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

const losses: readonly (readonly [what: string, spoil: (wal: Wal) => void, says: RegExp])[] = [
  ['was removed', ({ path }) => rmSync(path), /ends at journal number 0, and 20 was acknowledged/],
  ['was emptied', ({ path }) => truncateSync(path, 0), /ends at journal number 0, and 20/],
  [
    'was cut in its middle',
    ({ path }) => truncateSync(path, frameAt(40)),
    /ends at journal number \d+, and 20/,
  ],
  [
    'lost its last transaction',
    ({ path, bytes }) => truncateSync(path, bytes.length - 3 * frameBytes),
    /ends at journal number 19, and 20/,
  ],
  ['has a spoilt header', (wal) => flip(wal, 17), /ends at journal number 0, and 20/],
  [
    'has a spoilt byte in its first frame',
    (wal) => flip(wal, frameAt(1) + 500),
    /-wal is damaged at its frame 1, and \d+ frames behind it/,
  ],
  [
    'has a spoilt byte in its tenth frame',
    (wal) => flip(wal, frameAt(10) + 24),
    /-wal is damaged at its frame 10, and \d+ frames behind it/,
  ],
  [
    'has a spoilt salt in its tenth frame',
    (wal) => flip(wal, frameAt(10) + 9),
    /-wal is damaged at its frame 10/,
  ],
]

test.each(losses)('a start is refused where the write-ahead log %s', async (_what, spoil, says) => {
  const folder = temporaryFolder()
  cpSync(killed, folder, { recursive: true })
  const path = join(folder, 'muster.db-wal')
  spoil({ path, bytes: readFileSync(path) })
  await expect(opening(folder)).rejects.toThrow(says)
  await expect(opening(folder)).rejects.toThrow(`muster check --repair --data ${folder}`)
})

test('a folder as a killed server leaves it opens with all that was committed', async () => {
  const folder = temporaryFolder()
  cpSync(killed, folder, { recursive: true })
  const opened = await opening(folder)
  expect(opened.store.lookups.host('h20')).toBeDefined()
  await opened.store.close()
  // Stopped in order, there is no log any more, and nothing is missed.
  expect(missingFrom(folder)).toBeUndefined()
  await (await opening(folder)).store.close()
})

test('a last transaction that the end of power cut short is no loss', async () => {
  const folder = temporaryFolder()
  cpSync(killed, folder, { recursive: true })
  const path = join(folder, 'muster.db-wal')
  const whole = readFileSync(path)
  // Written, and torn before the sync that would have let it be acknowledged.
  const more = whole.subarray(frameAt(1), frameAt(2))
  writeFileSync(path, Buffer.concat([whole, more, Buffer.alloc(frameBytes)]))
  await (await opening(folder)).store.close()
})

test.each([
  ['logs', 'result.ndjson'],
  ['blobs', '00'],
])('a start is refused where the database is gone and the folder has %s', async (name, file) => {
  const folder = temporaryFolder()
  const beside = join(folder, name)
  cpSync(killed, beside, { recursive: true })
  rmSync(join(beside, 'muster.db-wal'))
  writeFileSync(join(beside, file), 'kept')
  await expect(opening(folder)).rejects.toThrow(
    /its database \S+ is missing or empty: restore a backup/,
  )
  writeFileSync(join(folder, 'muster.db'), '')
  await expect(opening(folder)).rejects.toThrow(
    /its database \S+ is missing or empty: restore a backup/,
  )
})
