// Whose word on a fact counts.
import { expect, test } from 'vitest'
import type { SaidFacts } from '../../machines/host-context.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { acknowledged, agent, assigned, authenticate, checkOut, enqueue, idle } from './events.ts'
import { osqueryEnroll, revoke, settle, tokenUpdate } from './events.ts'
import { after, type World } from './world.ts'

const mdmSays = (facts: SaidFacts): readonly HostEvent[] => [authenticate({ facts }), tokenUpdate()]
const agentEnrols = (facts: SaidFacts): HostEvent => osqueryEnroll(agent('hash-a'), { facts })
const agentSays = (facts: SaidFacts, at = 2_000): HostEvent => ({
  type: 'osquery.details',
  at,
  keyHash: 'hash-a',
  facts,
})

/** `value by source`, and what the agent says instead. */
const word = (world: World, name: 'hostname' | 'disk_encrypted'): string => {
  const { facts, agentFacts } = world.snapshot().context
  const beside = agentFacts[name]
  const fact = facts[name]
  return `${fact?.value} by ${fact?.source}${beside ? `, agent says ${beside.value}` : ''}`
}

// prettier-ignore
const cases: readonly (readonly [string, readonly HostEvent[], string])[] = [
  ['an agent renames an MDM-enrolled host beside its name only',
    [...mdmSays({ hostname: 'ada' }), agentEnrols({ hostname: 'eve' })], 'ada by mdm, agent says eve'],
  ['details change no name that MDM gave',
    [...mdmSays({ hostname: 'ada' }), agentEnrols({}), agentSays({ hostname: 'eve' })], 'ada by mdm, agent says eve'],
  ['an agent that agrees again contradicts no more',
    [...mdmSays({ hostname: 'ada' }), agentEnrols({ hostname: 'eve' }), agentSays({ hostname: 'ada' })], 'ada by mdm'],
  ['an agent names a host of which MDM does not know the name',
    [...mdmSays({}), agentEnrols({ hostname: 'ada' })], 'ada by osquery'],
  ['the name from MDM replaces the one an agent gave, which stands beside it',
    [agentEnrols({ hostname: 'eve' }), ...mdmSays({ hostname: 'ada' })], 'ada by mdm, agent says eve'],
  ['a name repeated over MDM is proved',
    [agentEnrols({ hostname: 'ada' }), ...mdmSays({ hostname: 'ada' }), agentSays({ hostname: 'eve' })], 'ada by mdm, agent says eve'],
  ['MDM that comes to say what the agent said leaves one word',
    [...mdmSays({ hostname: 'ada' }), agentEnrols({ hostname: 'eve' }), enqueue('A'), idle(), acknowledged('A', { facts: { hostname: 'eve' } })], 'eve by mdm'],
  ['what agents say goes with the last of them',
    [...mdmSays({ hostname: 'ada' }), agentEnrols({ hostname: 'eve' }), revoke(null)], 'ada by mdm'],
  ['without MDM the agent is the one that knows',
    [...mdmSays({ hostname: 'ada' }), agentEnrols({ hostname: 'eve' }), checkOut(), agentSays({ hostname: 'eve' })], 'eve by osquery'],
  ['a name from MDM outweighs the one that an older host has from its agent',
    [agentEnrols({ hostname: 'eve' }), settle({ facts: { hostname: { value: 'ada', source: 'mdm', at: 5 } } })], 'ada by mdm'],
  ["Apple's list names no host that has a name",
    [agentEnrols({ hostname: 'ada' }), assigned({ facts: { hostname: 'list' } })], 'ada by osquery'],
]
for (const [sentence, events, words] of cases)
  test(sentence, () => expect(word(after(...events), 'hostname')).toBe(words))

test('an agent cannot declare the disk of an MDM-enrolled host encrypted', () => {
  const world = after(...mdmSays({ disk_encrypted: false }), agentEnrols({}))
  world.send(agentSays({ disk_encrypted: true }))
  expect(word(world, 'disk_encrypted')).toBe('false by mdm, agent says true')
})

test('the journal hears once of a fact that an agent contradicts, however often its word changes', () => {
  const world = after(...mdmSays({ hostname: 'ada' }), agentEnrols({}))
  expect(world.send(agentSays({ hostname: 'eve' }))).toEqual([
    { type: 'note', params: { event: 'facts.disputed', detail: { hostname: 'eve' } } },
  ])
  expect(world.send(agentSays({ hostname: 'mallory' }, 3_000))).toEqual([])
  expect(word(world, 'hostname')).toBe('ada by mdm, agent says mallory')
})
