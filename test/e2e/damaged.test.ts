// A host whose rows are not as they were written: it is refused in everybody's words, and all others are served.
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { openForWriting } from '../../storage/connection.ts'
import { createComputer, identity } from './computer.ts'
import {
  adminToken,
  dropFolder,
  enrollSecret,
  type Muster,
  newFolder,
  runMuster,
  startMuster,
} from './muster.ts'
import { createOperator } from './operator.ts'
import { exchange, jsonOf, reportType } from './wire.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'

const folder = newFolder()
afterAll(() => dropFolder(folder))
vi.setConfig({ testTimeout: 60_000 })

const start = (): Promise<Muster> =>
  startMuster(folder, { MUSTER_LOG_LEVEL: 'error', MUSTER_AGENT_COOLDOWN: '1s' })

/** As a stray write to the disk would: what vouches for the rows is left as it was. */
function spoil(sql: string): void {
  const db = openForWriting(join(folder, 'muster.db'))
  db.exec(sql)
  db.close()
}

test('a damaged host is refused to its device, its agent and operators, is not written over, and all others live on', async () => {
  const first = await start()
  const [bad, good] = [1, 2].map((nth) =>
    createComputer({ ...identity(nth), url: first.url, enrollSecret }),
  )
  if (bad === undefined || good === undefined) throw new Error('there are two computers')
  for (const mac of [bad, good]) await mac.enrolInMdm()
  const nodeKey = await bad.enrolInOsquery()
  expect(await first.end('SIGTERM')).toBe(0)
  expect(await runMuster({ MUSTER_DATA: folder }, ['check'])).toMatchObject({ code: 0, out: '' })
  spoil(`UPDATE host_actors SET snapshot = replace(snapshot, '"epoch":1', '"epoch":7')
    WHERE host_id = (SELECT id FROM hosts WHERE serial = '${bad.serial}')`)

  const muster = await start()
  const operator = createOperator(muster.url, adminToken)
  const idle = await exchange(muster.url, {
    path: '/mdm',
    headers: { 'content-type': reportType },
    body: buildPlist({ UDID: bad.uuid, Status: 'Idle' }),
  })
  expect([idle.status, idle.headers['content-length'], idle.body.length]).toEqual([500, '0', 0])
  const asked = await exchange(muster.url, {
    method: 'POST',
    path: '/api/osquery/distributed/write',
    body: JSON.stringify({ node_key: nodeKey, queries: {}, statuses: {} }),
  })
  expect(jsonOf(asked)).not.toHaveProperty('node_invalid')
  // Its agent of before has been silent for long enough.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const again = await exchange(muster.url, {
    method: 'POST',
    path: '/api/osquery/enroll',
    body: JSON.stringify({
      enroll_secret: enrollSecret,
      host_identifier: bad.uuid,
      host_details: { system_info: { uuid: bad.uuid, hardware_serial: bad.serial } },
    }),
  })
  expect(again.status).toBeGreaterThanOrEqual(500)
  expect(jsonOf(again)['error']).toEqual(expect.any(String))
  const sent = await operator.post(`/hosts/${bad.serial}/commands`, { request_type: 'ProfileList' })
  expect(sent).toMatchObject({ status: 500, body: { type: '/problems/damaged' } })

  const other = await operator.post(`/hosts/${good.serial}/commands`, {
    request_type: 'ProfileList',
  })
  expect(other.status).toBe(201)
  const here = createComputer({ ...identity(2), url: muster.url, enrollSecret })
  expect(await here.idle()).toMatchObject({ uuid: other.body['command_uuid'] })

  // Asked for as often as one likes, it is named once.
  const named = muster.logLines().filter((line) => line.includes('is damaged and not served'))
  expect(named).toHaveLength(1)
  expect(named[0]).toContain('"row":"host_actors ')
  expect(await muster.end('SIGTERM')).toBe(0)

  const checked = await runMuster({ MUSTER_DATA: folder }, ['check'])
  expect(checked).toMatchObject({ code: 1, out: expect.stringMatching(/^row: host_actors \S+\n$/) })
})

test('a damaged row of a list is left out and named, and the rest is listed', async () => {
  spoil(`UPDATE hosts SET serial = 'NOT-ITS-OWN' WHERE serial = '${identity(1).serial}'`)
  const muster = await start()
  const { body } = await createOperator(muster.url, adminToken).get('/hosts')
  expect(body['items']).toMatchObject([{ serial: identity(2).serial }])
  expect(body['damaged']).toEqual([expect.stringMatching(/^hosts \S+$/)])
  const cookie = await signedIn(muster.url)
  const page = await exchange(muster.url, { method: 'GET', path: '/hosts', headers: { cookie } })
  expect(String(page.body)).toContain('Not shown, since the database is damaged there: hosts ')
  expect(await muster.end('SIGTERM')).toBe(0)
})

async function signedIn(url: string): Promise<string> {
  const { headers } = await exchange(url, {
    method: 'POST',
    path: '/sign-in',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    body: `token=${adminToken}`,
  })
  return (headers['set-cookie'] ?? '').split(';')[0] ?? ''
}
