import { afterEach, expect, test } from 'vitest'
import { createFleet } from '../../src/simulator/fleet.ts'
import type { FleetEvent, FleetOptions } from '../../src/simulator/fleet.ts'
import { defaultRates } from '../../src/simulator/rates.ts'
import { startPeer } from './peer.ts'
import type { Peer, Seen } from './peer.ts'
import { enrollSecret } from './right-answers.ts'

const commands = [
  'DeviceInformation',
  'SecurityInfo',
  'InstalledApplicationList',
  'ProfileList',
  'DeclarativeManagement',
].map((RequestType) => ({ RequestType }))

let peer: Peer | undefined
afterEach(async () => {
  await peer?.stop()
  peer = undefined
})

async function liveFleet(options: Partial<FleetOptions>): Promise<readonly Seen[]> {
  peer = await startPeer({ commands })
  const fleet = createFleet({
    baseUrl: peer.url,
    token: 'a-token-of-the-test-24-chars',
    enrollSecret,
    hosts: 1,
    seed: 'one',
    pollMs: 0,
    rounds: 150,
    clock: () => 1_780_000_000_000,
    ...options,
  })
  await fleet.run()
  const { seen } = peer
  await peer.stop()
  expect(fleet.figures().violations.examples).toEqual([])
  return seen
}

test('one computer with the same seed says the same things in the same order', async () => {
  const first = await liveFleet({})
  const again = await liveFleet({})
  expect(first.length).toBeGreaterThan(150)
  expect(again).toEqual(first)
  const other = await liveFleet({ seed: 'two' })
  expect(other).not.toEqual(first)
})

test('a fleet at lively rates shows every kind of message, and a right server breaks no rule', async () => {
  const lively = {
    ...defaultRates,
    malformed: 0.02,
    userAuthenticate: 0.02,
    checkOut: 0.02,
    clone: 0,
    copiedAgent: 0,
  }
  const seen = await liveFleet({ hosts: 40, rounds: 60, rates: lively })
  const said = seen.map(({ path, body }) =>
    path === '/mdm'
      ? (/<key>(?:MessageType|Status)<\/key>\s*<string>(\w+)<\/string>\s*<\/dict>\s*<\/plist>/.exec(
          body,
        )?.[1] ?? 'malformed')
      : path,
  )
  expect([...new Set(said)].toSorted()).toEqual(
    expect.arrayContaining([
      '/api/osquery/config',
      '/api/osquery/distributed/read',
      '/api/osquery/distributed/write',
      '/api/osquery/enroll',
      '/api/osquery/log',
      '/api/v1/dep/devices',
      'Acknowledged',
      'Authenticate',
      'CheckOut',
      'CommandFormatError',
      'DeclarativeManagement',
      'Error',
      'GetBootstrapToken',
      'Idle',
      'NotNow',
      'SetBootstrapToken',
      'TokenUpdate',
      'UserAuthenticate',
      'malformed',
    ]),
  )
})

test('a personal phone tells neither UDID nor serial', async () => {
  const seen = await liveFleet({ rates: { personal: 1, malformed: 0 }, rounds: 20 })
  const text = seen
    .filter(({ path }) => path === '/mdm')
    .map(({ body }) => body)
    .join('')
  expect(text).toContain('<key>EnrollmentID</key>')
  expect(text).not.toMatch(/UDID|SerialNumber/)
})

test('a copied agent speaks with the key of its original and its own hardware', async () => {
  const seen = await liveFleet({
    hosts: 12,
    rounds: 12,
    rates: {
      ...defaultRates,
      copiedAgent: 1,
      linux: 1,
      personal: 0,
      iphone: 0,
      ipad: 0,
      wrongSecret: 0,
      reinstallAgent: 0,
    },
  })
  const enrolled = seen.filter(({ path }) => path.endsWith('/enroll'))
  const keys = new Set(seen.flatMap(({ body }) => /"node_key":"(key-\d+)"/.exec(body)?.[1] ?? []))
  expect(keys.size).toBeLessThan(12)
  expect(enrolled.length).toBe(keys.size)
})

test('clones say one UUID and two serials', async () => {
  peer = await startPeer()
  const { computers } = createFleet({
    baseUrl: peer.url,
    enrollSecret,
    hosts: 40,
    seed: 'x',
    rates: { clone: 0.5, linux: 1, personal: 0, iphone: 0, ipad: 0 },
  })
  const uuids = new Set(computers.map(({ identity }) => identity.uuid))
  const serials = new Set(computers.map(({ identity }) => identity.serial))
  expect(uuids.size).toBeLessThan(computers.length)
  expect(serials.size).toBe(computers.length)
})

test('an aborted fleet stops at once and reports what it had', async () => {
  peer = await startPeer()
  const ending = new AbortController()
  const events: FleetEvent[] = []
  const fleet = createFleet({
    baseUrl: peer.url,
    enrollSecret,
    hosts: 20,
    seed: 'abort',
    pollMs: 60_000,
    signal: ending.signal,
    onEvent: (event) => events.push(event),
  })
  const running = fleet.run()
  ending.abort()
  await running
  expect(fleet.figures().violations.total).toBe(0)
})

test('a server that is not there is counted as lost and breaks no rule', async () => {
  peer = await startPeer()
  const { url } = peer
  await peer.stop()
  const fleet = createFleet({
    baseUrl: url,
    enrollSecret,
    hosts: 3,
    seed: 'gone',
    pollMs: 0,
    rounds: 5,
  })
  await fleet.run()
  const { answers, violations, requests } = fleet.figures()
  expect({ answers, total: violations.total }).toEqual({ answers: 0, total: 0 })
  expect(Object.values(requests).some(({ lost }) => lost > 0)).toBe(true)
})
