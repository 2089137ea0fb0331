// Ends and beginnings of the process: nothing that was answered is lost, and nothing starts on a wrong setup.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { type Running, serve } from '../../src/serve.ts'
import { type Computer, createComputer, identity } from './computer.ts'
import {
  adminToken,
  dropFolder,
  enrollSecret,
  newFolder,
  runMuster,
  startMuster,
} from './muster.ts'
import { createOperator } from './operator.ts'
import { openLine } from './socket.ts'
import { exchange } from './wire.ts'

const folders: string[] = []
function folder(): string {
  const made = newFolder()
  folders.push(made)
  return made
}
afterAll(() => folders.forEach(dropFolder))

// Starting and ending processes is what these do, and a busy machine takes its time for that.
vi.setConfig({ testTimeout: 60_000 })

/** What one computer was told before the process died. Everything in it must be true afterwards. */
type Told = {
  readonly serial: string
  enrolled: boolean
  nodeKey: string | undefined
  readonly queued: string[]
  readonly offered: string[]
  readonly acknowledged: string[]
}

/** Lives until the connection breaks, and notes what was answered only once it was. */
async function live(mac: Computer, told: Told, url: string): Promise<void> {
  const operator = createOperator(url, adminToken)
  try {
    if (!told.enrolled) {
      await mac.enrolInMdm()
      told.enrolled = true
    }
    told.nodeKey ??= await mac.enrolInOsquery()
    for (;;) {
      const wish = { request_type: 'RestartDevice' }
      const sent = await operator.post(`/hosts/${mac.serial}/commands`, wish)
      if (sent.status !== 201) throw new Error(`answered ${sent.status}`)
      told.queued.push(String(sent.body['command_uuid']))
      for (let next = await mac.idle(); next !== undefined;) {
        const { uuid } = next
        told.offered.push(uuid)
        next = await mac.report('Acknowledged', uuid)
        told.acknowledged.push(uuid)
      }
    }
  } catch (error) {
    if (!isBroken(error)) throw error
  }
}

const isBroken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^ECONN|EPIPE/.test(String(error.code))

describe('a server killed in the middle of its life', () => {
  const data = folder()
  const lives: Told[] = Array.from({ length: 6 }, (_, number) => ({
    serial: identity(number).serial,
    enrolled: false,
    nodeKey: undefined,
    queued: [],
    offered: [],
    acknowledged: [],
  }))

  const answers = (): number =>
    lives.reduce(
      (sum, told) =>
        sum +
        Number(told.enrolled) +
        told.queued.length +
        told.offered.length +
        told.acknowledged.length,
      0,
    )

  // Different moments: in the first enrolments, and later among commands.
  for (const [round, more] of [2, 20, 40, 80].entries())
    test(`${more} answers into life ${round + 1} had kept all that was answered before`, async () => {
      const muster = await startMuster(data, { MUSTER_LOG_LEVEL: 'error' })
      await expectKept(muster.url, lives)
      const enough = answers() + more
      const living = lives.map((told, number) =>
        live(
          createComputer({ ...identity(number), url: muster.url, enrollSecret }),
          told,
          muster.url,
        ),
      )
      await vi.waitFor(() => expect(answers()).toBeGreaterThan(enough), {
        timeout: 20_000,
        interval: 1,
      })
      expect(await muster.end('SIGKILL')).toBeNull()
      await Promise.all(living)
      expect(muster.said().err).toBe('')
    })

  test('comes back with everything, and then ends in peace', async () => {
    const muster = await startMuster(data, { MUSTER_LOG_LEVEL: 'error' })
    await expectKept(muster.url, lives)
    expect(await muster.end('SIGTERM')).toBe(0)
  })

  test('ran no command twice that must not run twice, and lived in between', () => {
    const offered = lives.flatMap((told) => told.offered)
    expect(new Set(offered).size).toBe(offered.length)
    expect(offered.length).toBeGreaterThan(20)
  })
})

async function expectKept(url: string, lives: readonly Told[]): Promise<void> {
  const operator = createOperator(url, adminToken)
  for (const { serial, enrolled, nodeKey, queued, acknowledged } of lives) {
    const hosts = await operator.all(`/hosts?q=${serial}`)
    if (enrolled) expect(hosts).toMatchObject([{ serial, mdm: { state: 'enrolled.ready' } }])
    if (nodeKey !== undefined) {
      const body = JSON.stringify({ node_key: nodeKey })
      const path = '/api/osquery/config'
      const got = await exchange(url, { method: 'POST', path, body })
      expect(String(got.body)).not.toContain('node_invalid')
    }
    const commands = enrolled ? await operator.all(`/commands?host=${serial}&limit=1000`) : []
    const states = new Map(commands.map((one) => [one['command_uuid'], one['state']]))
    for (const uuid of queued) expect(states.has(uuid)).toBe(true)
    for (const uuid of acknowledged) expect(states.get(uuid)).toBe('acknowledged')
  }
}

describe('a server told to stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    test(`by ${signal} finishes what is under way and exits 0`, async () => {
      const muster = await startMuster(folder())
      const slow = await openLine(muster.url)
      const body = JSON.stringify({ enroll_secret: enrollSecret, host_identifier: 'slow' })
      slow.socket.write(
        `POST /api/osquery/enroll HTTP/1.1\r\nHost: muster\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
      )
      await new Promise((resolve) => setTimeout(resolve, 100))
      const ended = muster.end(signal)
      await new Promise((resolve) => setTimeout(resolve, 200))
      slow.socket.write(body)
      expect(await slow.heard()).toMatch(/^HTTP\/1\.1 \d+/)
      expect(await ended).toBe(0)
      await expect(exchange(muster.url, { method: 'GET', path: '/livez' })).rejects.toThrow()
    })
})

describe('one data folder', () => {
  test('serves one process: a second is refused with one sentence', async () => {
    const data = folder()
    const muster = await startMuster(data)
    const second = await runMuster({ MUSTER_DATA: data, MUSTER_LISTEN: '127.0.0.1:0' })
    expect(second.code).toBe(1)
    expect(second.err).toBe(`Another Muster is already running on the data folder ${data}.\n`)
    const ready = await exchange(muster.url, { method: 'GET', path: '/readyz' })
    expect(ready.status).toBe(200)
    await muster.end('SIGKILL')
  })

  test('tells its secrets once, and they work after a restart', async () => {
    const data = folder()
    const unset = { MUSTER_ADMIN_TOKEN: '', MUSTER_ENROLL_SECRET: '' }
    const first = await startMuster(data, unset)
    const { out } = first.said()
    const token = /admin token {5}(\S+)/.exec(out)?.[1] ?? ''
    const secret = /enroll secret {3}(\S+)/.exec(out)?.[1] ?? ''
    expect(out).toContain('master key      created')
    await expectWorking(first.url, token, secret)
    await first.end('SIGTERM')

    expect(statSync(join(data, 'master.key')).mode & 0o777).toBe(0o600)
    const again = await startMuster(data, unset)
    const said = again.said()
    expect(said.out).toContain('as printed at the first start')
    for (const text of [token, secret, 'muster_', 'master key'])
      expect(said.out + said.err).not.toContain(text)
    await expectWorking(again.url, token, secret)
    await again.end('SIGTERM')
  })

  async function expectWorking(url: string, token: string, secret: string): Promise<void> {
    expect(token.length).toBeGreaterThan(24)
    expect(secret.length).toBeGreaterThan(24)
    expect((await createOperator(url, token).get('/tokens')).status).toBe(200)
    expect((await createOperator(url, `${token}x`).get('/tokens')).status).toBe(401)
    const mac = createComputer({ ...identity(1), url, enrollSecret: secret })
    await mac.enrolInOsquery()
  }

  test('opens with no other master key, whether that is given or made', async () => {
    const data = folder()
    const withKey = (key: string): Promise<Running> =>
      start({ MUSTER_DATA: data, MUSTER_MASTER_KEY: key })
    const [right, wrong] = ['ab'.repeat(32), 'cd'.repeat(32)]
    await (await withKey(right)).stop()
    await expect(withKey(wrong)).rejects.toThrow(/^MUSTER_MASTER_KEY is not the key .*\.$/)
    await expect(withKey('')).rejects.toThrow(/^This data folder was sealed with a key/)
    await (await withKey(right)).stop()
  })
})

describe('a command nobody fetched', () => {
  test('expires while the server is down, and is expired when it is back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const env = {
      MUSTER_DATA: folder(),
      MUSTER_ADMIN_TOKEN: adminToken,
      MUSTER_ENROLL_SECRET: enrollSecret,
    }
    const before = await start(env)
    const mac = createComputer({ ...identity(1), url: before.url, enrollSecret })
    await mac.enrolInMdm()
    const wish = { request_type: 'DeviceInformation', expires_in_s: 60 }
    const sent = await createOperator(before.url, adminToken).post(
      `/hosts/${mac.serial}/commands`,
      wish,
    )
    const path = `/commands/${String(sent.body['command_uuid'])}`
    await before.stop()

    vi.setSystemTime(Date.now() + 61_000)
    const after = await start(env)
    const operator = createOperator(after.url, adminToken)
    await vi.waitFor(
      async () => expect((await operator.get(path)).body).toMatchObject({ state: 'expired' }),
      { timeout: 10_000 },
    )
    const { body } = await operator.get(path)
    expect(body).toMatchObject({
      open: false,
      history: [{ state: 'queued' }, { state: 'expired', cause: 'alarm' }],
    })
    const again = createComputer({ ...identity(1), url: after.url, enrollSecret })
    expect(await again.idle()).toBeUndefined()
    await after.stop()
  })
})

/** The server in this process, where a process of its own would prove nothing more. */
async function start(env: Readonly<Record<string, string>>): Promise<Running> {
  const config = readConfig(
    {},
    {
      MUSTER_LISTEN: '127.0.0.1:0',
      MUSTER_DEVICE_AUTH: 'none',
      MUSTER_LOG_LEVEL: 'silent',
      ...env,
    },
  )
  if (!config.ok) throw new Error(config.error)
  return serve(config.value, () => {})
}

describe('a wrong setting stops the start and is named', () => {
  // prettier-ignore
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['MUSTER_LISTEN',        '8080',             /^MUSTER_LISTEN must be host:port/],
    ['MUSTER_LISTEN',        '127.0.0.1:99999',  /^MUSTER_LISTEN must be host:port/],
    ['MUSTER_LISTEN',        '0.0.0.0:0',        /^MUSTER_LISTEN must be a loopback address .*MUSTER_DEVICE_AUTH=none/],
    ['MUSTER_LISTEN',        '[::]:0',           /^MUSTER_LISTEN must be a loopback address/],
    ['MUSTER_LISTEN',        'localhost.evil.example:0', /^MUSTER_LISTEN must be a loopback address/],
    ['MUSTER_DEVICE_LISTEN', 'nowhere',          /^MUSTER_DEVICE_LISTEN must be host:port/],
    ['MUSTER_DEVICE_LISTEN', '192.0.2.1:0',      /^MUSTER_DEVICE_LISTEN must be a loopback address/],
    ['MUSTER_ADMIN_TOKEN',   'too-short-for-me', /^MUSTER_ADMIN_TOKEN must have at least 24 characters/],
    ['MUSTER_ENROLL_SECRET', 'too-short-for-me', /^MUSTER_ENROLL_SECRET must have at least 24 characters/],
    ['MUSTER_DEVICE_AUTH',   'mutual',           /^MUSTER_DEVICE_AUTH must be one of: signature/],
    ['MUSTER_MASTER_KEY',    'too-short-for-me', /^MUSTER_MASTER_KEY must be 32 bytes/],
    ['MUSTER_LOG_LEVEL',     'loud',             /^MUSTER_LOG_LEVEL must be one of/],
    ['MUSTER_DATA',          '/dev/null/data',   /MUSTER_DATA/],
  ]
  for (const [variable, value, sentence] of wrong)
    test(`${variable}=${value}`, async () => {
      const refused = start({ MUSTER_DATA: folder(), [variable]: value })
      await expect(refused).rejects.toThrow(sentence)
      // A secret that is wrong is still somebody's.
      if (/TOKEN|SECRET|KEY/.test(variable)) await expect(refused).rejects.not.toThrow(value)
    })

  test('as one sentence on stderr, nothing on stdout and an exit code for usage', async () => {
    const ended = await runMuster({ MUSTER_DATA: folder(), MUSTER_LISTEN: 'nowhere' })
    expect(ended).toEqual({
      code: 2,
      out: '',
      err: 'MUSTER_LISTEN must be host:port, such as 127.0.0.1:8080.\n',
    })
  })

  test('an address in use is named as well', async () => {
    const running = await start({ MUSTER_DATA: folder() })
    const taken = new URL(running.url).host
    const second = start({ MUSTER_DATA: folder(), MUSTER_LISTEN: taken })
    await expect(second).rejects.toThrow(`${taken} is in use by another program`)
    await running.stop()
  })
})
