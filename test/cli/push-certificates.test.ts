// Push certificates from the command line: what leaves for the server.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createPeer, emptyFolder, listOf, run } from './run.ts'

const item = {
  topic: 'com.apple.mgmt.External.1',
  not_after: '2027-01-31T12:00:00.000Z',
  created_at: '2026-01-31T12:00:00.000Z',
  created_by: 'ci',
  refused_reason: null,
}
const peer = await createPeer(({ method }) => (method === 'GET' ? listOf([item]) : { json: item }))
afterAll(() => peer.close())

const folder = emptyFolder()
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const certificate = file('push.pem', '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----')
const key = file('push.key', '-----BEGIN PRIVATE KEY-----\nBB\n-----END PRIVATE KEY-----')
const p12 = file('push.p12', Buffer.from([0x30, 0x82, 0x01, 0xff]))
const password = file('password.txt', 'sécret\n')

// prettier-ignore
const uploads: readonly (readonly [string, readonly string[], object])[] = [
  ['two PEM files are one text',         [certificate, key],                       { pem: '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nBB\n-----END PRIVATE KEY-----' }],
  ['anything else leaves as it is',      [p12],                                    { pkcs12: 'MIIB/w==' }],
  ['a password comes out of a file',     [p12, '--password-file', password],       { pkcs12: 'MIIB/w==', password: 'sécret' }],
]
for (const [what, args, json] of uploads)
  test(`of what is uploaded, ${what}`, async () => {
    expect((await run(['push-certificates', 'upload', ...args], peer)).code).toBe(0)
    const asked = peer.asked.at(-1)
    expect(asked).toMatchObject({ method: 'PUT', url: '/push-certificates' })
    expect(JSON.parse(asked?.body ?? '')).toEqual(json)
  })

test('the table says when each expires', async () => {
  const { stdout: out } = await run(['push-certificates', 'list', '-o', 'wide'], peer)
  expect(out).toContain('EXPIRES')
  expect(out).toContain('2027-01-31T12:00:00.000Z')
})

test('a deletion is confirmed, and names the topic in the address', async () => {
  const before = peer.asked.length
  expect((await run(['push-certificates', 'delete', item.topic], peer)).code).not.toBe(0)
  expect(peer.asked).toHaveLength(before)
  expect((await run(['push-certificates', 'delete', item.topic, '--yes'], peer)).code).toBe(0)
  expect(peer.asked.at(-1)).toMatchObject({ method: 'DELETE', url: `/push-certificates/${item.topic}` }) // prettier-ignore
})

test('a file that is not there is named, and nothing is sent', async () => {
  const before = peer.asked.length
  const { code, stderr: err } = await run(
    ['push-certificates', 'upload', '/nowhere/push.pem'],
    peer,
  )
  expect([code, peer.asked.length]).toEqual([1, before])
  expect(err).toContain('/nowhere/push.pem')
})
