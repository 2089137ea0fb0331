// Guessing at secrets over the wire: slowed, noted and counted, while who has the right one is served.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dropFolder, enrollSecret, type Muster, newFolder, startMuster } from './muster.ts'
import { exchange, jsonOf } from './wire.ts'

const folder = newFolder()
let muster: Muster
beforeAll(async () => {
  muster = await startMuster(folder, { MUSTER_LOG_LEVEL: 'silent' })
})
afterAll(async () => {
  await muster.end('SIGKILL')
  dropFolder(folder)
})

const listed = (token: string) =>
  exchange(muster.url, {
    method: 'GET',
    path: '/api/v1/hosts',
    headers: { authorization: `Bearer ${token}` },
  })

const enrolled = (secret: string, nth = 0) =>
  exchange(muster.url, {
    method: 'POST',
    path: '/api/osquery/enroll',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      enroll_secret: secret,
      host_details: {
        system_info: { uuid: `4D0C9B1E-7A42-4E4B-9F57-0B1C2D3E${1000 + nth}` },
      },
    }),
  })

describe('who guesses', () => {
  test('at tokens is told to wait, and a token that worked before goes on working', async () => {
    expect((await listed(muster.token)).status).toBe(200)
    const statuses: number[] = []
    for (let nth = 0; nth < 60; nth += 1) statuses.push((await listed(`guess-${nth}`)).status)
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401))
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20)
    expect((await listed(muster.token)).status).toBe(200)
    // One more is looked at each second.
    let slowed = await listed('another-guess')
    while (slowed.status !== 429) slowed = await listed('another-guess')
    expect(slowed.status).toBe(429)
    expect(slowed.headers['retry-after']).toBe('30')
    expect(jsonOf(slowed)).toMatchObject({ status: 429 })
  })

  test('at enroll secrets is told so in the words of agents', async () => {
    const statuses: number[] = []
    for (let nth = 0; nth < 40; nth += 1)
      statuses.push((await enrolled(`guess ${nth}`, nth)).status)
    let last = await enrolled('one more guess')
    while (last.status !== 429) last = await enrolled('one more guess')
    expect(statuses.concat(last.status)).toContain(429)
    expect(jsonOf(last)['error']).toBeTypeOf('string')
    expect(jsonOf(last)).not.toHaveProperty('node_invalid')
  })

  test('is counted', async () => {
    const metrics = await exchange(muster.url, {
      method: 'GET',
      path: '/metrics',
      headers: { authorization: `Bearer ${muster.token}` },
    })
    const count = (kind: string): number =>
      Number(
        new RegExp(`^muster_failed_secrets_total\\{kind="${kind}"\\} (\\d+)`, 'm').exec(
          String(metrics.body),
        )?.[1],
      )
    expect(count('token')).toBeGreaterThanOrEqual(20)
    expect(count('slowed')).toBeGreaterThan(20)
  })
})

test('an agent whose secret worked from an address enrols there beside those that fail', async () => {
  const other = await startMuster(newFolder(), { MUSTER_LOG_LEVEL: 'silent' })
  muster = other
  expect((await enrolled(enrollSecret, 1)).status).toBe(200)
  for (let nth = 0; nth < 40; nth += 1) await enrolled('an old secret of an old image', 2)
  expect((await enrolled(enrollSecret, 3)).status).toBe(200)
  await other.end('SIGKILL')
})
