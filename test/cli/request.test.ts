// What a command line asks of a server.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ServeOptions } from '../../src/cli/serve-options.ts'
import type { SimulateOptions } from '../../src/simulator/run.ts'
import { type Asked, createPeer, emptyFolder, listOf, type Peer, type Reply, run } from './run.ts'

let peer: Peer
let answer: (asked: Asked) => Reply
beforeAll(async () => {
  peer = await createPeer((asked) => answer(asked))
})
beforeEach(() => {
  answer = () => ({ json: {} })
})
afterAll(() => peer.close())

const last = () => peer.asked.at(-1)
const lines = (line: string): readonly string[] => line.split(' ')

test.each([
  [
    'hosts list --mdm !enrolled --osquery enrolled',
    '/hosts?mdm=%21enrolled&osquery=enrolled&limit=100',
  ],
  ['hosts list --sort -os_version', '/hosts?sort=-os_version&limit=100'],
  ['hosts list --filter status=off,none --limit 5', '/hosts?status=off%2Cnone&limit=5'],
  ['hosts list --all', '/hosts?limit=1000'],
  ['hosts list -q C02', '/hosts?q=C02&limit=100'],
  ['hosts get ../tokens', '/hosts/..%2Ftokens'],
  ['hosts journal h --event mdm.Idle', '/hosts/h/journal?event=mdm.Idle&limit=100'],
  ['journal --cause operator', '/journal?cause=operator&limit=100'],
  [
    'commands list --request-type ProfileList --state !queued',
    '/commands?state=%21queued&request_type=ProfileList&limit=100',
  ],
  ['commands get c --plist --part request', '/commands/c?format=plist&part=request'],
  ['commands get c --reveal --reason lost', '/commands/c?reveal=true&reason=lost'],
  ['conflicts list --open any', '/conflicts?open=any&limit=100'],
  ['conflicts event failing-h-7', '/conflicts/failing-h-7/event'],
  ['machines get host --svg --host h', '/machines/host.svg?host=h'],
  ['machines list', '/machines'],
  ['tokens list', '/tokens'],
  ['enroll-links list', '/enrollment-links'],
  ['certificates list --host h --status active', '/certificates?host=h&status=active&limit=100'],
  [
    'certificates list --ending-in 30d',
    '/certificates?ending_before=2026-12-24T12%3A00%3A00.000Z&limit=100',
  ],
  ['certificates show AB', '/certificates/AB'],
])('%s asks for %s', async (line, url) => {
  await run(lines(line), peer)
  expect(last()).toMatchObject({ method: 'GET', url })
})

test.each([
  ['hosts merge a b --dry-run', 'POST', '/hosts/a/merge', { with: 'b', dry_run: true }],
  ['hosts split a --merge m --yes', 'POST', '/hosts/a/split', { merge_id: 'm', dry_run: false }],
  [
    'conflicts resolve k merge -y',
    'POST',
    '/conflicts/k/resolve',
    { choice: 'merge', dry_run: false },
  ],
  ['tokens create ci --role admin', 'POST', '/tokens', { name: 'ci', role: 'admin' }],
  ['webhooks rotate-secret w', 'POST', '/webhooks/w/rotate-secret', {}],
  [
    'webhooks rotate-secret w --grace 2h',
    'POST',
    '/webhooks/w/rotate-secret',
    { grace_ms: 7_200_000 },
  ],
  ['tokens create ci', 'POST', '/tokens', { name: 'ci', role: 'viewer' }],
  ['enroll-secrets create x', 'POST', '/enroll-secrets', { name: 'x' }],
  ['enroll-links create x', 'POST', '/enrollment-links', { name: 'x' }],
  [
    'enroll-links create x --host h --team t --expires-in 2d --uses 3',
    'POST',
    '/enrollment-links',
    { name: 'x', host: 'h', team: 't', expires_in_ms: 172_800_000, uses_max: 3 },
  ],
  [
    'enroll-links create x --no-expiry',
    'POST',
    '/enrollment-links',
    { name: 'x', expires_in_ms: null },
  ],
  ['commands send h ProfileList', 'POST', '/hosts/h/commands', { request_type: 'ProfileList' }],
  [
    'commands send h ProfileList --priority -5 --expires-in 2h --channel D:U --command-uuid c',
    'POST',
    '/hosts/h/commands',
    {
      request_type: 'ProfileList',
      priority: -5,
      expires_in_s: 7200,
      channel: 'D:U',
      command_uuid: 'c',
    },
  ],
] as const)('%s is %s %s', async (...[line, method, url, body]) => {
  await run(lines(line), peer)
  expect(last()).toMatchObject({ method, url })
  expect(JSON.parse(last()?.body ?? '')).toEqual(body)
  expect(last()?.headers['content-type']).toBe('application/json')
})

test.each([
  ['hosts delete a --dry-run', '/hosts/a?dry_run=true'],
  ['hosts delete a --yes', '/hosts/a'],
  ['commands cancel c', '/commands/c'],
])('%s is DELETE %s', async (line, url) => {
  await run(lines(line), peer)
  expect(last()).toMatchObject({ method: 'DELETE', url })
})

describe('a payload', () => {
  const payload = { Queries: ['OSVersion'] }
  const file = join(emptyFolder(), 'payload.json')
  writeFileSync(file, JSON.stringify(payload))

  test.each([
    ['as text', JSON.stringify(payload), ''],
    ['as a file', `@${file}`, ''],
    ['on standard input', '-', JSON.stringify(payload)],
  ])('%s is the same', async (_, given, stdin) => {
    const argv = ['commands', 'send', 'h', 'DeviceInformation', '--payload', given]
    expect(await run(argv, { ...peer, stdin })).toMatchObject({ code: 0 })
    expect(JSON.parse(last()?.body ?? '')).toEqual({ request_type: 'DeviceInformation', payload })
  })

  test('in a file that is not there is named', async () => {
    const ran = await run(['commands', 'send', 'h', 'X', '--payload', '@/nowhere/at/all'], peer)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/^muster: \/nowhere\/at\/all cannot be read: .*ENOENT/)
  })
})

describe('a rendered command', () => {
  test('sent from standard input goes out as the bytes it is, with its options in the address', async () => {
    const line =
      'commands render DeviceInformation --payload {"Queries":["OSVersion"]} --command-uuid c-1'
    const { stdout: plist } = await run(lines(line), peer)
    expect(plist).toContain('<string>DeviceInformation</string>')
    const ran = await run(lines('commands send h -f - --priority 3'), { ...peer, stdin: plist })
    expect(ran.code).toBe(0)
    expect(last()).toMatchObject({ url: '/hosts/h/commands?priority=3', body: plist })
    expect(last()?.headers['content-type']).toBe('application/x-apple-aspen-mdm')
  })

  test('that erases is confirmed by its name, which is read out of the property list', async () => {
    const { stdout: stdin } = await run(lines('commands render EraseDevice'), peer)
    const ran = await run(lines('commands send h -f -'), { ...peer, stdin })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('This sends EraseDevice to h.')
  })

  test('with a CommandUUID of its own goes to each of several hosts under it', async () => {
    const { stdout: stdin } = await run(lines('commands render ProfileList --command-uuid c'), peer)
    for (const line of [
      'commands send a b -f -',
      'commands send a b ProfileList --command-uuid c',
    ]) {
      const before = peer.asked.length
      await run(lines(line), { ...peer, stdin })
      const sent = peer.asked.slice(before)
      expect(sent.map(({ url }) => url).toSorted()).toEqual([
        '/hosts/a/commands',
        '/hosts/b/commands',
      ])
      for (const { body } of sent) expect(body).toMatch(/"command_uuid":"c"|<string>c<\/string>/)
    }
  })

  test.each([
    ['{"a":null}', /--payload\/a: null has no counterpart/],
    ['{"a":{"$data":"*"}}', /--payload\/a\/\$data: not base64/],
  ])('refuses the payload %s', async (payload, stderr) => {
    const ran = await run(['commands', 'render', 'Settings', '--payload', payload], peer)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(stderr)
  })

  test('that Apple does not know is rendered with a note', async () => {
    const ran = await run(lines('commands render deviceinformation'), peer)
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stderr).toContain('did you mean DeviceInformation?')
  })
})

describe('what cannot be taken back', () => {
  test.each([
    ['commands send h EraseDevice', 'EraseDevice'],
    ['commands send a b DeviceLock', 'DeviceLock'],
    ['hosts delete C02', 'C02'],
    ['hosts merge C02 other', 'C02'],
    ['conflicts resolve k dismiss', 'dismiss'],
    ['tokens delete t-1', 't-1'],
    ['tokens delete t-1 t-2', '2'],
  ])('%s is done once %s is typed, and not for another word', async (line, word) => {
    const before = peer.asked.length
    const not = await run(lines(line), { ...peer, typed: 'yes' })
    expect(not).toMatchObject({ code: 1, stdout: '' })
    expect(not.stderr).toContain(`Type ${word} to go on: `)
    expect(not.stderr).toContain('nothing was done')
    expect(peer.asked).toHaveLength(before)
    expect(await run(lines(line), { ...peer, typed: word })).toMatchObject({ code: 0 })
    expect(peer.asked.length).toBeGreaterThan(before)
  })
})

describe('a list of several pages', () => {
  const pages = (asked: Asked): Reply => {
    const cursor = new URL(asked.url, 'http://peer').searchParams.get('cursor')
    return cursor === null ? listOf([{ id: 'a' }, { id: 'b' }], 'next') : listOf([{ id: 'c' }])
  }

  test('is followed to its end with --all, in every format', async () => {
    answer = pages
    const named = await run(lines('hosts list --all -o name'), peer)
    expect(named.stdout).toBe('a\nb\nc\n')
    const { stdout } = await run(lines('hosts list --all -o json'), peer)
    expect(JSON.parse(stdout)).toEqual({
      items: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      total: 1,
      next: null,
    })
    expect(last()?.url).toBe('/hosts?limit=1000&cursor=next')
  })

  test('says how much is left when no limit was named', async () => {
    answer = () => listOf([{ id: 'a' }], 'next')
    const limited = await run(lines('hosts list --limit 1 -o name'), peer)
    expect(limited).toMatchObject({ stdout: 'a\n', stderr: '' })
  })
})

test('devices are told a thousand at a time, from an object or a bare list', async () => {
  answer = ({ body }) => {
    const { devices } = JSON.parse(body) as { devices: { serial_number: string }[] }
    return {
      json: { items: devices.map(({ serial_number: serial }) => ({ serial, outcome: 'created' })) },
    }
  }
  const devices = Array.from({ length: 1_001 }, (_, index) => ({ serial_number: `S${index}` }))
  const before = peer.asked.length
  const ran = await run(lines('dep add -f - -o name'), {
    ...peer,
    stdin: JSON.stringify({ devices }),
  })
  expect(ran.code).toBe(0)
  expect(ran.stdout.split('\n')).toHaveLength(1_002)
  expect(peer.asked).toHaveLength(before + 2)
  const bare = await run(lines('dep add -f - -o name'), {
    ...peer,
    stdin: JSON.stringify(devices.slice(0, 1)),
  })
  expect(bare).toMatchObject({ code: 0, stdout: 'S0\n' })
})

test('devices of which one was not written end with 6', async () => {
  answer = () => ({
    json: {
      items: [
        { serial: 'A', outcome: 'failed' },
        { serial: 'B', outcome: 'created' },
      ],
    },
  })
  const ran = await run(lines('dep add -f -'), { ...peer, stdin: '[{},{}]' })
  expect(ran.code).toBe(6)
})

describe('the events', () => {
  const row = (seq: number): string =>
    `id: ${seq}\ndata: ${JSON.stringify({ seq, at: 'T', host_id: 'h', actor: 'host', event: 'mdm.Idle', from: 'a', to: 'b', cause: 'device', cause_id: null })}\n\n`
  const stream = (text: string, open = true): Reply => ({
    text,
    open,
    headers: { 'content-type': 'text/event-stream' },
  })

  test('end after as many as were asked for', async () => {
    answer = () => stream(`: alive\n\n${row(1)}${row(2)}${row(3)}`)
    const ran = await run(lines('events --limit 2 -o name --host h'), peer)
    expect(ran).toEqual({ code: 0, stdout: '1\n2\n', stderr: '' })
    expect(last()).toMatchObject({ url: '/events?host=h' })
    expect(last()?.headers['last-event-id']).toBeUndefined()
  })

  test('begin behind --since and resume where a broken stream ended', async () => {
    let opened = 0
    answer = () => {
      opened += 1
      return opened === 1 ? stream(row(8), false) : stream(row(9))
    }
    const ran = await run(lines('events --since 7 --limit 2 -o name'), peer)
    expect(ran).toEqual({ code: 0, stdout: '8\n9\n', stderr: '' })
    const ids = peer.asked.slice(-2).map(({ headers }) => headers['last-event-id'])
    expect(ids).toEqual(['7', '8'])
  })

  test('end in peace when --timeout passes', async () => {
    answer = () => stream(row(1))
    expect(await run(lines('events --timeout 200ms -o name'), peer)).toEqual({
      code: 0,
      stdout: '1\n',
      stderr: '',
    })
  })

  test('are a line each for people, with nothing in it that steers a terminal', async () => {
    answer = () => stream(row(1).replace('mdm.Idle', 'mdm\\u001b[2J'))
    const { stdout } = await run(lines('events --limit 1'), peer)
    expect(stdout).toMatch(/^T {2}h {2}mdm\\u\{1b\}\[2J +a → b +device\n$/)
  })

  test('of a server that refuses are its refusal', async () => {
    answer = () => ({ status: 404, json: { title: 'Not found', status: 404 } })
    expect(await run(lines('events --host nobody'), peer)).toMatchObject({ code: 3 })
  })
})

describe('a list that is watched', () => {
  test('is shown again only when it changed, and a terminal is cleared for it', async () => {
    const ending = new AbortController()
    const names = ['a', 'a', 'b']
    answer = () => listOf([{ id: names.shift() ?? 'b' }])
    let writes = 0
    const onWrite = (): void => {
      writes += 1
      if (writes === 2) ending.abort('interrupted')
    }
    const options = { ...peer, isTTY: true, signal: ending.signal, onWrite }
    const ran = await run(lines('hosts list -o name --watch --interval 10ms'), options)
    expect(ran).toMatchObject({ code: 130, stdout: '\u001b[H\u001b[2Ja\n\u001b[H\u001b[2Jb\n' })
    expect(names).toEqual([])
  })
})

test('a wait shows one line of progress on a terminal and leaves nothing of it', async () => {
  const command = { id: 'c', command_uuid: 'c', state: 'queued' }
  answer = ({ method }) => ({
    json: method === 'POST' ? command : { ...command, state: 'acknowledged' },
  })
  const ran = await run(lines('commands send h ProfileList --wait -o name --no-color'), {
    ...peer,
    isTTY: true,
  })
  expect(ran).toMatchObject({ code: 0, stdout: 'c\n' })
  expect(ran.stderr.split('\r\u001b[2K')).toEqual([
    '',
    '0 of 1 ended, waiting 0s',
    '1 of 1 ended, waiting 0s',
    '',
  ])
})

describe('what runs here', () => {
  test('serve hears its options and gives its exit code', async () => {
    const heard: ServeOptions[] = []
    const serve = async (options: ServeOptions): Promise<number> => {
      heard.push(options)
      return 42
    }
    const line =
      'serve --listen 127.0.0.1:9000 --data d --admin-token-file t --device-auth none --log-level warn'
    expect(await run(lines(line), { serve })).toMatchObject({ code: 42 })
    expect(heard).toEqual([
      {
        listen: '127.0.0.1:9000',
        data: 'd',
        adminTokenFile: 't',
        deviceAuth: 'none',
        logLevel: 'warn',
      },
    ])
  })

  test('simulate hears its options, and its exit code is the verdict on the server', async () => {
    const heard: SimulateOptions[] = []
    const summary = {
      seed: 's',
      hosts: 5,
      elapsedMs: 1,
      answers: 9,
      requests: {},
      violations: { total: 1, byRule: {}, examples: [] },
      keptOut: [],
      believed: { appleList: {}, mdm: {}, osquery: {}, contested: 0 },
    }
    const line =
      'simulate --hosts 5 --rounds 2 --duration 1m --poll 0 --seed s --rate notNow=0.5 --no-operator --url http://127.0.0.1:1'
    const ran = await run(lines(line), {
      env: { MUSTER_TOKEN: 't', MUSTER_ENROLL_SECRET: 'e' },
      simulate: async (options) => {
        heard.push(options)
        return { summary, broken: ['1 × a rule'], exitCode: 1 }
      },
    })
    expect(ran).toMatchObject({ code: 1, stderr: '1 × a rule\n' })
    expect(ran.stdout).toMatch(/RULES BROKEN +1\n/)
    expect(heard).toMatchObject([
      {
        url: 'http://127.0.0.1:1',
        token: 't',
        enrollSecret: 'e',
        hosts: 5,
        rounds: 2,
        durationMs: 60_000,
        pollMs: 0,
        seed: 's',
        rates: { notNow: 0.5 },
        operator: false,
      },
    ])
  })
})

test('the flag file of an agent is printed without asking a server', async () => {
  const ran = await run(['enroll-secrets', 'flags', 'mdm.example.com'])
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout.split('\n')).toEqual(
    expect.arrayContaining(['--tls_hostname=mdm.example.com', '--config_refresh=300']),
  )
})
