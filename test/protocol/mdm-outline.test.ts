import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readBody } from '../../src/protocol/mdm/body.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { outlineOf } from '../../src/protocol/mdm/outline.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { type Dict, dictOf } from '../../src/protocol/plist/value.ts'
import { loadCorpus } from './plist-corpus.ts'

const folder = new URL('../fixtures/mdm/', import.meta.url)
const messages = [
  ...readdirSync(folder)
    .filter((file) => /^(?:checkin|report|bad)-.*\.plist$/.test(file))
    .map((file) => ({ name: file, bytes: new Uint8Array(readFileSync(new URL(file, folder))) })),
  ...loadCorpus().filter(({ bytes }) => bytes.length < 100_000),
]

const withoutRaw = (result: unknown): unknown =>
  JSON.parse(
    JSON.stringify(result, (key, value) =>
      key === 'raw' ? undefined : typeof value === 'bigint' ? String(value) : value,
    ),
  )

for (const { name, bytes } of messages) {
  const read = readBody(bytes)
  if (!read.ok) continue
  test(`the outline of ${name} is understood as the message itself is`, () => {
    const outline = outlineOf(read.value)
    for (const reader of [readReport, readCheckin] as const)
      expect(withoutRaw(reader(outline))).toEqual(withoutRaw(reader(read.value)))
  })
}

const report = (rest: Record<string, Dict | Dict[] | string>): Dict =>
  dictOf({ UDID: 'U-1', Status: 'Acknowledged', CommandUUID: 'C-1', ...rest })

test('of a list of all apps the outline keeps a few, and what comes behind them', () => {
  const app = dictOf({ Identifier: 'com.example.app', deep: dictOf({ deeper: 'x' }) })
  const outline = outlineOf(
    report({
      InstalledApplicationList: Array.from({ length: 2_000 }, () => app),
      QueryResponses: dictOf({ DeviceName: 'Mac', OSVersion: '26.1' }),
    }),
  )
  expect(buildPlist(outline).length).toBeLessThan(5_000)
  expect(outline).toMatchObject({
    CommandUUID: 'C-1',
    QueryResponses: { DeviceName: 'Mac', OSVersion: '26.1' },
  })
})

test('whatever a message is full of, its outline is small', () => {
  const entries = <Value>(count: number, value: Value): Record<string, Value> =>
    Object.fromEntries(Array.from({ length: count }, (_, nth) => [`key ${nth}`, value]))
  const inner = dictOf(entries(1_000, 'x'))
  for (const hostile of [
    entries(2_000, 'x'.repeat(5_000)),
    entries(2_000, inner),
    entries(2_000, [inner]),
  ])
    expect(buildPlist(outlineOf(report(hostile))).length).toBeLessThan(600_000)
})
