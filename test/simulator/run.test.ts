import { expect, test } from 'vitest'
import { planFleet } from '../../src/simulator/computer-plan.ts'
import { defaultRates } from '../../src/simulator/rates.ts'
import { demoOptions, exitCodeOf, simulate, violationLines } from '../../src/simulator/run.ts'
import { startPeer } from './peer.ts'
import { enrollSecret } from './right-answers.ts'

test('a run ends after its duration with figures, and says on a terminal how it goes', async () => {
  const peer = await startPeer()
  let shown = ''
  const summary = await simulate({
    url: peer.url,
    token: 'a-token-of-the-test-24-chars',
    enrollSecret,
    hosts: 10,
    seed: 'run',
    durationMs: 700,
    pollMs: 20,
    progress: { isTTY: true, write: (text) => (shown += text) },
  })
  await peer.stop()
  expect(summary).toMatchObject({ seed: 'run', hosts: 10, violations: { total: 0 } })
  expect(summary.answers).toBe(
    Object.values(summary.requests).reduce((sum, { count }) => sum + count, 0),
  )
  expect(summary.requests['mdm.Idle']?.p99Ms).toBeGreaterThan(0)
  expect(summary.believed.mdm.enrolled).toBeGreaterThan(0)
  expect(shown.split('\r').at(-1)).toMatch(/answers · .* · no rule broken\n$/)
  expect(exitCodeOf(summary)).toBe(0)
})

test('a broken rule makes the exit code 1 and is said in words', async () => {
  const peer = await startPeer({
    plant: ({ message }) => (message?.['Status'] === 'Idle' ? { status: 401 } : undefined),
  })
  const summary = await simulate({
    url: peer.url,
    hosts: 5,
    rounds: 5,
    pollMs: 0,
    rates: { personal: 1 },
  })
  await peer.stop()
  expect(exitCodeOf(summary)).toBe(1)
  expect(violationLines(summary)[0]).toMatch(/^\d+ × mdm-401: 401 makes a device remove/)
})

test('a server that never answers makes the exit code 8', async () => {
  const peer = await startPeer()
  await peer.stop()
  const summary = await simulate({ url: peer.url, hosts: 2, rounds: 3, pollMs: 0, enrollSecret })
  expect(exitCodeOf(summary)).toBe(8)
})

test('the fleet of the demo has every kind of computer, clones and a copied agent', () => {
  const { hosts = 0, seed = '', rates } = demoOptions
  const plans = planFleet(hosts, seed, { ...defaultRates, ...rates })
  const kinds = new Set(plans.map(({ identity }) => identity.kind))
  expect([...kinds].toSorted()).toEqual(['ipad', 'iphone', 'linux', 'mac', 'personal', 'windows'])
  expect(new Set(plans.map(({ identity }) => identity.uuid)).size).toBeLessThan(hosts)
  expect(plans.some(({ copyOf }) => copyOf !== undefined)).toBe(true)
})
