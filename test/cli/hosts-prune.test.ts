// `muster hosts prune` says how many hosts it finds, asks, and goes on until none is left.
import { expect, test } from 'vitest'
import { createPeer, run } from './run.ts'

const line = [
  'hosts',
  'prune',
  '--osquery',
  'enrolled',
  '--first-seen-since',
  '2026-11-30T08:00:00Z',
]

/** A server with so many ghosts, of which it forgets 500 by one request. */
async function serverWith(ghosts: number) {
  let left = ghosts
  return createPeer(({ body }) => {
    const asked = JSON.parse(body) as { readonly dry_run?: boolean }
    const found = left
    const deleted = asked.dry_run === true ? 0 : Math.min(500, found)
    left -= deleted
    const json = {
      dry_run: asked.dry_run === true,
      found,
      deleted,
      reset_to_pending: 0,
      failed: [],
      left,
    }
    return { json }
  })
}

test('1,200 ghosts go by three requests, once their number was typed', async () => {
  const peer = await serverWith(1_200)
  const ran = await run(line, { env: peer.env, typed: '1200' })
  expect(ran.code).toBe(0)
  expect(ran.stderr).toContain('This forgets 1200 hosts')
  const filter = 'first_seen_since=2026-11-30T08%3A00%3A00Z'
  const bodies = peer.asked.map(({ body }) => JSON.parse(body))
  expect(bodies).toMatchObject([{ dry_run: true }, { expected: 1_200 }, {}, {}])
  for (const body of bodies) expect(body.filter).toBe(`osquery=enrolled&${filter}`)
  expect(ran.stdout).toMatch(/DELETED +1200\n/)
  peer.close()
})

test('another number, and --dry-run, forget nothing', async () => {
  const peer = await serverWith(3)
  expect((await run(line, { env: peer.env, typed: '4' })).code).toBe(1)
  expect((await run([...line, '--dry-run'], { env: peer.env })).stdout).toMatch(/FOUND +3\n/)
  expect(peer.asked.every(({ body }) => body.includes('"dry_run":true'))).toBe(true)
  peer.close()
})
