// The machines as models: every transition of their definitions is walked.
import { expect, test } from 'vitest'
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph'
import { type CommandEvent, commandMachine } from '../../machines/command.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { hostMachine } from '../../machines/host.ts'
import {
  absorb,
  acknowledged,
  agent,
  assigned,
  authenticate,
  cancel,
  checkOut,
  commandInput,
  displaced,
  details,
  enqueue,
  expiry,
  idle,
  listed,
  mdmParts,
  notNow,
  osqueryEnroll,
  otherDevice,
  pushed,
  pushReady,
  pushRefused,
  release,
  removed,
  report,
  reportBody,
  requestLost,
  reset,
  restored,
  revoke,
  settle,
  stray,
  tokenUpdate,
  unread,
  user,
  userToken,
  yielded,
} from './events.ts'
import { transitionsOf, walk } from './walk.ts'

const mdm: readonly HostEvent[] = [
  authenticate(),
  tokenUpdate(),
  tokenUpdate({ awaitingConfiguration: true }),
  tokenUpdate({ awaitingConfiguration: false }),
  checkOut(),
  reset,
]

const conversation: readonly HostEvent[] = [
  idle(),
  acknowledged('A'),
  report('Error', 'A'),
  report('CommandFormatError', 'A'),
  notNow('A'),
  stray('Z'),
  cancel('A'),
  pushed(),
  pushRefused(),
  pushReady,
  expiry('A'),
  restored,
  requestLost('A'),
]

const users: readonly HostEvent[] = [
  userToken(),
  checkOut(user),
  { type: 'mdm.SetBootstrapToken', at: 0, ref: 'bootstrap-1' },
]

const otherRegions: readonly HostEvent[] = [
  assigned(),
  removed(),
  removed(otherDevice.serial_number),
  osqueryEnroll(agent('hash-a')),
  details('hash-a'),
  revoke(['hash-a']),
  revoke(null),
]

const parts = {
  mdm: mdmParts('ready', 5_000),
  depDevices: listed(otherDevice),
  agents: { 'hash-b': agent('hash-b') },
}
const identity: readonly HostEvent[] = [
  absorb(parts),
  absorb({ mdm: mdmParts('awaiting_configuration', 4_000) }),
  absorb({ mdm: mdmParts('authenticated', 3_000) }),
  absorb({ mdm: mdmParts('erased', 2_000) }),
  release(parts),
  settle(),
  yielded,
  displaced,
]

// One command each, since the walk of all events together has a hundred times the states and no
// transition more: regions and commands are independent of each other.
const setupAssistant = enqueue('A', { requestType: 'DeviceConfigured', repeatable: false })
const alphabets: readonly (readonly HostEvent[])[] = [
  [...mdm, ...conversation, setupAssistant],
  [...mdm, ...conversation, unread(), unread({ channel: null }), enqueue('A')],
  [...mdm, idle(), acknowledged('A'), enqueue('A', { requestType: 'EraseDevice' })],
  [...mdm, ...users, ...otherRegions, ...identity],
]

test('every transition of a host and of its commands is taken, and every walk closes', () => {
  const walks = alphabets.map((alphabet) => walk(alphabet))
  const taken = new Set(walks.flatMap((walked) => [...walked.taken]))
  const defined = [...transitionsOf(hostMachine.root), ...transitionsOf(commandMachine.root)]
  expect(defined.filter((transition) => !taken.has(transition))).toEqual([])
  expect([...taken].filter((transition) => !defined.includes(transition))).toEqual([])
  for (const { states } of walks) expect(states).toBeGreaterThan(10)
})

const commandEvents: readonly CommandEvent[] = [
  { type: 'push', at: 0, apnsId: 'apns-1' },
  { type: 'push_refused', at: 0, reason: 'Unregistered' },
  { type: 'offer', at: 0 },
  { type: 'Acknowledged', ...reportBody },
  { type: 'Error', ...reportBody },
  { type: 'CommandFormatError', ...reportBody },
  { type: 'NotNow', at: 0, round: 0 },
  { type: 'report_lost' },
  { type: 'restored' },
  { type: 'request_lost' },
  { type: 'report_unread' },
  { type: 'expire' },
  { type: 'cancel' },
  { type: 'supersede' },
]

const commandMoves = adjacencyMapToArray(
  getAdjacencyMap(commandMachine, {
    events: commandEvents,
    input: commandInput(),
    // Counters grow for ever; the state is what is walked.
    serializeState: ({ value }) => value,
  }),
)

test('every state of a command is reachable', () => {
  const reached = new Set(commandMoves.map(({ nextState }) => nextState.value))
  expect([...reached].toSorted()).toEqual(Object.keys(commandMachine.states).toSorted())
})

test('from every state of a command a final one can be reached', () => {
  const over = new Set<string>()
  for (const { state } of commandMoves) if (state.status === 'done') over.add(state.value)
  // Each pass goes one step further back, so as many passes as there are states suffice.
  for (const _pass of Object.keys(commandMachine.states))
    for (const { state, nextState } of commandMoves)
      if (over.has(nextState.value)) over.add(state.value)
  expect(over.size).toBe(Object.keys(commandMachine.states).length)
})

test('a command leaves a final state never, and enters `sent` only by being offered', () => {
  for (const { state, event, nextState } of commandMoves) {
    if (state.status === 'done') expect(nextState.value).toBe(state.value)
    if (nextState.value === 'sent' && state.value !== 'sent') expect(event.type).toBe('offer')
  }
})
