// Large bodies are read in another thread, and are answered as small ones are.
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { bodyJson, bodyPlist } from '../../src/http/api/command-body.ts'
import { worstBodies } from '../../bench/worst-bodies.ts'
import { readMessage } from '../../src/http/mdm/message.ts'
import { writtenCommand } from '../../src/http/reading/command-writing.ts'
import { readOperatorCommand } from '../../src/http/reading/operator-command.ts'
import { createReading, largeBytesMin } from '../../src/http/reading/reading.ts'
import { bodyLimits } from '../../src/protocol/osquery/limits.ts'

const deaths: Error[] = []
const reading = createReading((reason) => deaths.push(reason))
afterAll(() => reading.close())

const limits = bodyLimits.log
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const padding = ' '.repeat(largeBytesMin)
const report = (status: string): string =>
  `<plist><dict><key>Status</key><string>${status}</string><key>UDID</key><string>U</string>` +
  `<key>CommandUUID</key><string>C</string><key>Extra</key><dict/>${padding}</dict></plist>`

test('a large report says what it would say were it small, and comes back byte for byte', async () => {
  const body = bytes(report('Acknowledged'))
  const read = await readMessage(reading, 'report', body.slice())
  expect(read).toMatchObject({
    ok: true,
    value: { message: { status: 'Acknowledged', commandUUID: 'C' }, bytes: body },
  })
})

test('a large body that is no report fails as a small one does', async () => {
  expect(await readMessage(reading, 'report', bytes(`<plist>${padding}<x/>`))).toMatchObject({
    ok: false,
    error: { kind: 'bad-plist', plist: { kind: 'unknown-tag', at: 7 + padding.length } },
  })
})

test('the lines of a batch come back rendered, and nothing in them overrules whose they are', async () => {
  const body = bytes(
    '{"node_key":"k","log_type":"status","data":[{"a":1,"host":"other"},{"b":"\\n"}]}',
  )
  const read = await reading.turn(body.length, async (ask) => ({
    heard: await ask('log', { bytes: body, limits }),
    lines: await ask('lines', { received: { host: 'mine' } }),
  }))
  if (!read.ok) throw new Error('the batch is sound')
  expect(read.value.heard).toEqual({
    envelope: { node_key: 'k' },
    fault: undefined,
    isReplaced: false,
    kind: 'status',
  })
  expect(new TextDecoder().decode(read.value.lines)).toBe(
    '{"a":1,"host":"mine"}\n{"b":"\\n","host":"mine"}\n',
  )
})

test('of a write the details are kept, as much as is looked at', async () => {
  const row = { hostname: 'mac', deep: [1], more: 1 }
  const body = bytes(
    JSON.stringify({
      node_key: 7,
      queries: { 'detail.system_info': [row, row], 'detail.nothing': [row], mine: [row] },
      statuses: { 'detail.system_info': '0' },
    }),
  )
  const read = await reading.turn(body.length, (ask) => ask('write', { bytes: body, limits }))
  expect(read).toEqual({
    ok: true,
    value: {
      envelope: { node_key: null },
      fault: undefined,
      isReplaced: false,
      answers: [
        {
          id: 'detail.system_info',
          status: 0,
          rows: [{ hostname: 'mac', deep: null, more: 1 }],
        },
      ],
    },
  })
})

test('with too many bytes in line the next body is refused, and taken again afterwards', async () => {
  const mebi = 1_024 * 1_024
  const held = Promise.withResolvers<string>()
  const turns = Array.from({ length: 8 }, () => reading.turn(32 * mebi, () => held.promise))
  expect(await reading.turn(1, async () => 'next')).toEqual({ ok: false, error: 'overloaded' })
  held.resolve('first')
  expect(await Promise.all(turns)).toContainEqual({ ok: true, value: 'first' })
  expect(await reading.turn(1, async () => 'next')).toEqual({ ok: true, value: 'next' })
})

test('a reader that fails hands the thread on', async () => {
  await expect(
    reading.turn(1, async () => {
      throw new Error('a bug')
    }),
  ).rejects.toThrow('a bug')
  expect(await reading.turn(1, async () => 'next')).toEqual({ ok: true, value: 'next' })
})

test('a bug in the thread is told to who asked, and the thread goes on', async () => {
  const form = { commandUUID: 'C', channel: 'D', priority: 0, expiresInMs: 1 }
  const wish = { command: bytes('no list'), form }
  await expect(reading.turn(1, (ask) => ask('wish', wish))).rejects.toThrow('bad-plist')
  expect(deaths).toEqual([])
})

test('a kept body that is no property list is shown as none, with the reason', async () => {
  const shown = await bodyJson({ reading }, bytes('no list'), true)
  expect(shown).toMatchObject({
    ok: true,
    value: {
      content: null,
      condition: { kind: 'unreadable', reason: expect.stringContaining('unsupported-format') },
    },
  })
  expect(await bodyPlist({ reading }, bytes('no list'), false)).toMatchObject({
    ok: false,
    error: { kind: 'conflict' },
  })
})

test('a list of more values than are shown is shown cut, with all keys of the report', async () => {
  const app = '<dict>' + '<key>a</key><true/>'.replaceAll('a', 'k1') + '<key>k2</key><true/></dict>'
  const apps = `<key>Apps</key><array>${app.repeat(25_000)}</array>`
  const list = `<plist><dict>${apps}<key>Status</key><string>Acknowledged</string></dict></plist>`
  const shown = await bodyJson({ reading }, bytes(list), false)
  expect(shown).toMatchObject({
    ok: true,
    value: { content: { Status: 'Acknowledged' }, condition: { kind: 'cut' } },
  })
  expect(JSON.stringify(shown).length).toBeGreaterThan(100_000)
})

test('a body of which the thread dies is refused for now, and the next is read by another', async () => {
  const ends: Error[] = []
  const narrow = createReading((reason) => ends.push(reason), 16)
  onTestFinished(() => narrow.close())
  const most = bytes(`{"data":[${'{"a":[[],[],[],[]]},'.repeat(49_000)}{}]}`)
  const asked = (body: Uint8Array) =>
    narrow.turn(body.length, (ask) => ask('log', { bytes: body, limits }))
  expect(await asked(most)).toEqual({ ok: false, error: 'unavailable' })
  expect(ends).toHaveLength(1)
  expect(await asked(bytes('{"data":[]}'))).toMatchObject({ ok: true, value: { kind: 'other' } })
})

test('once closed it refuses', async () => {
  const other = createReading(() => {})
  await other.close()
  const asked = other.turn(1, (ask) => ask('log', { bytes: bytes('{}'), limits }))
  expect(await asked).toEqual({ ok: false, error: 'unavailable' })
})

test('a large kept body is shown as a small one is, and without its secrets', async () => {
  const small = bytes('<plist><dict><key>PIN</key><string>123456</string></dict></plist>')
  const large = bytes(`<plist><dict><key>PIN</key><string>123456</string>${padding}</dict></plist>`)
  for (const isRevealed of [true, false]) {
    const shown = await bodyJson({ reading }, large.slice(), isRevealed)
    expect(shown).toEqual(await bodyJson({ reading }, small, isRevealed))
    expect(JSON.stringify(shown).includes('123456')).toBe(isRevealed)
    const list = await bodyPlist({ reading }, large.slice(), isRevealed)
    expect(list).toEqual(
      isRevealed ? { ok: true, value: large } : await bodyPlist({ reading }, small, false),
    )
  }
})

/** Milliseconds of this thread alone: what else the machine does is not in it. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const wish = { priority: 0, expiresInMs: 60_000, commandUUID: 'C-1' }

test('a large command is written as a small one would be', async () => {
  const text = (rest: string): string =>
    `<plist><dict><key>Command</key><dict><key>RequestType</key><string>DeviceLock</string>` +
    `<key>PIN</key><string>123456</string></dict><key>CommandUUID</key><string>C-1</string></dict>${rest}</plist>`
  const small = await readOperatorCommand(reading, bytes(text('')))
  const large = await readOperatorCommand(reading, bytes(text(padding)))
  if (!small.ok || !large.ok) throw new Error('both are sound')
  expect(large.value).toMatchObject({ requestType: 'DeviceLock', commandUUID: 'C-1' })
  const { payload } = large.value
  if (typeof payload !== 'function') throw new Error('its payload was not left to the thread')
  // Twice, as for two targets: the bytes it is written from are still there.
  const [written, again] = [await payload(wish), await payload({ ...wish, commandUUID: 'C-2' })]
  expect(written).toEqual({ ok: true, value: writtenCommand(bytes(text('')), wish) })
  expect(again).toMatchObject({ ok: true, value: { repeatable: false } })
  expect(written).not.toEqual(again)
})

test('a large command that is none fails as a small one does', async () => {
  const text = `<plist><dict><key>Command</key><dict/></dict>${padding}</plist>`
  expect(await readOperatorCommand(reading, bytes(text))).toEqual(
    await readOperatorCommand(reading, bytes(text.replace(padding, ''))),
  )
})

test('the worst bodies cost the thread that serves less than 50 ms', async () => {
  const worst = worstBodies.filter(({ name }) =>
    [
      'XML: true, then strings of references',
      'to a device: strings of references',
      'wide numbers',
      'a detail of wide rows',
      'a write that is no JSON',
      'empty lines without number',
    ].includes(name),
  )
  expect(worst).toHaveLength(6)
  for (const { name, as, make } of worst) {
    const body = make()
    const before = cpuMs()
    const read = await reading.turn(body.length, async (ask) => {
      if (as === 'plist') await ask('message', { bytes: body, kind: 'report' })
      else if (as === 'command') {
        const { bytes: command } = await ask('command', { bytes: body })
        await ask('wish', { command, form: wish })
      } else {
        await ask(as, { bytes: body, limits })
        await ask('lines', { received: { host: 'mine' } })
      }
    })
    expect(read.ok, name).toBe(true)
    expect(cpuMs() - before, name).toBeLessThan(50)
  }
})
