// The drill: back up under load, lose the server, restore, and hold what is there against what was acknowledged.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { readManifest } from '../../src/backup/manifest.ts'
import { type Computer, createComputer, identity } from '../e2e/computer.ts'
import {
  adminToken,
  dropFolder,
  enrollSecret,
  newFolder,
  runMuster,
  startMuster,
} from '../e2e/muster.ts'
import { createOperator, type Json, type Operator } from '../e2e/operator.ts'

vi.setConfig({ testTimeout: 120_000 })

const masterKey = 'ab'.repeat(32)
const env = { MUSTER_MASTER_KEY: masterKey, MUSTER_LOG_LEVEL: 'error' }

const folder = newFolder()
afterAll(() => dropFolder(folder))

const muster = (url: string, ...args: readonly string[]) =>
  runMuster({ MUSTER_URL: url, MUSTER_TOKEN: adminToken, MUSTER_MASTER_KEY: masterKey }, args)

/** What computers and operators were told, in order. */
type Told = {
  readonly queued: string[]
  readonly offered: string[]
  readonly acknowledged: string[]
}

/** Types that must not run twice, and one that may. */
const types = ['RestartDevice', 'DeviceInformation', 'ShutDownDevice'] as const

/** A computer that comes only after the backup, and what waits for it by then. */
const absentNumber = 99
const waiting = ['RestartDevice', 'EraseDevice', 'DeviceInformation', 'RotateFileVaultKey'] as const
const onceOnlyTypes = waiting.filter((type) => type !== 'DeviceInformation')

async function sendTo(operator: Operator, mac: Computer, request_type: string): Promise<string> {
  const payload = request_type === 'RotateFileVaultKey' ? { KeyType: 'personal' } : {}
  const sent = await operator.post(`/hosts/${mac.serial}/commands`, { request_type, payload })
  if (sent.status !== 201) throw new Error(`answered ${sent.status}`)
  return String(sent.body['command_uuid'])
}

/** Works until the connection breaks, and notes only what was answered. */
async function work(mac: Computer, operator: Operator, told: Told): Promise<void> {
  try {
    for (let count = 0; ; count += 1) {
      told.queued.push(await sendTo(operator, mac, types[count % types.length] ?? types[0]))
      // Every fourth time the device stays away, so that some commands always wait.
      if (count % 4 === 1) continue
      for (let next = await mac.idle(); next !== undefined;) {
        told.offered.push(next.uuid)
        const { uuid } = next
        next = await mac.report('Acknowledged', uuid)
        told.acknowledged.push(uuid)
      }
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^ECONN|EPIPE/.test(String(error.code))))
      throw error
  }
}

describe('a server that is lost after a backup under load', () => {
  const file = join(folder, 'muster.tar')
  const restoredFolder = join(folder, 'restored')
  const told: Told[] = Array.from({ length: 6 }, () => ({
    queued: [],
    offered: [],
    acknowledged: [],
  }))
  /** As it was when the backup was asked for: all of it must be in the backup. */
  let before: Told[] = []
  let journal: readonly Json[] = []
  let journalSeq = 0

  test('answers its devices while the backup is made, and is killed afterwards', async () => {
    const server = await startMuster(join(folder, 'first'), env)
    const operator = createOperator(server.url, adminToken)
    const macs = told.map((_, number) =>
      createComputer({ ...identity(number), url: server.url, enrollSecret }),
    )
    for (const mac of macs) await mac.enrolInMdm()
    const working = macs.map((mac, number) => work(mac, operator, told[number] ?? fresh()))
    await vi.waitFor(() => expect(count(told)).toBeGreaterThan(150), { timeout: 30_000 })
    const absent = createComputer({ ...identity(absentNumber), url: server.url, enrollSecret })
    await absent.enrolInMdm()
    for (const request_type of waiting) await sendTo(operator, absent, request_type)
    // Fetched, and no report yet: it is on the device when the backup is made.
    const running = await absent.idle()
    expect(running?.command['RequestType']).toBe(waiting[0])
    before = structuredClone(told)
    const backup = await muster(server.url, 'backup', file, '-o', 'json')
    expect(backup).toMatchObject({ code: 0 })
    const asOf = count(told)
    expect(asOf).toBeGreaterThan(count(before))
    // Some life that the backup knows nothing of.
    await vi.waitFor(() => expect(count(told)).toBeGreaterThan(asOf + 100), { timeout: 30_000 })
    // All that waited runs now, and the backup does not know.
    for (let next = await absent.report('Acknowledged', running?.uuid ?? ''); next !== undefined;)
      next = await absent.report('Acknowledged', next.uuid)
    journal = await operator.all('/journal?limit=1000')
    expect(await server.end('SIGKILL')).toBeNull()
    await Promise.all(working)
    journalSeq = Number((JSON.parse(backup.out) as Json)['journal_seq'])
    expect(journalSeq).toBeGreaterThan(150)
  })

  test('is restored with every acknowledged event from before the journal seq of the backup', async () => {
    const restored = await muster('', 'restore', file, '--data', restoredFolder, '-o', 'json')
    expect(restored).toMatchObject({ code: 0 })
    const server = await startMuster(restoredFolder, env)
    onTestFinished(() => void server.end('SIGKILL'))
    const operator = createOperator(server.url, adminToken)
    const again = await operator.all('/journal?limit=1000')
    const until = (rows: readonly Json[]): readonly Json[] =>
      rows.filter(({ seq }) => Number(seq) <= journalSeq)
    expect(until(again)).toHaveLength(journalSeq)
    expect(until(again)).toEqual(until(journal))
    const states = new Map(
      (await operator.all('/commands?limit=1000')).map((one) => [
        one['command_uuid'],
        one['state'],
      ]),
    )
    for (const { queued, acknowledged } of before) {
      for (const uuid of queued) expect(states.has(uuid)).toBe(true)
      for (const uuid of acknowledged) expect(states.get(uuid)).toBe('acknowledged')
    }
    await server.end('SIGTERM')
  })

  test('sends no command again that must not run twice, and the others once more', async () => {
    const server = await startMuster(restoredFolder, env)
    onTestFinished(() => void server.end('SIGKILL'))
    const operator = createOperator(server.url, adminToken)
    const commands = await operator.all('/commands?limit=1000')
    const open = commands.filter((one) => one['open'] === true)
    const onceOnly = open.filter((one) => one['request_type'] !== 'DeviceInformation')
    expect(onceOnly.map((one) => one['request_type'])).toEqual(
      expect.arrayContaining(onceOnlyTypes),
    )
    expect(new Set(onceOnly.map(({ state }) => state))).toEqual(new Set(['unknown']))
    const offered: string[] = []
    for (const number of [...told.keys(), absentNumber]) {
      const mac = createComputer({ ...identity(number), url: server.url, enrollSecret })
      for (let next = await mac.idle(); next !== undefined;) {
        offered.push(next.uuid)
        expect(next.command['RequestType']).toBe('DeviceInformation')
        next = await mac.report('Acknowledged', next.uuid)
      }
    }
    const repeatable = open.filter((one) => one['request_type'] === 'DeviceInformation')
    expect(offered.toSorted()).toEqual(
      repeatable.map((one) => String(one['command_uuid'])).toSorted(),
    )
  })

  test('tells of each command that may have run, in the journal as by an operator', async () => {
    const server = await startMuster(restoredFolder, env)
    onTestFinished(() => void server.end('SIGKILL'))
    const operator = createOperator(server.url, adminToken)
    const lines = await operator.all('/journal?limit=1000&event=operator.restore')
    expect(lines.length).toBeGreaterThanOrEqual(onceOnlyTypes.length)
    for (const line of lines)
      expect(line).toMatchObject({
        to: 'unknown',
        cause: 'operator',
        cause_id: 'muster restore',
      })
    const [restored] = await operator.all('/journal?event=backup.restored')
    expect(restored).toMatchObject({ detail: { incarnation: 2, unknown_commands: lines.length } })
  })
})

const fresh = (): Told => ({ queued: [], offered: [], acknowledged: [] })

const count = (all: readonly Told[]): number =>
  all.reduce((sum, { queued, acknowledged }) => sum + queued.length + acknowledged.length, 0)

describe('muster restore, in one sentence,', () => {
  const file = join(folder, 'small.tar')
  const backUpSmall = async (): Promise<void> => {
    const server = await startMuster(join(folder, 'small'), env)
    onTestFinished(() => void server.end('SIGKILL'))
    const backup = await muster(server.url, 'backup', file)
    expect(backup.code).toBe(0)
  }

  test('refuses a folder on which a server runs, a wrong key, a wrong file and half a backup', async () => {
    await backUpSmall()
    const bytes = readFileSync(file)
    writeFileSync(join(folder, 'half.tar'), bytes.subarray(0, bytes.length / 2))
    const flipped = Buffer.from(bytes)
    const middle = Math.floor(flipped.length / 2)
    flipped[middle] = (flipped[middle] ?? 0) ^ 1
    writeFileSync(join(folder, 'flipped.tar'), flipped)
    writeFileSync(join(folder, 'text.tar'), 'not an archive\n'.repeat(100))
    writeFileSync(join(folder, 'empty.tar'), '')
    const otherKey = join(folder, 'other.key')
    writeFileSync(otherKey, 'cd'.repeat(32))
    const full = join(folder, 'full')
    // prettier-ignore
    const table: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
      [[file, '--data', join(folder, 'small')],                        /A Muster is running on the data folder .*: stop it/],
      [[file, '--data', folder],                                       /is not empty: restore into a new folder/],
      [[file, '--data', full, '--master-key-file', otherKey],          /This is the master key [0-9a-f]{16}, and the backup was sealed with [0-9a-f]{16}/],
      [[join(folder, 'none.tar'), '--data', full],                     /There is no file .*none\.tar\./],
      [[folder, '--data', full],                                       /is a folder: give the name of a file\./],
      [[join(folder, 'text.tar'), '--data', full],                     /not a backup of Muster/],
      [[join(folder, 'empty.tar'), '--data', full],                    /not a backup of Muster/],
      [[join(folder, 'half.tar'), '--data', full],                     /cut short or damaged/],
      [[join(folder, 'flipped.tar'), '--data', full],                  /The backup is damaged: muster\.db in it is not as it was written/],
    ]
    for (const [args, sentence] of table) {
      const refused = await muster('', 'restore', ...args)
      expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(sentence) })
      expect(refused.err.trim().split('\n'), refused.err).toHaveLength(1)
      expect(refused.err).not.toContain(masterKey)
    }
    // Nothing is left behind, so that the right attempt is not refused for the wrong one.
    const right = await muster('', 'restore', file, '--data', full)
    expect(right).toMatchObject({ code: 0 })
  })

  test('holds no master key, and names the one it needs', async () => {
    const text = readFileSync(file, 'latin1')
    expect(text).not.toContain(masterKey)
    expect(text).not.toContain(Buffer.from(masterKey, 'hex').toString('latin1'))
    expect(text).not.toContain(Buffer.from(masterKey, 'hex').toString('base64'))
    const manifest = readManifest(text.slice(512, text.indexOf('\0', 512)))
    expect(manifest).toMatchObject({
      ok: true,
      value: { master_key_id: expect.stringMatching(/^[0-9a-f]{16}$/) },
    })
  })
})
