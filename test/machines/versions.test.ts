// Snapshots as former versions of Muster stored them. A fixture is never edited: what it holds is on
// somebody's disk. A new version adds a step in `machines/versions.ts` and fixtures of its own.
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import { machineVersions, upgradeSnapshot } from '../../machines/versions.ts'
import {
  acknowledged,
  assigned,
  authenticate,
  checkOut,
  depDevice,
  details,
  device,
  expiry,
  idle,
  listed,
  notNow,
  now,
  pushed,
  removed,
  revoke,
  tokenUpdate,
  unread,
} from './events.ts'
import { createWorld, type World } from './world.ts'

type Stored = { readonly [key: string]: unknown }
type Fixture = {
  readonly host: { readonly version: number; readonly snapshot: Stored }
  readonly commands: Readonly<
    Record<string, { readonly version: number; readonly snapshot: Stored }>
  >
}

const folder = 'test/fixtures/snapshots'
const read = (name: string): Fixture =>
  JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Fixture // ours, and checked by use

function wake(name: string): World {
  const { host, commands } = read(name)
  return createWorld({
    stored: {
      host: upgradeSnapshot('host', host.version, host.snapshot),
      commands: Object.fromEntries(
        Object.entries(commands).map(([id, { version, snapshot }]) => [
          id,
          upgradeSnapshot('command', version, snapshot),
        ]),
      ),
    },
  })
}

// prettier-ignore
const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, HostEvent, string, Readonly<Record<string, string>>])[] = [
  // fixture              woken                              with                 takes              and is then                        with
  ['host-1-new',          'unenrolled unassigned unenrolled', {},                  assigned(),        'unenrolled assigned unenrolled',   {}],
  ['host-1-everything',   'enrolled.ready assigned enrolled', {},                  removed(),         'enrolled.ready unassigned enrolled', {}],
  ['host-1-everything',   'enrolled.ready assigned enrolled', {},                  revoke(null),      'enrolled.ready assigned unenrolled', {}],
  ['host-1-everything',   'enrolled.ready assigned enrolled', {},                  details('hash-a'), 'enrolled.ready assigned enrolled', {}],
  ['host-1-authenticated', 'authenticated unassigned unenrolled', {},              tokenUpdate(),     'enrolled.ready unassigned unenrolled', {}],
  ['host-1-waiting',      'enrolled.awaiting_configuration unassigned unenrolled', { A: 'sent' }, acknowledged('A'), 'enrolled.ready unassigned unenrolled', { A: 'acknowledged' }],
  ['command-1-queued',    'enrolled.ready unassigned unenrolled', { A: 'queued' }, pushed(),          'enrolled.ready unassigned unenrolled', { A: 'pushed' }],
  ['command-1-queued',    'enrolled.ready unassigned unenrolled', { A: 'queued' }, idle(),            'enrolled.ready unassigned unenrolled', { A: 'sent' }],
  ['command-1-pushed',    'enrolled.ready unassigned unenrolled', { A: 'pushed' }, checkOut(),        'unenrolled unassigned unenrolled', { A: 'superseded' }],
  ['command-1-sent',      'enrolled.ready unassigned unenrolled', { A: 'sent' },   notNow('A'),       'enrolled.ready unassigned unenrolled', { A: 'not_now' }],
  ['command-1-not_now',   'enrolled.ready unassigned unenrolled', { A: 'not_now' }, idle(),           'enrolled.ready unassigned unenrolled', { A: 'sent' }],
  ['command-1-not_now',   'enrolled.ready unassigned unenrolled', { A: 'not_now' }, expiry('A'),      'enrolled.ready unassigned unenrolled', { A: 'expired' }],
  ['command-1-unknown',   'enrolled.ready unassigned unenrolled', { A: 'unknown' }, acknowledged('A'), 'enrolled.ready unassigned unenrolled', { A: 'acknowledged' }],
  ['command-1-unknown',   'enrolled.ready unassigned unenrolled', { A: 'unknown' }, authenticate(),   'authenticated unassigned unenrolled', { A: 'superseded' }],
  ['host-2-unreachable',  'enrolled.ready unassigned unenrolled', { A: 'queued' }, tokenUpdate(),     'enrolled.ready unassigned unenrolled', { A: 'queued' }],
  ['host-2-unreachable',  'enrolled.ready unassigned unenrolled', { A: 'queued' }, pushed(),          'enrolled.ready unassigned unenrolled', { A: 'pushed' }],
  ['host-2-everything',   'enrolled.ready assigned enrolled', {},                  removed(),         'enrolled.ready unassigned enrolled', {}],
  ['host-3-everything',   'enrolled.ready assigned enrolled', {},                  removed(),         'enrolled.ready assigned enrolled', {}],
  ['host-4-everything',   'enrolled.ready assigned enrolled', {},                  removed(),         'enrolled.ready assigned enrolled', {}],
  ['host-4-everything',   'enrolled.ready assigned enrolled', {},                  revoke(null),      'enrolled.ready assigned unenrolled', {}],
  ['command-2-pushed',    'enrolled.ready unassigned unenrolled', { A: 'pushed' }, idle(),            'enrolled.ready unassigned unenrolled', { A: 'sent' }],
  ['command-2-silent',    'enrolled.ready unassigned unenrolled', { A: 'not_now' }, idle(),           'enrolled.ready unassigned unenrolled', { A: 'sent' }],
  ['command-3-unread',    'enrolled.ready unassigned unenrolled', { A: 'sent' },   unread(),          'enrolled.ready unassigned unenrolled', { A: 'unknown' }],
]
for (const [name, standing, commands, event, nextStanding, nextCommands] of cases)
  test(`${name} wakes and takes ${event.type}`, () => {
    const world = wake(name)
    expect([world.standing(), world.commands()]).toEqual([standing, commands])
    world.send(event)
    expect([world.standing(), world.commands()]).toEqual([nextStanding, nextCommands])
  })

test('what version 1 stored is as if it had never been pushed for, with an address as old as its channel', () => {
  const world = wake('command-1-pushed')
  expect(world.snapshot().context.channels[device]).toMatchObject({
    since: now,
    addressAt: now,
    addressFault: null,
  })
  expect(world.command('A').context).toMatchObject({ since: now, push: null, silent: false })
  const unreached = wake('host-1-authenticated').snapshot().context.channels[device]
  expect(unreached).toMatchObject({ pushRef: null, addressAt: null })
})

for (const name of ['host-1-everything', 'host-2-everything'])
  test(`the one device that ${name} knew of Apple's list is the one it is listed under`, () => {
    const world = wake(name)
    expect(world.snapshot().context.depDevices).toEqual(listed(depDevice))
    expect(world.store().host['context']).not.toHaveProperty('dep')
  })

test('of a command that version 2 stored no report was unread', () => {
  expect(wake('command-2-pushed').command('A').context.unreads).toBe(0)
})

test('what version 2 stored of a host that is on no list is on none', () => {
  expect(wake('host-2-unreachable').snapshot().context.depDevices).toEqual({})
})

const fixtures = globSync(`${folder}/*.json`).map((path) => basename(path, '.json'))

for (const name of fixtures)
  test(`${name} is woken by a row of the table, and is stored again as it was while its version lasts`, () => {
    expect(cases.some(([fixture]) => fixture === name)).toBe(true)
    const { host, commands } = read(name)
    const stored = wake(name).store()
    if (host.version === machineVersions.host.version) expect(stored.host).toEqual(host.snapshot)
    for (const [id, { version, snapshot }] of Object.entries(commands))
      if (version === machineVersions.command.version) expect(stored.commands[id]).toEqual(snapshot)
  })

describe.each(['host', 'command'] as const)('the %s machine', (id) => {
  const { version, steps } = machineVersions[id]

  test('has one step for every version before its own', () => {
    expect(steps).toHaveLength(version - 1)
  })

  test('has fixtures of every version', () => {
    for (let past = 1; past <= version; past += 1)
      expect(fixtures.filter((name) => name.startsWith(`${id}-${past}-`))).not.toEqual([])
  })

  test('refuses a snapshot of a newer version', () => {
    expect(() => upgradeSnapshot(id, version + 1, {})).toThrow(
      `a ${id} snapshot of version ${version + 1} is newer than this Muster understands`,
    )
  })
})
