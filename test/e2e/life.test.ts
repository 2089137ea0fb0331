// One computer's life, as devices and operators see it over the wire.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Computer, Identity } from './computer.ts'
import type { Json } from './operator.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

describe('one computer, seen three times', () => {
  const channels = {
    dep: (mac: Computer) => mac.assign(stage.operator),
    osquery: (mac: Computer) => mac.enrolInOsquery(),
    mdm: (mac: Computer) => mac.enrolInMdm(),
  }
  const orders = [
    ['dep', 'osquery', 'mdm'],
    ['dep', 'mdm', 'osquery'],
    ['osquery', 'dep', 'mdm'],
    ['osquery', 'mdm', 'dep'],
    ['mdm', 'dep', 'osquery'],
    ['mdm', 'osquery', 'dep'],
  ] as const
  for (const order of orders)
    test(`by ${order.join(', then ')} is one host that is all three`, async () => {
      const mac = stage.newComputer()
      for (const channel of order) await channels[channel](mac)
      const found = await stage.hostsOf(mac)
      expect(found).toHaveLength(1)
      expect(found[0]).toMatchObject({
        serial: mac.serial,
        uuid: mac.uuid,
        lifecycle: 'mdm_enrolled',
        status: 'on_automatic',
        mdm: { state: 'enrolled.ready' },
        dep: { state: 'assigned' },
        osquery: { state: 'enrolled' },
        quarantined: false,
      })
      expect(await stage.host(mac.uuid)).toMatchObject({ id: found[0]?.['id'] })
    })

  test('by all three at once is one host', async () => {
    const mac = stage.newComputer()
    await Promise.all(Object.values(channels).map((channel) => channel(mac)))
    expect(await stage.hostsOf(mac)).toHaveLength(1)
  })

  test('assigned only, it is pending; with an agent before MDM, both are states of it', async () => {
    const mac = stage.newComputer()
    await mac.assign(stage.operator)
    expect(await stage.host(mac.serial)).toMatchObject({
      status: 'pending',
      lifecycle: 'dep_assigned',
    })
    await mac.enrolInOsquery()
    expect(await stage.host(mac.serial)).toMatchObject({
      status: 'pending',
      lifecycle: 'osquery_enrolled',
    })
    const filtered = await stage.operator.all('/hosts?mdm=!enrolled&osquery=enrolled&dep=assigned')
    expect(filtered.map(({ serial }) => serial)).toContain(mac.serial)
  })
})

describe('computers that are not who they seem', () => {
  const systemInfo = (keyed: string, who: Identity): Json => ({
    node_key: keyed,
    queries: { 'detail.system_info': [{ uuid: who.uuid, hardware_serial: who.serial }] },
    statuses: { 'detail.system_info': 0 },
  })

  test('two clones of one machine are two hosts, and neither loses its key', async () => {
    const mac = stage.newComputer()
    const clone = stage.newComputer({ uuid: mac.uuid })
    const keys = [await mac.enrolInOsquery(), await clone.enrolInOsquery()]
    expect((await stage.host(mac.serial)).id).not.toBe((await stage.host(clone.serial)).id)
    for (let round = 0; round < 3; round += 1)
      for (const node_key of keys)
        expect(await mac.agent('config', { node_key })).not.toHaveProperty('node_invalid')
    const conflicts = await stage.operator.all('/conflicts')
    const theirs = conflicts.filter(({ claim }) => (claim as Json | null)?.['value'] === mac.uuid)
    expect(theirs).toHaveLength(1)
  })

  test('a key copied to another computer is refused there, and nothing is written', async () => {
    const mac = stage.newComputer()
    const thief = stage.newComputer()
    const key = await mac.enrolInOsquery()
    const before = await stage.host(mac.serial)
    expect(await mac.agent('distributed/write', systemInfo(key, thief))).toMatchObject({
      node_invalid: true,
    })
    expect(await stage.host(mac.serial)).toMatchObject({
      serial: mac.serial,
      claims: before['claims'],
    })
    expect(await stage.hostsOf(thief)).toHaveLength(0)
    // It enrols anew, as the agent it is.
    const own = await thief.enrolInOsquery()
    expect(await thief.agent('distributed/write', systemInfo(own, thief))).toEqual({})
    expect(await stage.hostsOf(thief)).toHaveLength(1)
  })
})

describe('two hosts that turn out to be one', () => {
  async function merged() {
    const mac = stage.newComputer()
    await mac.assign(stage.operator)
    const key = await mac.enrolInOsquery({ sparse: true })
    const [bySerial, byUuid] = [await stage.host(mac.serial), await stage.host(mac.uuid)]
    expect(bySerial.id).not.toBe(byUuid.id)
    await mac.enrolInMdm()
    return { mac, key, survivor: bySerial.id, loser: byUuid.id }
  }

  test('are merged by the Authenticate that names both, and the loser answers with where it went', async () => {
    const { mac, survivor, loser } = await merged()
    expect(await stage.host(mac.uuid)).toMatchObject({
      id: survivor,
      serial: mac.serial,
      uuid: mac.uuid,
    })
    const moved = await stage.operator.get(`/hosts/${loser}`)
    expect(moved.status).toBe(308)
    expect(moved.headers['location']).toBe(`/api/v1/hosts/${survivor}`)
    expect(await stage.hostsOf(mac)).toHaveLength(1)
  })

  test('are two again after a split', async () => {
    const { mac, survivor, loser } = await merged()
    const dry = await stage.operator.post(`/hosts/${survivor}/split`, { dry_run: true })
    expect(dry).toMatchObject({ status: 200, body: { dry_run: true, restored: loser } })
    expect((await stage.operator.get(`/hosts/${loser}`)).status).toBe(308)
    expect((await stage.operator.post(`/hosts/${survivor}/split`, {})).status).toBe(200)
    expect(await stage.host(loser)).toMatchObject({
      id: loser,
      uuid: mac.uuid,
      osquery: { state: 'enrolled' },
    })
    expect(await stage.host(survivor)).toMatchObject({ id: survivor, serial: mac.serial })
  })

  test('are merged by an operator who knows better than the evidence', async () => {
    const mac = stage.newComputer()
    await mac.assign(stage.operator)
    await mac.enrolInOsquery({ sparse: true })
    const [older, younger] = [await stage.host(mac.serial), await stage.host(mac.uuid)]
    const path = `/hosts/${younger.id}/merge`
    const done = await stage.operator.post(path, { with: older.id })
    expect(done).toMatchObject({
      status: 200,
      body: { survivor: older.id, loser: younger.id },
    })
    expect(await stage.host(mac.uuid)).toMatchObject({ id: older.id, serial: mac.serial })
    expect((await stage.operator.get(`/hosts/${younger.id}`)).status).toBe(308)
  })

  test('are merged by an operator even where they contradict each other, and by nobody else', async () => {
    const [mac, other] = [await stage.enrolled(), stage.newComputer()]
    await other.enrolInOsquery()
    const [ours, theirs] = [await stage.host(mac.serial), await stage.host(other.serial)]
    expect(ours.id).not.toBe(theirs.id)
    const done = await stage.operator.post(`/hosts/${ours.id}/merge`, { with: theirs.id })
    expect(done).toMatchObject({ status: 200, body: { survivor: ours.id, loser: theirs.id } })
    // The key was given to a claim that lost: a genuine agent enrols again.
    expect(await stage.host(mac.serial)).toMatchObject({
      id: ours.id,
      osquery: { state: 'unenrolled' },
    })
    expect((await stage.operator.post(`/hosts/${ours.id}/split`, {})).status).toBe(200)
    expect(await stage.host(other.serial)).toMatchObject({ id: theirs.id, uuid: other.uuid })
    expect(await stage.host(mac.serial)).toMatchObject({ id: ours.id, uuid: mac.uuid })
  })
})

describe('two enrolled computers that an operator took for one', () => {
  for (const newer of ['survivor', 'other'] as const)
    test(`both talk to their hosts again after the split, also when the life of the ${newer} was the newer`, async () => {
      const [mac, other] = [await stage.enrolled(), await stage.enrolled()]
      await (newer === 'survivor' ? mac : other).enrolInMdm()
      const [ours, theirs] = [await stage.host(mac.serial), await stage.host(other.serial)]
      const uuids = [`of-ours-${newer}`, `of-theirs-${newer}`]
      for (const [index, { id }] of [ours, theirs].entries()) {
        const wish = { request_type: 'DeviceInformation', command_uuid: uuids[index] }
        expect((await stage.operator.post(`/hosts/${id}/commands`, wish)).status).toBe(201)
      }
      const merge = await stage.operator.post(`/hosts/${ours.id}/merge`, { with: theirs.id })
      expect(merge).toMatchObject({ status: 200, body: { survivor: ours.id } })
      expect((await stage.operator.post(`/hosts/${ours.id}/split`, {})).status).toBe(200)
      for (const [index, computer] of [mac, other].entries()) {
        const { id, epoch } = [ours, theirs][index] ?? ours
        expect(await stage.host(computer.serial)).toMatchObject({
          id,
          epoch,
          mdm: { state: 'enrolled.ready' },
        })
        expect(await computer.idle()).toMatchObject({ uuid: uuids[index] })
        expect(await computer.report('Acknowledged', uuids[index] ?? '')).toBeUndefined()
      }
    })
})

describe('a computer that leaves', () => {
  test('by CheckOut is answered 400 until it authenticates again', async () => {
    const mac = await stage.enrolled()
    expect(await mac.checkin('CheckOut')).toMatchObject({ status: 200 })
    expect(await stage.host(mac.serial)).toMatchObject({
      mdm: { state: 'unenrolled' },
      status: 'off',
    })
    expect(
      await mac.checkin('TokenUpdate', { Token: Buffer.alloc(32), PushMagic: 'm' }),
    ).toMatchObject({ status: 400 })
    await mac.enrolInMdm()
    expect(await stage.host(mac.serial)).toMatchObject({ mdm: { state: 'enrolled.ready' } })
  })

  test('by deletion is gone: its key is invalid, its MDM client gets 400, and both may come back', async () => {
    const mac = await stage.enrolled()
    const node_key = await mac.enrolInOsquery()
    const before = await stage.host(mac.serial)
    expect((await stage.operator.remove(`/hosts/${mac.serial}?dry_run=true`)).body).toMatchObject({
      outcome: 'deleted',
    })
    await stage.host(mac.serial)
    expect((await stage.operator.remove(`/hosts/${mac.serial}`)).body).toMatchObject({
      outcome: 'deleted',
    })
    expect((await stage.operator.get(`/hosts/${mac.serial}`)).status).toBe(404)
    expect(await mac.agent('config', { node_key })).toMatchObject({ node_invalid: true })
    await expect(mac.idle()).rejects.toThrow('answered 400')
    expect(await mac.checkin('GetBootstrapToken')).toMatchObject({ status: 400 })
    await mac.enrolInMdm()
    expect((await stage.host(mac.serial)).id).not.toBe(before.id)
  })

  test("by deletion while in Apple's list is pending again, under its id", async () => {
    const mac = stage.newComputer()
    await mac.assign(stage.operator)
    await mac.enrolInMdm()
    const node_key = await mac.enrolInOsquery()
    const before = await stage.host(mac.serial)
    const removed = await stage.operator.remove(`/hosts/${mac.serial}`)
    expect(removed).toMatchObject({ status: 200, body: { outcome: 'reset_to_pending' } })
    expect(await stage.host(mac.serial)).toMatchObject({
      id: before.id,
      status: 'pending',
      lifecycle: 'dep_assigned',
      mdm: { state: 'unenrolled' },
      osquery: { state: 'unenrolled' },
      presence: null,
    })
    expect(await mac.agent('config', { node_key })).toMatchObject({ node_invalid: true })
    await expect(mac.idle()).rejects.toThrow('answered 400')
  })
})
