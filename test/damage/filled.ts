// A database with rows of every kind, and how the server reads each of them.
import { join } from 'node:path'
import { createChance } from '../../src/simulator/chance.ts'
import { openForReading, openForWriting } from '../../storage/connection.ts'
import { createLookups } from '../../storage/lookups.ts'
import { migrate } from '../../storage/migrations.ts'
import type { Lookups, Write } from '../../storage/store.ts'
import { createTurns } from '../../storage/turn.ts'
import { rows } from '../storage/everything.ts'
import { actorRow, claimRow, commandRow, hostRow, journalRow } from '../storage/rows.ts'

/** One read of the server, which must give the same again, or say that it cannot. */
export type Reading = { readonly what: string; readonly read: (lookups: Lookups) => unknown }

const commandsPerHost = 4

/** Fills a new database and closes it. */
export function fillDatabase(folder: string, hosts: number): string {
  const path = join(folder, 'muster.db')
  const db = openForWriting(path)
  migrate(db, join(folder, 'backup'))
  const turns = createTurns(db)
  db.exec('BEGIN')
  for (let nth = 0; nth < hosts; nth += 1) turns.apply(hostOf(nth), [])
  turns.apply(shared, [])
  db.exec('COMMIT')
  db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
  db.close()
  return path
}

/** Ids as random as real ones, so that neighbours in the file are strangers. */
const idOf = (kind: string, nth: number): string => {
  const chance = createChance(`${kind} ${nth}`)
  return Array.from({ length: 32 }, () => chance.integer(0, 15).toString(16)).join('')
}

function hostOf(nth: number): readonly Write[] {
  const id = idOf('host', nth)
  const serial = `C02${String(nth).padStart(7, '0')}`
  const snapshot = JSON.stringify({
    id,
    serial,
    facts: Array.from({ length: 20 }, (_, at) => `${at} of ${id}`),
  })
  const own = { host_id: id }
  const commands = Array.from({ length: commandsPerHost }, (_, at): Write => {
    const uuid = idOf('command', nth * commandsPerHost + at)
    const open = at === 0 ? 1 : 0
    const state = open === 1 ? 'queued' : 'acknowledged'
    return {
      put: 'command',
      row: commandRow(uuid, {
        ...own,
        origin_host_id: id,
        seq: nth * commandsPerHost + at,
        open,
        state,
        snapshot: snapshot.slice(0, 300),
      }),
    }
  })
  return [
    { put: 'host_actor', row: actorRow(id, 1, snapshot) },
    { put: 'host', row: hostRow(id, { serial, hostname: `mac-${nth}`, model: 'Mac14,2' }) },
    ...commands,
    { put: 'claim', row: claimRow(id, { value: serial }) },
    { put: 'claim', row: claimRow(id, { kind: 'uuid', value: idOf('uuid', nth) }) },
    { put: 'enrollment', row: { ...rows.enrollment, ...own, key: idOf('uuid', nth) } },
    { put: 'agent', row: { ...rows.agent, ...own, node_key_hash: idOf('key', nth) } },
    {
      put: 'dep_device',
      row: { ...rows.dep_device, ...own, serial, raw: JSON.stringify({ serial }) },
    },
    { put: 'alarm', row: { ...rows.alarm, ...own, due_at: 100 + nth } },
    { put: 'outbox', row: { ...rows.outbox, ...own, id: idOf('outbox', nth), due_at: 100 + nth } },
    {
      put: 'sealed',
      row: { ...own, ref: `push/${id}`, kind: 'push', sealed: Buffer.from(id), blob: null },
    },
    {
      put: 'certificate',
      row: {
        ...rows.certificate,
        ...own,
        fingerprint: idOf('certificate', nth),
        challenge_hash: null,
        der: Buffer.from(id),
      },
    },
    { put: 'conflict', row: { ...rows.conflict, ...own, id: idOf('conflict', nth) } },
    ...[1, 2].map((at): Write => ({
      put: 'journal',
      row: journalRow(id, { at, detail: `{"nth":${nth}}` }),
    })),
  ]
}

const shared: readonly Write[] = [
  { put: 'token', row: rows.token },
  { put: 'enroll_secret', row: rows.enroll_secret },
  { put: 'authority', row: rows.authority },
  { put: 'challenge', row: rows.challenge },
  { put: 'enrollment_link', row: rows.enrollment_link },
  { put: 'push_certificate', row: rows.push_certificate },
  { put: 'webhook', row: rows.webhook },
  { put: 'delivery', row: rows.delivery },
]

/** Everything a request, a device or an operator can make the server read by key. */
export function readingsOf(hosts: number): readonly Reading[] {
  return [
    ...Array.from({ length: hosts }, (_, nth) => readingsOfHost(nth)).flat(),
    { what: 'tokens', read: (from) => from.tokens() },
    { what: 'enroll secrets', read: (from) => from.enrollSecrets() },
    { what: 'authorities', read: (from) => from.authorities() },
    { what: 'challenge', read: (from) => from.challenge(rows.challenge.hash) },
    { what: 'link', read: (from) => from.enrollmentLinkBySecret(rows.enrollment_link.secret_hash) },
    { what: 'push certificate', read: (from) => from.pushCertificate(rows.push_certificate.topic) },
    { what: 'webhook', read: (from) => from.webhook(rows.webhook.id) },
    { what: 'delivery', read: (from) => from.nextDelivery('w1', 'h1') },
  ]
}

function readingsOfHost(nth: number): readonly Reading[] {
  const id = idOf('host', nth)
  const serial = `C02${String(nth).padStart(7, '0')}`
  const uuids = Array.from({ length: commandsPerHost }, (_, at) =>
    idOf('command', nth * commandsPerHost + at),
  )
  return [
    { what: 'actor', read: (from) => from.hostActor(id) },
    { what: 'listed host', read: (from) => from.host(id) },
    { what: 'open commands', read: (from) => from.openCommands(id) },
    ...uuids.map((uuid): Reading => ({ what: 'command', read: (from) => from.command(uuid) })),
    { what: 'claim', read: (from) => from.claimsOn('serial', serial) },
    { what: 'claims', read: (from) => from.claimsOf(id) },
    { what: 'enrollment', read: (from) => from.enrollment(idOf('uuid', nth)) },
    { what: 'enrollments', read: (from) => from.enrollmentsOf(id) },
    { what: 'agent', read: (from) => from.agent(idOf('key', nth)) },
    { what: 'agents', read: (from) => from.agentsOf(id) },
    { what: 'listed device', read: (from) => from.depDevice(serial) },
    { what: 'alarms', read: (from) => from.alarmsOf(id) },
    { what: 'sealed', read: (from) => from.sealed(`push/${id}`) },
    { what: 'certificate', read: (from) => from.certificate(idOf('certificate', nth)) },
    { what: 'certificates', read: (from) => from.certificatesOf(id) },
    { what: 'conflicts', read: (from) => from.conflictsOf(id) },
  ]
}

/** What each reading gives, as text; undefined where it says that the database is damaged. */
export function readAll(
  path: string,
  readings: readonly Reading[],
): readonly (string | undefined)[] {
  const db = openForReading(path)
  try {
    const lookups = createLookups(db)
    return readings.map(({ read }) => {
      try {
        return JSON.stringify(read(lookups)) ?? 'nothing'
      } catch {
        return undefined
      }
    })
  } finally {
    db.close()
  }
}
