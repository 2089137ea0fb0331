// One process per data folder, whatever that process does, and the next one as soon as it is gone.
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { checkFolder } from '../../storage/check.ts'
import { takeLock } from '../../storage/lock.ts'
import { openEmbedded } from './embedded.ts'
import { temporaryFolder } from './folder.ts'
import { newHost } from './rows.ts'

const script = fileURLToPath(new URL('./locking-process.ts', import.meta.url))

type Rival = { readonly process: ChildProcess; tries(waitMs?: number): Promise<string> }

function startRival(folder: string): Rival {
  const child = spawn(process.execPath, [script, join(folder, 'muster.lock')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    process: child,
    async tries(waitMs = 0) {
      child.stdin.write(`${waitMs}\n`)
      return String((await lines.next()).value)
    },
  }
}

test('another process is refused whatever the one that has the folder does', async () => {
  const folder = temporaryFolder()
  const { store, copy, integrityCheck, blobs, queries } = await openEmbedded({ folder })
  const rival = startRival(folder)
  const database = join(folder, 'muster.db')
  const targets = { database: join(folder, 'copy.db'), blobList: join(folder, 'blobs.txt') }
  const acts: Readonly<Record<string, () => unknown>> = {
    'does nothing': () => undefined,
    commits: () => store.commit(newHost('h1')),
    lists: () => queries.countAll({}),
    'makes a backup': () => copy(targets),
    'is refused a backup over a file': () => copy(targets).catch(() => undefined),
    'checks itself': () => integrityCheck(),
    'keeps a blob': () => blobs.put(new Uint8Array(100_000)),
    'reads the database as a file': () => readFileSync(database),
    'copies the database as a file': () => copyFileSync(database, join(folder, 'copied.db')),
    'is refused the folder itself': () =>
      openEmbedded({ folder, lockWaitMs: 0 }).catch(() => undefined),
    'is refused a check of the folder': () => checkFolder(folder).catch(() => undefined),
  }
  for (const [act, perform] of Object.entries(acts)) {
    await perform()
    expect(await rival.tries(), `when it ${act}`).toBe('refused')
  }
  await store.close()
  expect(await rival.tries(5_000)).toBe('taken')
}, 60_000)

test('ten times the process that has the folder is killed, and the next one has it within five seconds', async () => {
  const folder = temporaryFolder()
  for (let nth = 0; nth < 10; nth += 1) {
    const holder = startRival(folder)
    expect(await holder.tries(5_000)).toBe('taken')
    expect(await takeLock(join(folder, 'muster.lock'), 0)).toBeUndefined()
    holder.process.kill('SIGKILL')
    // Not a word from the system that it is gone: the lock itself must say so.
    const lock = await takeLock(join(folder, 'muster.lock'))
    expect(lock).toBeDefined()
    lock?.release()
  }
}, 60_000)
