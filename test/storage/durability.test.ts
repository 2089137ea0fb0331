import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openForReading } from '../../storage/connection.ts'
import { createFaults, failNextCommits, fillDisk } from '../../storage/faults.ts'
import { createLookups } from '../../storage/lookups.ts'
import { openStore } from '../../storage/open.ts'
import type { Write } from '../../storage/store.ts'
import { openEmbedded } from './embedded.ts'
import { temporaryFolder } from './folder.ts'
import { actorRow, hostRow, journalRow, newHost } from './rows.ts'

test('what was committed is there after the store is closed and opened again', async () => {
  const folder = temporaryFolder()
  const first = await openEmbedded({ folder })
  await first.store.commit([...newHost('h1'), { put: 'journal', row: journalRow('h1') }])
  await first.store.close()
  const again = await openEmbedded({ folder })
  expect(again.store.lookups.hostActor('h1')).toEqual(actorRow('h1', 1))
  const next = await again.store.commit([{ put: 'journal', row: journalRow('h1') }])
  expect(next).toEqual({ ok: true, journalSeqs: [2] })
  expect(await again.integrityCheck()).toEqual([])
})

test('a failed COMMIT fails every turn of its group, and the next group is fine', async () => {
  const faults = createFaults()
  const { store, queries } = await openEmbedded({ faults })
  failNextCommits(faults, 1)
  const lost = await Promise.all(['a', 'b', 'c'].map((id) => store.commit(journalled(id))))
  expect(lost.map((answer) => !answer.ok && answer.error.kind)).toEqual(
    Array.from({ length: 3 }, () => 'unavailable'),
  )
  expect(['a', 'b', 'c'].map((id) => store.lookups.host(id))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(await store.commit(journalled('a'))).toEqual({ ok: true, journalSeqs: [1] })
  const counts = await queries.transitionCounts('host')
  expect(counts.ok && counts.value.edges.map(({ count }) => count)).toEqual([1])
})

test('on a full disk turns are unavailable, reads go on, and writing goes on once there is room', async () => {
  const faults = createFaults()
  const { store } = await openEmbedded({ faults })
  await store.commit(newHost('h1'))
  fillDisk(faults, true)
  const large: Write = { put: 'host_actor', row: actorRow('h2', 1, 'x'.repeat(1_000_000)) }
  const answers = await Promise.all([store.commit(newHost('h3')), store.commit([large])])
  expect(answers.map((answer) => !answer.ok && answer.error.kind)).toEqual([
    'unavailable',
    'unavailable',
  ])
  expect(store.lookups.host('h1')).toEqual(hostRow('h1'))
  expect(store.lookups.host('h3')).toBeUndefined()
  fillDisk(faults, false)
  expect((await store.commit([large, ...newHost('h3')])).ok).toBe(true)
  expect(store.lookups.hostActor('h2')?.snapshot).toHaveLength(1_000_000)
})

test('a thousand turns at once share a few transactions', async () => {
  const { store, stats } = await openEmbedded()
  const turns = Array.from({ length: 1_000 }, (_, index) => store.commit(newHost(`h${index}`)))
  expect((await Promise.all(turns)).every(({ ok }) => ok)).toBe(true)
  expect(stats()).toMatchObject({ turns: 1_000, waiting: 0 })
  expect(stats().groups).toBeLessThan(10)
})

test('a backup is a whole database of its own', async () => {
  const folder = temporaryFolder()
  const opened = await openEmbedded({ folder: join(folder, 'one') })
  await opened.store.commit(newHost('h1'))
  const targets = { database: join(folder, 'copy.db'), blobList: join(folder, 'blobs.txt') }
  expect(await opened.copy(targets)).toMatchObject({ journalSeq: 0, findings: [] })
  await expect(opened.copy(targets)).rejects.toThrow(/exists/)
  const copy = openForReading(join(folder, 'copy.db'))
  onTestFinished(() => copy.close())
  expect(createLookups(copy).host('h1')).toEqual(hostRow('h1'))
})

test('the writing connection is set as it must be', async () => {
  const { pragmas } = await openEmbedded()
  expect(pragmas).toMatchObject({ journal_mode: 'wal', synchronous: 2, trusted_schema: 0 })
})

test('a second process is refused on the same folder, and one killed hands it over', async () => {
  const folder = temporaryFolder()
  const child = start(folder)
  await firstLine(child)
  const refusal = openStore({ folder, onFatal: () => undefined, lockWaitMs: 100 })
  await expect(refusal).rejects.toThrow(
    `Another Muster is already running on the data folder ${folder}.`,
  )
  setTimeout(() => child.kill('SIGKILL'), 300)
  const opened = await openEmbedded({ folder })
  expect((await opened.store.commit(newHost('mine'))).ok).toBe(true)
})

test('the same process is refused a folder twice', async () => {
  const folder = temporaryFolder()
  await openEmbedded({ folder })
  await expect(openEmbedded({ folder, lockWaitMs: 100 })).rejects.toThrow(/already running/)
})

test('what a process answered before it was killed is there, ten times over', async () => {
  const folder = temporaryFolder()
  const answered: number[] = []
  for (let round = 0; round < 10; round += 1) {
    const child = start(folder)
    for await (const line of linesOf(child)) {
      answered.push(Number(line))
      if (answered.length % 40 === 0) child.kill('SIGKILL')
    }
    expect(child.signalCode).toBe('SIGKILL')
  }
  const { store, queries, integrityCheck } = await openEmbedded({ folder })
  const lost = answered.filter((n) => store.lookups.hostActor(`h${n}`) === undefined)
  expect(answered.length).toBeGreaterThan(300)
  expect(lost).toEqual([])
  expect(await integrityCheck()).toEqual([])
  const counted = await queries.countAll({})
  const journal = await queries.listJournal({ limit: 1 })
  expect(journal.ok && journal.value.total).toBe(counted.ok && counted.value.hosts)
})

const journalled = (id: string): readonly Write[] => [
  ...newHost(id),
  { put: 'journal', row: journalRow(id) },
]

/** A process that commits hosts one after another and prints each number once it was answered. */
function start(folder: string): ChildProcess {
  const script = fileURLToPath(new URL('./committing-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  if (child.stdout === null) throw new Error('the process has no output')
  const exited = new Promise((resolve) => child.once('exit', resolve))
  yield* createInterface(child.stdout)
  await exited
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) throw new Error('the process has no output')
  for await (const line of createInterface(child.stdout)) return line
  return undefined
}
