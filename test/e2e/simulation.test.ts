import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodeOf, simulate, type Summary, violationLines } from '../../src/simulator/run.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { createOperator, type Json, type Operator } from './operator.ts'

const folder = newFolder()
let muster: Muster
let operator: Operator
let summary: Summary
let hosts: readonly Json[]

/** As many as every kind of life is lived by somebody, in a few seconds. */
const computers = 25
const rounds = 30

beforeAll(async () => {
  muster = await startMuster(folder, {
    MUSTER_LOG_LEVEL: 'error',
    MUSTER_DEVICE_AUTH: 'signature',
    MUSTER_PUSH_TOPIC: 'com.apple.mgmt.External.simulated',
  })
  const { url, token, enrollSecret } = muster
  operator = createOperator(url, token)
  summary = await simulate({
    url,
    token,
    enrollSecret,
    hosts: computers,
    rounds,
    enrolling: true,
    // A wall, should a computer never come to its last round.
    durationMs: 20_000,
    pollMs: 0,
    commandEveryMs: 20,
    seed: 'end to end',
    rates: { arrive: 0.5, notNow: 0.15, error: 0.1, reenroll: 0.05, clone: 0.1, copiedAgent: 0.1 },
  })
  hosts = await operator.all('/hosts?limit=1000')
}, 60_000)
afterAll(async () => {
  await muster.end('SIGKILL')
  dropFolder(folder)
})

test('a fleet that lives its lives sees no rule broken', () => {
  expect(violationLines(summary)).toEqual([])
  expect(exitCodeOf(summary)).toBe(0)
  expect(summary.answers).toBeGreaterThan(computers * rounds)
  expect(summary.believed.mdm.enrolled).toBeGreaterThan(0)
})

test('the server has no fault of its own to tell of', () => {
  expect(muster.said().err).toBe('')
})

describe('afterwards', () => {
  test('no two hosts own one strong identifier', async () => {
    const owners = new Map<string, string>()
    for (const { id } of hosts) {
      const { claims } = (await operator.get(`/hosts/${String(id)}`)).body
      for (const { kind, value, status } of claims as readonly Json[])
        if (status === 'active') {
          const claim = `${String(kind)} ${String(value)}`
          expect(owners.get(claim) ?? id, claim).toBe(id)
          owners.set(claim, String(id))
        }
    }
    expect(owners.size).toBeGreaterThan(computers)
  })

  test('each serial is the serial of one host that is not quarantined', () => {
    const serials = hosts
      .filter(({ serial, quarantined }) => serial !== null && quarantined === false)
      .map(({ serial }) => serial)
    expect(new Set(serials).size).toBe(serials.length)
  })

  const counted = ['mdm', 'dep', 'osquery', 'status', 'lifecycle', 'platform', 'presence'] as const
  for (const by of counted)
    test(`the counts by ${by} are those of the lists`, async () => {
      const { body } = await operator.get('/hosts/summary')
      expect(body['total']).toBe(hosts.length)
      const counts = body[by] as Readonly<Record<string, number>>
      expect(counts).not.toEqual({})
      for (const [value, count] of Object.entries(counts)) {
        const list = await operator.get(`/hosts?${by}=${value}&limit=1000`)
        expect(list.body['total'], value).toBe(count)
        expect(list.body['items'], value).toHaveLength(count)
        const others = await operator.get(`/hosts?${by}=!${value}&limit=1`)
        if (by !== 'presence') expect(others.body['total'], value).toBe(hosts.length - count)
      }
    })

  test('each page of the list goes on where the one before ended', async () => {
    const byPage = await operator.all('/hosts?limit=7&sort=-last_seen_at')
    expect(byPage).toHaveLength(hosts.length)
    expect(new Set(byPage.map(({ id }) => id))).toEqual(new Set(hosts.map(({ id }) => id)))
  })

  test('each command is open on a host that knows it, or over', async () => {
    const open = (await operator.all('/commands?limit=1000')).filter((one) => one['open'] === true)
    for (const { command_uuid, host_id } of open) {
      const { body } = await operator.get(`/hosts/${String(host_id)}`)
      const theirs = (body['open_commands'] as readonly Json[]).map((one) => one['command_uuid'])
      expect(theirs).toContain(command_uuid)
    }
  })
})
