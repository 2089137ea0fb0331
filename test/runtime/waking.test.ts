// What it costs to bring a host into memory, and from which rows.
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { machineVersions, upgradeSnapshot } from '../../machines/versions.ts'
import type { Write } from '../../storage/store.ts'
import {
  acknowledged,
  assigned,
  cancel,
  depDevice,
  enqueue,
  enrolled,
  idle,
  later,
} from '../machines/events.ts'
import { commandRow } from '../storage/rows.ts'
import { createClock, morning } from './clock.ts'
import { born, openHouse, runOn, tell, valueOf } from './world.ts'
import { hostRow } from '../storage/rows.ts'

const house = await openHouse({ lasting: true })
const { store } = house
const lives = { expiresAt: morning + later }

test('waking a host with 5,000 finished commands reads its own row and those of its open ones', async () => {
  await born(house, 'h1', ...enrolled, enqueue('A', lives), cancel('A'))
  const finished = store.lookups.command('A')
  if (finished === undefined) throw new Error('A was enqueued')
  const writes = Array.from({ length: 4_999 }, (_, nth): Write => {
    const uuid = `old-${nth}`
    const snapshot = finished.snapshot.replaceAll('"A"', `"${uuid}"`)
    return {
      put: 'command',
      row: { ...finished, command_uuid: uuid, snapshot, seq: nth, version: 1 },
    }
  })
  await store.commit(writes)
  for (const nth of [1, 2, 3])
    await tell(house, 'h1', enqueue(`B${nth}`, { ...lives, seq: 9_000 + nth }))

  const fresh = runOn({ store, clock: createClock() })
  store.forget()
  const woken = valueOf(await fresh.hosts.look('h1'))
  expect([...woken.commands.keys()]).toEqual(['B1', 'B2', 'B3'])
  const { dueAlarms: _alarms, dueOutbox: _outbox, ...read } = store.rowsRead
  expect(read).toEqual({ host: 1, hostActor: 1, openCommands: 3 })

  store.forget()
  expect((await tell(fresh, 'h1', idle())).reply).toEqual({ kind: 'command', commandUUID: 'B1' })
  expect((await tell(fresh, 'h1', acknowledged('B1'))).reply).toEqual({
    kind: 'command',
    commandUUID: 'B2',
  })
  // Once awake a host reads nothing more, and its finished commands are not written again.
  expect(store.rowsRead).toEqual({})
  expect(
    store.commits.flat().filter((write) => 'put' in write && write.put === 'command'),
  ).toHaveLength(3)
  await fresh.stop()
})

test('every stored snapshot carries the version of the machine that wrote it', async () => {
  await born(house, 'h2', ...enrolled, enqueue('C', lives))
  expect(store.lookups.hostActor('h2')?.machine_version).toBe(machineVersions.host.version)
  expect(store.lookups.command('C')?.machine_version).toBe(machineVersions.command.version)
})

test('the stored snapshot of a host holds none of its commands', async () => {
  await born(house, 'h3', ...enrolled, enqueue('D', lives))
  const row = store.lookups.hostActor('h3')
  expect(JSON.parse(row?.snapshot ?? '')).toMatchObject({ children: {} })
  expect(row?.snapshot).not.toContain('"D"')
})

type Stored = { readonly version: number; readonly snapshot: object }
type Fixture = { readonly host: Stored; readonly commands: Readonly<Record<string, Stored>> }

const folder = 'test/fixtures/snapshots'
const fixtures = globSync(`${folder}/*.json`).map((path) => basename(path, '.json'))

for (const name of fixtures)
  test(`rows that hold ${name} wake, take an event, and are stored at the present version`, async () => {
    // Ids of its own, since all fixtures live in one store here.
    const text = readFileSync(`${folder}/${name}.json`, 'utf8')
      .replaceAll('"host-1"', `"${name}"`)
      .replaceAll('"A"', `"A-${name}"`)
    const { host, commands } = JSON.parse(text) as Fixture // ours, and checked by use
    await store.commit(rowsOf(name, host, commands))

    const woken = valueOf(await house.hosts.look(name))
    expect([...woken.commands.keys()]).toEqual(Object.keys(commands))
    const upgraded = upgradeSnapshot('host', host.version, host.snapshot as Record<string, unknown>)
    expect(JSON.parse(JSON.stringify(woken.snapshot.context))).toEqual(upgraded['context'])
    const { snapshot } = await tell(
      house,
      name,
      assigned({ device: { ...depDevice, raw: { name } } }),
    )
    expect(snapshot.value.dep).toBe('assigned')
    expect(store.lookups.hostActor(name)).toMatchObject({
      version: 2,
      machine_version: machineVersions.host.version,
    })
    expect(store.lookups.openCommands(name).map((row) => row.command_uuid)).toEqual(
      Object.keys(commands),
    )
  })

/** As an earlier Muster left them. */
const rowsOf = (id: string, host: Stored, commands: Fixture['commands']): readonly Write[] => [
  { put: 'host', row: hostRow(id) },
  {
    put: 'host_actor',
    row: {
      host_id: id,
      version: 1,
      machine_version: host.version,
      snapshot: JSON.stringify(host.snapshot),
    },
  },
  ...Object.entries(commands).map(([uuid, { version, snapshot }]): Write => ({
    put: 'command',
    row: {
      ...commandRow(uuid, { host_id: id, origin_host_id: id }),
      machine_version: version,
      snapshot: JSON.stringify(snapshot),
    },
  })),
]
