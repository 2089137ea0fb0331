import { beforeAll, describe, expect, test } from 'vitest'
import { machineVersions } from '../../../machines/versions.ts'
import { createHealth } from '../../../src/http/health.ts'
import { type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: '0AA11111-2222-3333-4444-555555555501', serial: 'MACH000001' }
let id = ''
let uuid = ''

beforeAll(async () => {
  id = await world.enrolled(mac)
  await world.assigned('MACH000002', 'MACH000003')
  uuid = await world.sent(id, { request_type: 'ProfileList' })
  await world.mdm({ UDID: mac.udid, Status: 'Idle' })
})

const groupOf = (svg: string, state: string): string =>
  new RegExp(`<g [^>]*data-state="${state.replaceAll('.', '\\.')}"[^>]*>`).exec(svg)?.[0] ??
  'no such state'

test('machines are listed with how many are in each state', async () => {
  expect((await world.api('/machines')).json()['items']).toMatchObject([
    {
      id: 'host',
      counts: {
        states: {
          'mdm.enrolled': 1,
          'mdm.enrolled.ready': 1,
          'mdm.unenrolled': 2,
          'dep.assigned': 2,
        },
        edges: { 'mdm.authenticated>mdm.enrolled.ready': 1 },
      },
    },
    { id: 'command', counts: { states: { sent: 1 }, edges: { 'queued>sent': 1 } } },
  ])
})

test.each(['host', 'command'] as const)(
  'the definition of %s is JSON with its states',
  async (machine) => {
    const told = (await world.api(`/machines/${machine}`)).json()
    expect(told).toMatchObject({
      id: machine,
      version: machineVersions[machine].version,
      definition: { id: machine },
      chart: { machine },
    })
    expect(Object.keys((told['definition'] as Json)['states'] as Json).length).toBeGreaterThan(2)
  },
)

describe('the picture', () => {
  test('counted over all says how many are where', async () => {
    const picture = await world.api('/machines/host.svg')
    expect(picture.headers.get('content-type')).toBe('image/svg+xml')
    expect(picture.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    )
    expect(picture.text).toContain('×2')
    expect(picture.text).not.toContain('<script')
    expect(groupOf(picture.text, 'mdm.enrolled.ready')).not.toMatch(/class="[^"]*\blit\b/)
  })

  test('of one host lights its states and nothing else', async () => {
    const { text } = await world.api(`/machines/host.svg?host=${mac.serial}&direction=down`)
    for (const state of [
      'mdm',
      'mdm.enrolled',
      'mdm.enrolled.ready',
      'dep.unassigned',
      'osquery.unenrolled',
    ])
      expect(groupOf(text, state)).toMatch(/class="[^"]*\blit\b/)
    for (const state of ['mdm.unenrolled', 'mdm.authenticated', 'dep.assigned'])
      expect(groupOf(text, state)).not.toMatch(/class="[^"]*\blit\b/)
    expect(text).toMatch(
      /<g class="[^"]*\blast\b[^"]*" data-edge="mdm.authenticated&#62;mdm.enrolled.ready"/,
    )
  })

  test('of one command lights its state', async () => {
    const { text } = await world.api(`/machines/command.svg?command=${uuid}`)
    expect(groupOf(text, 'sent')).toMatch(/class="[^"]*\blit\b/)
    expect(groupOf(text, 'queued')).not.toMatch(/class="[^"]*\blit\b/)
  })

  test.each(['/machines/host.svg?host=none', '/machines/command.svg?command=none'])(
    '%s is 404',
    async (path) => {
      expect((await world.api(path)).status).toBe(404)
    },
  )
})

describe('metrics', () => {
  test('need a token', async () => {
    expect((await world.ask('/metrics')).status).toBe(401)
    expect((await world.ask('/metrics', { as: 'viewer' })).status).toBe(200)
  })

  test('count the fleet and never name a host', async () => {
    const { text, headers } = await world.ask('/metrics', { as: 'admin' })
    expect(headers.get('content-type')).toMatch(/^text\/plain/)
    for (const line of [
      'muster_hosts{by="all",value="all"} 3',
      'muster_hosts{by="mdm",value="enrolled.ready"} 1',
      'muster_hosts{by="status",value="pending"} 2',
      'muster_hosts{by="presence",value="online"} 1',
      'muster_commands{state="sent"} 1',
      'muster_transitions_total{machine="command",from="queued",to="sent"} 1',
      'muster_mailbox_waiting 0',
    ])
      expect(text).toContain(`${line}\n`)
    expect(text).toMatch(/^muster_turns_total [1-9]/m)
    expect(text).toMatch(/^muster_commit_seconds_count\{outcome="ok"\} [1-9]/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_/m)
    for (const secret of [id, uuid, mac.udid, mac.serial]) expect(text).not.toContain(secret)
  })
})

test('health needs no token, and a server that stops is not ready', async () => {
  for (const path of ['/livez', '/readyz', '/version'])
    expect((await world.ask(path)).status).toBe(200)
  const health = createHealth({
    version: '1',
    ready: () => ({ ready: false, reasons: ['stopping'], degraded: [] }),
  })
  const response = await health.request('/readyz')
  expect([response.status, await response.json()]).toEqual([
    503,
    { ready: false, reasons: ['stopping'], degraded: [] },
  ])
  expect((await health.request('/livez')).status).toBe(200)
})
