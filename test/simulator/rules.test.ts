// Every rule is broken once by a real server, and the fleet must say so and nothing else.
import { expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { createFleet } from '../../src/simulator/fleet.ts'
import { calmRates } from '../../src/simulator/rates.ts'
import type { Rates } from '../../src/simulator/rates.ts'
import { rules } from '../../src/simulator/rules.ts'
import type { Rule, ViolationSummary } from '../../src/simulator/rules.ts'
import { startPeer } from './peer.ts'
import type { Plant, Reply } from './peer.ts'
import { enrollSecret } from './right-answers.ts'

/** A Mac with both channels and nothing left to chance. */
const oneMac: Partial<Rates> = {
  ...calmRates,
  personal: 0,
  iphone: 0,
  ipad: 0,
  linux: 0,
  windows: 0,
  agentOnMac: 1,
  mdmOnMac: 1,
  inAppleList: 1,
  userChannel: 0,
  agentConfig: 0,
  agentLog: 1,
}

const commandOf = (requestType: string, commandUUID: string): Reply => ({
  body: buildPlist({ CommandUUID: commandUUID, Command: { RequestType: requestType } }),
})

const jsonReply = (body: string, status = 200): Reply => ({
  status,
  body,
  headers: { 'content-type': 'application/json' },
})

const onIdle =
  (reply: Reply): Plant =>
  ({ message }) =>
    message?.['Status'] === 'Idle' ? reply : undefined
const onPath =
  (path: string, reply: Reply): Plant =>
  (request) =>
    request.path.endsWith(path) ? reply : undefined

type Case = { readonly plant: Plant; readonly rates?: Partial<Rates>; readonly operator?: boolean }

/** The same command for every Idle, whatever was reported. */
const stubborn = (requestType: string): Plant => onIdle(commandOf(requestType, 'A-1'))

const cases: Readonly<Record<Rule, Case>> = {
  'mdm-401': { plant: onIdle({ status: 401 }) },
  'mdm-204': { plant: onIdle({ status: 204 }) },
  'mdm-content-length': { plant: onIdle({ chunked: true }) },
  'mdm-refused': { plant: onIdle({ status: 400 }) },
  'mdm-fault': { plant: onIdle({ status: 500 }) },
  'mdm-unreadable': { plant: onIdle({ body: '{"not":"a command"}' }) },
  'mdm-took-malformed': {
    rates: { malformed: 1, agentOnMac: 0 },
    plant: ({ path, message }) =>
      path === '/mdm' && message?.['MessageType'] === undefined ? {} : undefined,
  },
  'command-after-result': { plant: stubborn('SecurityInfo') },
  'command-from-former-life': {
    // It never says what became of the command, and enrols again.
    rates: { lostReply: 1, reenroll: 1 },
    plant: stubborn('SecurityInfo'),
  },
  'command-unsafe-repeated': { rates: { lostReply: 1 }, plant: stubborn('SetRecoveryLock') },
  'osquery-empty': { plant: onPath('/log', { headers: { 'content-type': 'application/json' } }) },
  'osquery-not-json': {
    plant: onPath('/log', { body: '<html>', headers: { 'content-type': 'text/html' } }),
  },
  'osquery-silent-failure': {
    plant: onPath('/log', jsonReply('{"title":"Bad Request","status":400}', 400)),
  },
  'osquery-node-invalid-type': { plant: onPath('/log', jsonReply('{"node_invalid":"no"}')) },
  'osquery-node-invalid': {
    plant: onPath('/log', jsonReply('{"node_invalid":true,"error":"x"}', 401)),
  },
  'osquery-key-ping-pong': {
    rates: { sparseAgent: 1 },
    plant: onPath('/distributed/read', jsonReply('{"node_invalid":true,"error":"x"}', 401)),
  },
  'osquery-refused': { plant: onPath('/log', jsonReply('{"error":"no"}', 400)) },
  'osquery-took-malformed': {
    rates: { wrongSecret: 1 },
    plant: onPath('/enroll', jsonReply('{}')),
  },
  'osquery-fault': { plant: onPath('/log', jsonReply('{"error":"down"}', 500)) },
  'osquery-unreadable': { plant: onPath('/enroll', jsonReply('{}')) },
  'api-fault': { operator: true, plant: onPath('/commands', { status: 500 }) },
}

async function live({ plant, rates, operator = false }: Case): Promise<ViolationSummary> {
  const peer = await startPeer({ plant })
  const fleet = createFleet({
    baseUrl: peer.url,
    token: 'a-token-of-the-test-24-chars',
    enrollSecret,
    hosts: 1,
    seed: 'rules',
    rates: { ...oneMac, ...rates },
    pollMs: 1,
    rounds: 24,
    operator,
  })
  await fleet.run()
  await peer.stop()
  return fleet.figures().violations
}

test('a right server breaks no rule', async () => {
  expect(await live({ plant: () => undefined })).toMatchObject({ total: 0, examples: [] })
})

for (const [rule, planted] of Object.entries(cases)) {
  test(`a server that breaks ${rule} is told so, and of nothing else`, async () => {
    const { total, byRule, examples } = await live(planted)
    expect(Object.keys(byRule)).toEqual([rule])
    expect(total).toBeGreaterThan(0)
    expect(examples.length).toBeLessThanOrEqual(5)
    expect(examples[0]?.detail).not.toBe('')
  })
}

test('every rule says in words why it is one', () => {
  expect(Object.keys(cases).toSorted()).toEqual(Object.keys(rules).toSorted())
})

// prettier-ignore
const allowed = [
  ['503 to a device',                       { plant: onIdle({ status: 503 }) }],
  ['503 with an error to an agent',         { plant: onPath('/log', jsonReply('{"error":"full"}', 503)) }],
  ['404 to an operator',                    { operator: true, plant: onPath('/commands', { status: 404 }) }],
  ['a safe command after a lost reply',     { rates: { lostReply: 1 }, plant: stubborn('SecurityInfo') }],
  ['an unsafe command after NotNow',        { rates: { notNow: 1 }, plant: stubborn('SetRecoveryLock') }],
] as const satisfies readonly (readonly [string, Case])[]

for (const [what, planted] of allowed) {
  test(`${what} breaks no rule`, async () => {
    expect(await live(planted)).toMatchObject({ total: 0 })
  })
}
