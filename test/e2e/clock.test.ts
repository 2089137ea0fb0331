// A server whose wall clock is jerked about under it: it goes on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createComputer, identity } from './computer.ts'
import { adminToken, dropFolder, enrollSecret, newFolder, startMuster } from './muster.ts'
import { createOperator, type Operator } from './operator.ts'
import { needs } from '../programs/needs.ts'

/** Debian's place for it: the package is `faketime`. */
const library = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`

// prettier-ignore
const jumps = [
  // the clock then       and the server
  ['+1d',                 'goes on'],
  ['+0',                  'goes on'],
  ['-1d',                 'goes on'],
  ['+3650d',              'goes on'],
  ['+3650d',              'is killed and starts again'],
  ['-3650d',              'goes on'],
  ['2026-01-01 00:00:00', 'goes on'],
  ['2026-01-01 00:00:00', 'is killed and starts again'],
  ['+3650d',              'goes on'],
  ['2001-01-01 00:00:00', 'is killed and starts again'],
  ['+1d',                 'goes on'],
  ['+0',                  'goes on'],
] as const

const folder = newFolder()
afterAll(() => dropFolder(folder))
const hands = join(folder, 'hands')

const env = {
  LD_PRELOAD: library,
  FAKETIME_TIMESTAMP_FILE: hands,
  // The file is read anew each time somebody asks what time it is.
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  TZ: 'UTC',
}

test(
  'through twelve jumps of the clock computers enrol and are served, and what ran out stays so',
  { timeout: 120_000, ...needs('faketime') },
  async () => {
    writeFileSync(hands, '+0')
    let muster = await startMuster(folder, env)
    const restart = async (): Promise<void> => {
      await muster.end('SIGKILL')
      muster = await startMuster(folder, env)
    }
    const links: string[] = []
    for (const [step, [clock, fate]] of jumps.entries()) {
      links.push(await link(createOperator(muster.url, adminToken)))
      writeFileSync(hands, clock)
      if (fate !== 'goes on') await restart()
      const operator = createOperator(muster.url, adminToken)
      const mac = createComputer({ ...identity(step), url: muster.url, enrollSecret })
      await mac.enrolInMdm()
      await mac.enrolInOsquery()
      const sent = await send(operator, mac.serial)
      expect((await mac.idle())?.uuid).toBe(sent)
      expect(await mac.report('Acknowledged', sent)).toBeUndefined()
      expect(await stateOf(operator, sent)).toBe('acknowledged')
      const { body } = await operator.get(`/hosts/${mac.serial}`)
      expect(body).toMatchObject({ presence: 'online', mdm: { state: 'enrolled.ready' } })
    }
    const operator = createOperator(muster.url, adminToken)
    const listed = await operator.all('/enrollment-links')
    const ends = new Map(listed.map(({ id, status }) => [id, status]))
    // The first was made before the clock was a day ahead, the next three before it was ten years.
    expect(links.map((id) => ends.get(id))).toEqual(
      links.map((_id, step) => (step < 4 ? 'expired' : 'open')),
    )
    const { body } = await operator.get('/hosts?presence=online')
    expect(body).toMatchObject({ total: presentAtLast() })
    expect(await muster.end('SIGTERM')).toBe(0)
  },
)

/** Those that spoke by the clock as it is now; the others were heard of at another time, and long ago. */
const presentAtLast = (): number => jumps.filter(([clock]) => clock === '+0').length

async function link(operator: Operator): Promise<string> {
  const { status, body } = await operator.post('/enrollment-links', {
    name: 'of an hour',
    expires_in_ms: 3_600_000,
  })
  expect(status).toBe(201)
  return String(body['id'])
}

async function send(operator: Operator, serial: string): Promise<string> {
  const { status, body } = await operator.post(`/hosts/${serial}/commands`, {
    request_type: 'DeviceInformation',
    payload: { Queries: ['OSVersion'] },
  })
  expect(status).toBe(201)
  // A month from now, whatever the clock calls it.
  const livesMs = Date.parse(String(body['expires_at'])) - Date.parse(String(body['created_at']))
  expect(Math.round(livesMs / 86_400_000)).toBe(30)
  return String(body['command_uuid'])
}

const stateOf = async (operator: Operator, uuid: string): Promise<unknown> =>
  (await operator.get(`/commands/${uuid}`)).body['state']
