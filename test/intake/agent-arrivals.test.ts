// Which agent a host takes: an enroll secret proves no identity, so one that speaks is not replaced.
import { expect, test } from 'vitest'
import type { OsqueryReply } from '../../src/protocol/osquery/reply.ts'
import { type House, openHouse, valueOf } from '../runtime/world.ts'
import { openDoors, operator, ownerOf } from './world.ts'

const mac = { serial: 'C02ARRIVE1', uuid: '0A221111-2222-4333-8444-555555555501' }
const minute = 60_000

async function stage() {
  const house = await openHouse()
  const doors = openDoors(house)
  const enroll = (instance: string) => doors.enroll({ ...mac, instance })
  const polls = (key: string) => doors.osquery.agent(key)
  const says = async (key: string, name: string) => {
    const agent = polls(key)
    if (agent === undefined) return { kind: 'node-invalid' } as const
    const rows = [{ uuid: mac.uuid, hardware_serial: mac.serial, computer_name: name }]
    return doors.osquery.write(agent, [{ id: 'detail.system_info', status: 0, rows }])
  }
  return { house, doors, enroll, polls, says, owner: () => ownerOf(house, 'uuid', mac.uuid) ?? '' }
}

const keyOf = (reply: OsqueryReply): string => {
  if (reply.kind !== 'enrolled') throw new Error(`not enrolled: ${JSON.stringify(reply)}`)
  return reply.nodeKey
}
const hostOf = async ({ hosts }: House, id: string) =>
  valueOf(await hosts.look(id)).snapshot.context

test('a host of which an agent speaks takes no other, whatever the secret, and evicts none', async () => {
  const { house, enroll, polls, owner } = await stage()
  const key = keyOf(await enroll('genuine'))
  for (let nth = 0; nth < 17; nth += 1) {
    expect(await enroll(`forged-${nth}`)).toMatchObject({ kind: 'failed', status: 429 })
    await house.advance(30_000)
    expect(polls(key)).toBeDefined()
  }
  expect(Object.keys((await hostOf(house, owner())).agents)).toHaveLength(1)
})

test('a computer whose osquery was reinstalled is its host again after the cooldown', async () => {
  const { house, enroll, owner, polls } = await stage()
  const before = keyOf(await enroll('before'))
  polls(before)
  const host = owner()
  expect(await enroll('after')).toMatchObject({ status: 429 })
  await house.advance(5 * minute)
  expect(await enroll('after')).toMatchObject({ status: 429 })
  await house.advance(5 * minute)
  const after = keyOf(await enroll('after'))
  expect(polls(after)?.hostId).toBe(host)
  expect(house.store.lookups.conflictsOf(host)).toEqual([])
})

test('an agent that enrols again under its own instance waits for nothing', async () => {
  const { enroll, polls } = await stage()
  polls(keyOf(await enroll('mine')))
  expect(await enroll('mine')).toMatchObject({ kind: 'enrolled' })
})

test('a restart of the server makes no agent silent', async () => {
  const { house, enroll } = await stage()
  await enroll('genuine')
  await house.advance(60 * minute)
  await house.close()
  const again = await openHouse({ folder: house.folder, clock: house.clock })
  const doors = openDoors(again)
  expect(await doors.enroll({ ...mac, instance: 'forged' })).toMatchObject({ status: 429 })
  await again.advance(10 * minute)
  expect(await doors.enroll({ ...mac, instance: 'reinstalled' })).toMatchObject({
    kind: 'enrolled',
  })
})

test('an operator who revokes the present agent lets the next one in at once', async () => {
  const { house, enroll, owner } = await stage()
  await enroll('before')
  expect(await enroll('after')).toMatchObject({ status: 429 })
  const event = { type: 'osquery.revoke', at: house.clock.now(), keyHashes: null } as const
  valueOf(await house.hosts.ask(owner(), { events: [event], cause: operator }))
  expect(await enroll('after')).toMatchObject({ kind: 'enrolled' })
})

/** Twenty agents with one UUID and serial, each polling every minute and enrolling whenever it has no key. */
async function twentyClones({ house, enroll, polls }: Awaited<ReturnType<typeof stage>>) {
  const keys = new Map<string, string>()
  let enrolments = 0
  for (let round = 0; round < 12; round += 1) {
    for (let nth = 0; nth < 20; nth += 1) {
      const key = keys.get(`clone-${nth}`)
      if (key !== undefined && polls(key) !== undefined) continue
      const reply = await enroll(`clone-${nth}`)
      if (reply.kind !== 'enrolled') continue
      enrolments += 1
      keys.set(`clone-${nth}`, reply.nodeKey)
    }
    await house.advance(minute)
  }
  return { enrolments, keys }
}

test('twenty clones with one UUID and serial become twenty hosts with one conflict each, and no key ends', async () => {
  const scene = await stage()
  const { house, enroll, polls, owner } = scene
  const { enrolments, keys } = await twentyClones(scene)
  const original = owner()
  const first = keys.get('clone-0') ?? ''
  expect(enrolments).toBe(20)
  const hosts = new Set([...keys.values()].map((key) => polls(key)?.hostId))
  expect([hosts.size, hosts.has(undefined), polls(first)?.hostId]).toEqual([20, false, original])
  for (const id of hosts) {
    if (id === undefined || id === original) continue
    const conflicts = house.store.lookups.conflictsOf(id)
    expect(conflicts).toMatchObject([{ kind: 'clone', host_id: id, resolved_at: null }])
    expect((await hostOf(house, id)).quarantined).toBe(true)
  }
  // The original enrols again: its clones stay apart.
  await enroll('clone-0')
  expect(new Set([...keys.values()].map((key) => polls(key)?.hostId)).size).toBe(20)
  // A clone enrols again: it is the host it was.
  const mine = polls(keys.get('clone-7') ?? '')?.hostId
  expect(polls(keyOf(await enroll('clone-7')))?.hostId).toBe(mine)
})

test('an operator who says that both agents are one computer makes one host of them', async () => {
  const { house, doors, enroll, polls, owner } = await stage()
  const first = keyOf(await enroll('one'))
  let second: OsqueryReply = { kind: 'done' }
  for (let nth = 0; nth < 10 && second.kind !== 'enrolled'; nth += 1) {
    polls(first)
    second = await enroll('two')
    await house.advance(minute)
  }
  const apart = polls(keyOf(second))?.hostId ?? ''
  expect(apart).not.toBe(owner())
  const [conflict] = house.store.lookups.conflictsOf(apart)
  const answer = { choice: 'merge', dryRun: false, cause: operator }
  expect(await doors.reconcile.resolveConflict(conflict?.id ?? '', answer)).toMatchObject({
    ok: true,
  })
  expect(polls(keyOf(second))?.hostId).toBe(polls(first)?.hostId)
  // Its word holds: each may enrol again.
  expect(await enroll('two')).toMatchObject({ kind: 'enrolled' })
})

test('of two agents that both speak for a host the elder names it, and a conflict shows them once', async () => {
  const { house, enroll, says, owner, polls } = await stage()
  const sleeper = keyOf(await enroll('sleeper'))
  await says(sleeper, 'genuine')
  await house.advance(20 * minute)
  const newcomer = keyOf(await enroll('newcomer'))
  await says(newcomer, 'newcomer')
  await house.advance(6 * minute)
  for (const name of ['first', 'second']) {
    polls(sleeper)
    await says(newcomer, `renamed ${name}`)
    await says(sleeper, 'genuine')
    await house.advance(minute)
  }
  await says(newcomer, 'renamed at last')
  const host = owner()
  expect((await hostOf(house, host)).facts.hostname?.value).toBe('genuine')
  expect(house.store.lookups.conflictsOf(host)).toMatchObject([{ kind: 'clone', others: '[]' }])
  expect([polls(sleeper)?.hostId, polls(newcomer)?.hostId]).toEqual([host, host])
})

test('copies of one disk, instance included, get a key each and enrol no more', async () => {
  const { house, enroll, polls } = await stage()
  const keys: string[] = [keyOf(await enroll('copied')), keyOf(await enroll('copied'))]
  let enrolments = 0
  for (let passed = 0; passed < 120; passed += 1) {
    await house.advance(minute)
    for (const [index, key] of keys.entries()) {
      if (polls(key) !== undefined) continue
      enrolments += 1
      keys[index] = keyOf(await enroll('copied'))
    }
  }
  expect(enrolments).toBe(1)
})
