import { spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLogs } from '../../storage/logs.ts'

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'muster-logs-')), 'logs')
const linesOf = (folder: string, file: string) =>
  readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1)

test('an entry is on disk as one line of its kind once its append resolves', async () => {
  const folder = newFolder()
  const logs = await openLogs({ folder })
  expect(await logs.appendLogs('result', [{ a: 1 }, { b: 2 }])).toEqual({ ok: true })
  expect(await logs.appendLogs('status', [{ c: 3 }])).toEqual({ ok: true })
  expect(linesOf(folder, 'result.ndjson')).toEqual(['{"a":1}', '{"b":2}'])
  expect(linesOf(folder, 'status.ndjson')).toEqual(['{"c":3}'])
  expect(linesOf(folder, 'other.ndjson')).toEqual([])
  expect(statSync(join(folder, 'result.ndjson')).mode & 0o777).toBe(0o600)
  await logs.close()
})

test('no text in an entry can break its line', async () => {
  const folder = newFolder()
  const logs = await openLogs({ folder })
  const entry = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
  const entries = [...fc.sample(entry, 300), { evil: 'a\nb\r\nc\u2028d\u2029"}\u0000' }]
  await logs.appendLogs('other', entries)
  expect(linesOf(folder, 'other.ndjson').map((line) => JSON.parse(line))).toEqual(
    entries.map((item) => JSON.parse(JSON.stringify(item))),
  )
  await logs.close()
})

test('appends keep their order and are all there, however many wait together', async () => {
  const folder = newFolder()
  const logs = await openLogs({ folder })
  const numbers = Array.from({ length: 2_000 }, (_, n) => n)
  const done = await Promise.all(numbers.map((n) => logs.appendLogs('result', [{ n }])))
  expect(done.every(({ ok }) => ok)).toBe(true)
  expect(linesOf(folder, 'result.ndjson').map((line) => JSON.parse(line).n)).toEqual(numbers)
  await logs.close()
})

test('a full file is set aside and only the newest are kept', async () => {
  const folder = newFolder()
  const logs = await openLogs({ folder, fileBytesMax: 100, filesMax: 3 })
  for (let n = 0; n < 10; n += 1) await logs.appendLogs('result', [{ n, pad: 'x'.repeat(60) }])
  expect(
    readdirSync(folder)
      .filter((file) => file.startsWith('result'))
      .toSorted(),
  ).toEqual(['result.00000008.ndjson', 'result.00000009.ndjson', 'result.ndjson'])
  expect(JSON.parse(linesOf(folder, 'result.ndjson')[0] ?? '').n).toBe(9)
  expect(JSON.parse(linesOf(folder, 'result.00000008.ndjson')[0] ?? '').n).toBe(7)
  await logs.close()
})

test('setting aside goes on counting after a restart and leaves strange files alone', async () => {
  const folder = newFolder()
  const options = { folder, fileBytesMax: 10, filesMax: 2 }
  const first = await openLogs(options)
  for (const n of [1, 2]) await first.appendLogs('result', [{ n }])
  await first.close()
  writeFileSync(join(folder, 'result.old.ndjson'), 'mine\n')
  const second = await openLogs(options)
  for (const n of [3, 4]) await second.appendLogs('result', [{ n }])
  await second.close()
  expect(
    readdirSync(folder)
      .filter((file) => file.startsWith('result'))
      .toSorted(),
  ).toEqual(['result.00000003.ndjson', 'result.ndjson', 'result.old.ndjson'])
  expect(linesOf(folder, 'result.00000003.ndjson')).toEqual(['{"n":3}'])
})

test('a line torn by a crash is closed at the next start and spoils no other', async () => {
  const folder = newFolder()
  const first = await openLogs({ folder })
  await first.appendLogs('result', [{ n: 1 }])
  await first.close()
  appendFileSync(join(folder, 'result.ndjson'), '{"n":2,"to')
  const second = await openLogs({ folder })
  await second.appendLogs('result', [{ n: 3 }])
  await second.close()
  expect(linesOf(folder, 'result.ndjson')).toEqual(['{"n":1}', '{"n":2,"to', '{"n":3}'])
})

test('more than may wait is refused as overloaded, and room comes back', async () => {
  const logs = await openLogs({ folder: newFolder(), pendingBytesMax: 1_000 })
  const entry = { pad: 'x'.repeat(400) }
  const done = await Promise.all([1, 2, 3, 4].map(() => logs.appendLogs('result', [entry])))
  const overloaded = { ok: false, error: { kind: 'overloaded' } }
  expect(done).toEqual([{ ok: true }, { ok: true }, overloaded, overloaded])
  expect(await logs.appendLogs('result', [entry])).toEqual({ ok: true })
  await logs.close()
})

test('a batch larger than may wait is taken when nothing waits', async () => {
  const logs = await openLogs({ folder: newFolder(), pendingBytesMax: 10 })
  expect(await logs.appendLogs('result', [{ pad: 'x'.repeat(400) }])).toEqual({ ok: true })
  await logs.close()
})

test('a write that the disk refuses half-way leaves no half line, and the next one is tried anew', async () => {
  const folder = newFolder()
  const script = `
    import { rmSync, readFileSync } from 'node:fs'
    import { openLogs } from ${JSON.stringify(resolve('storage/logs.ts'))}
    const logs = await openLogs({ folder: ${JSON.stringify(folder)} })
    const entry = { pad: 'x'.repeat(900) }
    const path = ${JSON.stringify(join(folder, 'result.ndjson'))}
    const told = []
    for (let n = 0; n < 4; n += 1) told.push(await logs.appendLogs('result', [entry]))
    const lines = readFileSync(path, 'utf8').split('\\n')
    rmSync(path)
    told.push(await logs.appendLogs('result', [entry]))
    process.stdout.write(JSON.stringify({ told, complete: lines.slice(0, -1).length, rest: lines.at(-1) }))`
  // A limit on the size of files is the one disk error a test can have without a disk of its own: 2 KiB.
  const child = spawn(
    'sh',
    ['-c', 'ulimit -f 4; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let told = ''
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
  await new Promise((closed) => child.on('close', closed))
  const refused = { ok: false, error: { kind: 'unavailable', detail: 'EFBIG' } }
  expect(JSON.parse(told)).toEqual({
    told: [{ ok: true }, { ok: true }, refused, refused, { ok: true }],
    complete: 2,
    rest: '',
  })
})

test('a log that cannot be opened stops the start', async () => {
  const folder = newFolder()
  await (await openLogs({ folder })).close()
  rmSync(join(folder, 'status.ndjson'))
  symlinkSync('/proc/version', join(folder, 'status.ndjson'))
  await expect(openLogs({ folder })).rejects.toThrow()
})

test('a closed log refuses, after keeping what was appended before', async () => {
  const folder = newFolder()
  const logs = await openLogs({ folder })
  const before = logs.appendLogs('result', [{ n: 1 }])
  await logs.close()
  expect(await before).toEqual({ ok: true })
  expect(await logs.appendLogs('result', [{ n: 2 }])).toEqual({
    ok: false,
    error: { kind: 'unavailable', detail: 'closed' },
  })
  expect(linesOf(folder, 'result.ndjson')).toEqual(['{"n":1}'])
})

test('what was acknowledged before a kill is there after it', async () => {
  const folder = newFolder()
  const script = `
    import { openLogs } from ${JSON.stringify(resolve('storage/logs.ts'))}
    const logs = await openLogs({ folder: ${JSON.stringify(folder)}, fileBytesMax: 5_000, filesMax: 1_000 })
    let n = 0
    const append = async () => {
      for (;;) {
        const mine = n++
        const done = await logs.appendLogs('result', [{ n: mine }])
        if (done.ok) process.stdout.write(mine + '\\n')
      }
    }
    for (let writer = 0; writer < 8; writer += 1) void append()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString()
    if (told.length > 5_000) child.kill('SIGKILL')
  })
  await new Promise((closed) => child.on('close', closed))
  const acknowledged = told.split('\n').slice(0, -1).map(Number)
  await (await openLogs({ folder })).close()
  const kept = new Set(
    readdirSync(folder)
      .filter((file) => file.startsWith('result'))
      .flatMap((file) => linesOf(folder, file))
      .map((line) => /^\{"n":(\d+)\}$/.exec(line)?.[1])
      .map(Number),
  )
  expect(acknowledged.length).toBeGreaterThan(500)
  expect(acknowledged.filter((n) => !kept.has(n))).toEqual([])
})
