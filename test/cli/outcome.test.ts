// What each answer of a server becomes: words on stdout and stderr, and an exit code.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, createPeer, listOf, type Peer, problem, type Reply, run } from './run.ts'

let peer: Peer
let answer: (asked: Asked) => Reply
beforeAll(async () => {
  peer = await createPeer((asked) => answer(asked))
})
afterAll(() => peer.close())

const host = {
  id: 'h-1',
  serial: 'C02FIXTURE01',
  uuid: 'U-1',
  udid: null,
  hostname: 'atelier',
  platform: 'darwin',
  os_version: '26.1',
  model: 'Mac16,1',
  lifecycle: 'mdm_enrolled',
  status: 'on_automatic',
  mdm: { state: 'enrolled.ready' },
  dep: { state: 'assigned' },
  osquery: { state: 'unenrolled' },
  presence: 'online',
  first_seen_at: '2026-11-01T12:00:00.000Z',
  last_seen_at: '2026-11-24T11:58:00.000Z',
}
const command = {
  id: 'c-1',
  command_uuid: 'c-1',
  host_id: 'h-1',
  channel: 'U-1',
  request_type: 'DeviceInformation',
  state: 'queued',
  priority: 0,
  created_at: '2026-11-24T11:59:50.000Z',
  expires_at: '2026-12-24T11:59:50.000Z',
}
const ended = (state: string): Reply => ({ json: { ...command, state, history: [] } })

type Case = {
  readonly line: string
  readonly reply: Reply
  readonly code: number
  readonly stdout?: string | RegExp
  readonly stderr?: string | RegExp
}

const cases: readonly Case[] = [
  {
    line: 'hosts list',
    reply: listOf([host]),
    code: 0,
    stdout: /^HOST +SERIAL .*SEEN\natelier .* 2m\n$/,
    stderr: '',
  },
  { line: 'hosts list', reply: listOf([]), code: 0, stdout: '', stderr: 'Nothing found.\n' },
  { line: 'hosts list -o name', reply: listOf([host]), code: 0, stdout: 'h-1\n' },
  { line: '-o name hosts list', reply: listOf([host]), code: 0, stdout: 'h-1\n' },
  { line: 'hosts -o name list', reply: listOf([host]), code: 0, stdout: 'h-1\n' },
  {
    line: 'hosts list -o ndjson',
    reply: listOf([host]),
    code: 0,
    stdout: `${JSON.stringify(host)}\n`,
  },
  {
    line: 'hosts get C02FIXTURE01 -o json',
    reply: { json: host },
    code: 0,
    stdout: `${JSON.stringify(host, null, 2)}\n`,
  },
  {
    line: 'hosts get C02FIXTURE01 -o yaml',
    reply: { json: host },
    code: 0,
    stdout: /^id: h-1\n[^]*mdm:\n {2}state: enrolled.ready\n/,
  },
  {
    line: 'hosts get C02FIXTURE01',
    reply: { json: host },
    code: 0,
    stdout: /^HOST +atelier\n[^]*SEEN +2026-11-24T11:58:00.000Z\n/,
  },
  {
    line: 'hosts get nobody',
    reply: problem(404, 'Not found', { candidates: [{ id: 'h-1', serial: 'X' }] }),
    code: 3,
    stdout: '',
    stderr: 'muster: Not found\n  id h-1, serial X\nrequest id req-1\n',
  },
  {
    line: 'commands get 0001_inventory.v2',
    reply: problem(409, 'Several commands fit', {
      candidates: [
        { id: 'c-1', command_uuid: '0001_inventory.v2', host_id: 'h-1', state: 'queued' },
        { id: 'c-2', command_uuid: '0001_inventory.v2', host_id: 'h-2', state: 'sent' },
      ],
    }),
    code: 5,
    stderr:
      'muster: Several commands fit\n  id c-1, host_id h-1, state queued\n  id c-2, host_id h-2, state sent\nrequest id req-1\n',
  },
  {
    line: 'hosts get two',
    reply: problem(409, 'Several hosts fit', { detail: 'Name one.' }),
    code: 5,
    stderr: /^muster: Several hosts fit: Name one\.\n/,
  },
  {
    line: 'hosts get x',
    reply: problem(401, 'No valid token'),
    code: 4,
    stderr: /does not know this token\.\nThe server prints one/,
  },
  {
    line: 'hosts delete x --yes',
    reply: problem(403, 'Not allowed'),
    code: 4,
    stderr: /^muster: Not allowed\n/,
  },
  {
    line: 'hosts list --mdm nope',
    reply: problem(422, 'Not as it must be', {
      detail: '/query/mdm: no',
      errors: [{ pointer: '/query/mdm', detail: 'no' }],
    }),
    code: 2,
    stderr: 'muster: Not as it must be: /query/mdm: no\nrequest id req-1\n',
  },
  {
    line: 'hosts list',
    reply: problem(422, 'Wrong', {
      errors: [
        { pointer: '/a', detail: 'one' },
        { pointer: '/b', detail: 'two' },
      ],
    }),
    code: 2,
    stderr: /^muster: Wrong\n {2}\/a: one\n {2}\/b: two\n/,
  },
  {
    line: 'hosts list',
    reply: problem(500, 'A fault of the server'),
    code: 1,
    stderr: /^muster: A fault of the server\nrequest id req-1\n$/,
  },
  {
    line: 'hosts list',
    reply: { text: '<html>' },
    code: 1,
    stderr: /but not as a Muster server does/,
  },
  {
    line: 'hosts list',
    reply: { status: 502, text: '<html>' },
    code: 1,
    stderr: /answered 502, but not as a Muster server does/,
  },
  { line: 'hosts list --limit none', reply: {}, code: 2, stderr: /must be a whole number/ },
  { line: 'hosts list -o xml', reply: {}, code: 2, stderr: /Allowed choices are table, wide/ },
  { line: 'hosts lost', reply: {}, code: 2, stderr: /unknown command 'lost'/ },
  { line: 'hosts get', reply: {}, code: 2, stderr: /missing required argument 'ref'/ },
  { line: 'commands send h-1', reply: {}, code: 2, stderr: /Name at least one host/ },
  {
    line: 'commands send h-1 DeviceInformation',
    reply: { status: 201, json: command },
    code: 0,
    stdout: /^COMMAND +c-1\nTYPE +DeviceInformation\nSTATE +queued\n/,
  },
  {
    line: 'commands send h-1 Nonsense',
    reply: { status: 201, json: { ...command, warnings: ['Odd.'] } },
    code: 0,
    stderr: 'Note: Odd.\n',
  },
  {
    line: 'commands send h-1 DeviceInformation --payload [1]',
    reply: {},
    code: 2,
    stderr: /must be a JSON object/,
  },
  {
    line: 'commands send h-1 EraseDevice',
    reply: {},
    code: 2,
    stderr: /Without a terminal to ask on, give --yes/,
  },
  { line: 'commands send h-1 EraseDevice --yes', reply: { status: 201, json: command }, code: 0 },
  {
    line: 'commands cancel c-1',
    reply: { json: { ...command, state: 'cancelled' } },
    code: 0,
    stdout: /STATE +cancelled/,
  },
  {
    line: 'conflicts event failing-h-1-7',
    reply: {
      json: {
        events: [{ type: 'mdm.Idle', channel: 'U-1' }],
        cause: { kind: 'device', id: 'U-1' },
      },
    },
    code: 0,
    stdout: /^CAUSE +device\nBY +U-1\n\nevents:\n- type: mdm.Idle\n {2}channel: U-1\n$/,
  },
  {
    line: 'conflicts event other',
    reply: problem(404, 'No event is kept for that conflict.'),
    code: 3,
    stderr: /No event is kept/,
  },
  { line: 'commands cancel c-1', reply: problem(409, 'Does not fit'), code: 5 },
  { line: 'commands watch c-1', reply: ended('acknowledged'), code: 0 },
  {
    line: 'commands watch c-1',
    reply: ended('expired'),
    code: 1,
    stderr: 'muster: The command ended as expired.\n',
  },
  {
    line: 'commands watch c-1 --timeout 0',
    reply: ended('sent'),
    code: 7,
    stderr: /had not ended in time/,
  },
  {
    line: 'commands send h-1 ProfileList --wait --timeout 0',
    reply: { status: 201, json: command },
    code: 7,
    stdout: /STATE +queued/,
  },
  {
    line: 'conflicts resolve k-1 merge --yes',
    reply: { json: { conflict: 'k-1', choice: 'merge', hosts: [], dry_run: false } },
    code: 0,
    stdout: /CONFLICT +k-1/,
  },
  {
    line: 'tokens create ci',
    reply: { status: 201, json: { id: 't-1', name: 'ci', secret: 'muster_x' } },
    code: 0,
    stdout: /TOKEN +muster_x/,
    stderr: /shown this once/,
  },
  { line: 'tokens delete t-1 --yes', reply: { status: 204 }, code: 0, stdout: 'DELETED  t-1\n' },
  {
    line: 'enroll-secrets list',
    reply: listOf([{ id: 's-1', name: 'first' }]),
    code: 0,
    stdout: /s-1 +first/,
  },
  {
    line: 'machines list',
    reply: listOf([{ id: 'host', version: 1, counts: { states: { mdm: 3 } } }]),
    code: 0,
    stdout: /host +1 +mdm 3/,
  },
  { line: 'version -o json', reply: {}, code: 0, stdout: /"version": "1\.2\.3"/ },
  { line: '--version', reply: {}, code: 0, stdout: '1.2.3\n' },
  { line: 'config use nowhere', reply: {}, code: 2, stderr: /There is no context nowhere/ },
  {
    line: '--context nowhere hosts list',
    reply: {},
    code: 2,
    stderr: /There is no context nowhere/,
  },
  { line: '--url ftp://x hosts list', reply: {}, code: 2, stderr: /Not an http or https address/ },
  {
    line: 'simulate --rate nope=1',
    reply: {},
    code: 2,
    stderr: /There is no rate nope; there are notNow, error/,
  },
]

describe('a command line and what a server answers', () => {
  test.each(cases)(
    '$line ends with $code ($reply.status)',
    async ({ line, reply, code, ...said }) => {
      answer = () => reply
      const ran = await run(line.split(' '), { env: peer.env })
      expect(ran.stderr).toMatch(said.stderr ?? '')
      if (typeof said.stderr === 'string') expect(ran.stderr).toBe(said.stderr)
      expect(ran.stdout).toMatch(said.stdout ?? '')
      if (typeof said.stdout === 'string') expect(ran.stdout).toBe(said.stdout)
      expect(ran.code).toBe(code)
    },
  )
})

test('several targets of which one fails end with 6 and show the others', async () => {
  answer = ({ url }) =>
    url.includes('/b/') ? problem(404, 'Not found') : { status: 201, json: command }
  const ran = await run(['commands', 'send', 'a', 'b', 'c', 'ProfileList', '-o', 'name'], peer)
  expect(ran.code).toBe(6)
  expect(ran.stdout).toBe('c-1\nc-1\n')
  expect(ran.stderr).toBe('b: Not found\nrequest id req-1\nmuster: 1 of 3 failed.\n')
})

test('a single target is waited for until its device has answered', async () => {
  const states = ['queued', 'sent', 'acknowledged']
  answer = ({ method }) =>
    method === 'POST' ? { status: 201, json: command } : ended(states.shift() ?? 'acknowledged')
  const ran = await run(['commands', 'send', 'a', 'ProfileList', '--wait'], peer)
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout).toMatch(/STATE +acknowledged/)
  expect(states).toEqual([])
})

test('a command that ends in an error ends a wait with 1 and is shown all the same', async () => {
  answer = ({ method }) => (method === 'POST' ? { status: 201, json: command } : ended('error'))
  const ran = await run(['commands', 'send', 'a', 'ProfileList', '--wait'], peer)
  expect(ran).toMatchObject({ code: 1, stderr: 'muster: The command ended as error.\n' })
  expect(ran.stdout).toMatch(/STATE +error/)
})

test('nobody at the other end is unreachable, and how to start a server is said', async () => {
  const gone = await createPeer(() => ({}))
  gone.close()
  const ran = await run(['hosts', 'list', '--url', gone.url], peer)
  expect(ran).toMatchObject({ code: 8, stdout: '' })
  expect(ran.stderr).toBe(
    `muster: No server answers at ${gone.url} (connection refused).\n` +
      'Start one with: muster serve. For another server give --url or set MUSTER_URL.\n',
  )
})

test('without a token nothing is asked, and where to get one is said', async () => {
  const before = peer.asked.length
  const ran = await run(['hosts', 'list'], { env: { MUSTER_URL: peer.url } })
  expect(ran.code).toBe(4)
  expect(ran.stderr).toContain(`No token for ${peer.url}.`)
  expect(ran.stderr).toContain('muster config set')
  expect(peer.asked).toHaveLength(before)
})

test('a 503 changed nothing and is asked again until it passes', async () => {
  const replies = [{ ...problem(503, 'Not now'), headers: { 'retry-after': '0' } }, listOf([host])]
  answer = () => replies.shift() ?? listOf([])
  expect(await run(['hosts', 'list', '-o', 'name'], peer)).toMatchObject({
    code: 0,
    stdout: 'h-1\n',
  })
})

test('an interrupt ends what is under way with 130', async () => {
  const ending = new AbortController()
  answer = () => listOf([host])
  const onWrite = (): void => ending.abort('interrupted')
  const ran = await run(['hosts', 'list', '--watch'], { ...peer, signal: ending.signal, onWrite })
  expect(ran.code).toBe(130)
})

test('a reader that leaves, as head does, is no failure', async () => {
  const ending = new AbortController()
  answer = () => listOf([host])
  const onWrite = (): void => ending.abort('output-closed')
  const ran = await run(['hosts', 'list', '-w'], { ...peer, signal: ending.signal, onWrite })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
})

test('a host that moved is followed, and where to is said', async () => {
  answer = ({ url }) =>
    url === '/hosts/old'
      ? { status: 308, headers: { location: '/api/v1/hosts/new' } }
      : { json: { ...host, id: 'new' } }
  const ran = await run(['hosts', 'get', 'old', '-o', 'name'], peer)
  expect(ran).toEqual({
    code: 0,
    stdout: 'new\n',
    stderr: '/hosts/old moved to /api/v1/hosts/new\n',
  })
  expect(peer.asked.at(-1)?.headers.authorization).toBe('Bearer muster_token')
})
