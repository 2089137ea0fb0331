// Messages as devices of every kind send them, XML and binary, to a running server: each is taken.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { validMessages } from '../corpus/mdm/messages.ts'
import { buildBinaryPlist } from './binary-plist.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { checkinType, exchange, harms, reportType } from './wire.ts'

const folder = newFolder()
let muster: Muster
beforeAll(async () => {
  muster = await startMuster(folder)
})
afterAll(async () => {
  await muster.end('SIGKILL')
  dropFolder(folder)
})

function binary(bytes: Uint8Array): Uint8Array {
  const read = readPlist(bytes)
  if (!read.ok) throw new Error(read.error.detail)
  return buildBinaryPlist(read.value)
}

test('there are at least sixty, of users and Shared iPads too', () => {
  expect(validMessages.length).toBeGreaterThanOrEqual(60)
  expect(new Set(validMessages.map(({ name }) => name)).size).toBe(validMessages.length)
  expect(validMessages.some(({ name }) => name.startsWith('the user of a Shared iPad'))).toBe(true)
})

for (const [form, made] of [
  ['XML', (bytes: Uint8Array) => bytes],
  ['binary', binary],
] as const)
  for (const { name, as, bytes } of validMessages)
    test(`${name} in ${form} is taken without a word in the log`, async () => {
      const lines = muster.logLines().length
      const type = as === 'checkin' ? checkinType : reportType
      const headers = { 'content-type': type }
      const got = await exchange(muster.url, { path: '/mdm', headers, body: made(bytes) })
      expect(got.status).toBe(200)
      expect(harms(got)).toEqual([])
      expect(got.body.length).toBe(0)
      expect(muster.logLines().length).toBe(lines)
    })
