// What a repair makes of a damaged folder: sound, complete but for what cannot be read, and served.
import { closeSync, cpSync, existsSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createRebuilding } from '../../src/runtime/rebuild.ts'
import { checkFolder } from '../../storage/check.ts'
import { repairFolder } from '../../storage/repair.ts'
import { adminToken, dropFolder, newFolder, runMuster, startMuster } from '../e2e/muster.ts'
import { openDatabase } from '../e2e/database.ts'
import { createOperator } from '../e2e/operator.ts'
import { computerAt, env, fillFolder, type Tree, treesOf } from './fleet.ts'

const base = newFolder()
const sound = join(base, 'sound')
let trees: readonly Tree[] = []
let before: Readonly<Record<string, number>> = {}
const members = 6
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 })
beforeAll(async () => {
  await fillFolder(sound, members)
  trees = treesOf(sound)
  before = rowsOf(sound)
})
afterAll(() => dropFolder(base))

function rowsOf(folder: string): Readonly<Record<string, number>> {
  const database = openDatabase(folder)
  // States that no command is in any more may be left out.
  const { command_counts: _, ...rows } = database.rows()
  const counted = Number(database.one('SELECT sum(count) FROM command_counts'))
  database.close()
  return { ...rows, counted }
}

/** A copy of which the first page of each of these tables and indexes is noise. */
function spoilt(...names: readonly string[]): string {
  const folder = join(base, `spoilt-${names.join('-')}`)
  cpSync(sound, folder, { recursive: true })
  for (const name of names) spoil(folder, name)
  return folder
}

function spoil(folder: string, name: string): void {
  const root = trees.find((tree) => tree.name === name)?.root
  if (root === undefined) throw new Error(`there is no ${name}`)
  const file = openSync(join(folder, 'muster.db'), 'r+')
  writeSync(file, Buffer.alloc(4_096, 0x77), 0, 4_096, (root - 1) * 4_096)
  closeSync(file)
}

const repair = (folder: string) =>
  repairFolder({ folder, at: Date.now(), rebuildHost: createRebuilding().rowsOf })

/** Indexes and counters, and what follows from what hosts are: nothing of it is lost. */
const recoverable = [
  'hosts_by_serial',
  'claims_active',
  'sqlite_autoindex_sealed_1',
  'host_counts',
  'command_counts',
  'transition_counts',
  'seen_counts',
  'last_seen_by_at',
  'sqlite_sequence',
  'hosts',
  'enrollments',
  'agents',
  'dep_devices',
]

test.each(recoverable)('nothing is lost by a repair where %s is damaged', async (name) => {
  const folder = spoilt(name)
  expect((await checkFolder(folder)).findings.join('\n')).toContain(name)
  const { copy, lines } = await repair(folder)
  expect(lines.join('\n')).toContain(name)
  expect(existsSync(join(copy, 'muster.db'))).toBe(true)
  expect((await checkFolder(folder)).findings).toEqual([])
  expect(rowsOf(folder)).toEqual(before)
  rmSync(folder, { recursive: true })
})

test.each([
  'claims',
  'commands',
  'journal',
  'sealed',
  'alarms',
  'webhook_deliveries',
  'host_actors',
])(
  'a folder of which %s is damaged is sound after a repair, and all other tables are as they were',
  async (name) => {
    const folder = spoilt(name)
    const { copy, lines, setApart } = await repair(folder)
    expect(lines.join('\n')).toContain(`set apart: `)
    expect(setApart).toBeGreaterThan(0)
    const apart = readFileSync(join(copy, 'set-apart.ndjson'), 'utf8')
    expect(apart).toContain(`"table":"${name}"`)
    expect((await checkFolder(folder)).findings).toEqual([])
    if (name === 'host_actors') return
    const after = rowsOf(folder)
    const others = ['hosts', 'enrollments', 'agents', 'certificates', 'tokens', 'webhooks']
    for (const other of others) expect([other, after[other]]).toEqual([other, before[other]])
    rmSync(folder, { recursive: true })
  },
)

test('a check names each of the tables and indexes that are damaged, not only the first', async () => {
  const names = [
    'commands',
    'hosts_by_serial',
    'claims',
    'journal_by_host',
    'host_counts',
    'sealed',
  ]
  const { findings } = await checkFolder(spoilt(...names))
  const named = findings.flatMap((line) => /^(?:table|index) (\w+):/.exec(line)?.[1] ?? [])
  expect(named).toEqual(expect.arrayContaining(names))
})

test('muster check --repair says what it did, and a server goes on from there', async () => {
  const folder = spoilt('hosts')
  const data = { MUSTER_DATA: folder }
  expect((await runMuster(data, ['check'])).code).toBe(1)
  const repaired = await runMuster(data, ['check', '--repair'])
  expect(repaired.code).toBe(0)
  expect(repaired.out).toMatch(
    /^damaged: table hosts: .*\n(.*\n)*rebuilt: all indexes and counters\n$/,
  )
  expect(repaired.err).toContain(`${folder} is repaired; the files as they were are in `)
  expect(await runMuster(data, ['check'])).toMatchObject({ code: 0, out: '' })

  const muster = await startMuster(folder, env)
  const operator = createOperator(muster.url, adminToken)
  expect((await operator.get('/hosts')).body['items']).toHaveLength(members)
  const mac = computerAt(muster.url, 1)
  await mac.checkin('TokenUpdate', { Token: Buffer.alloc(32, 9), PushMagic: 'again' })
  const sent = await operator.post(`/hosts/${mac.serial}/commands`, { request_type: 'ProfileList' })
  expect(sent.status).toBe(201)
  expect(await muster.end('SIGTERM')).toBe(0)
})
