// A small world to resolve sightings in: the tables identity writes, with the database's own refusal.
import type { Consequences, Decision, Fresh, IdentityWrite } from '../../src/identity/decision.ts'
import { knownFor } from '../../src/identity/known.ts'
import type { KnownLookups } from '../../src/identity/known.ts'
import { resolve } from '../../src/identity/resolve.ts'
import type { Sighting } from '../../src/identity/sighting.ts'
import { unreachable } from '../../src/result.ts'
import type {
  AgentRow,
  ClaimRow,
  ConflictRow,
  DepDeviceRow,
  EnrollmentRow,
  HostRow,
  MergeRow,
} from '../../storage/rows.ts'

type Command = { readonly uuid: string; readonly host_id: string; readonly origin: string }

export type Tables = {
  readonly hosts: readonly HostRow[]
  readonly claims: readonly ClaimRow[]
  readonly enrollments: readonly EnrollmentRow[]
  readonly depDevices: readonly DepDeviceRow[]
  readonly agents: readonly AgentRow[]
  readonly conflicts: readonly ConflictRow[]
  readonly merges: readonly MergeRow[]
  readonly commands: readonly Command[]
}

export type World = {
  readonly lookups: KnownLookups
  tables(): Tables
  /** Fresh ids and the time; the clock moves on. */
  fresh(): Fresh
  /** Decides and commits, and writes the rows the channel itself would. */
  see(sighting: Sighting): Decision
  /** Decides and commits, and nothing else. */
  decide(sighting: Sighting, fresh: Fresh): Decision
  commit(writes: readonly IdentityWrite[]): void
  /** What the runtime does with a merge: hosts go or come back, quarantine changes. */
  follow(outcome: {
    readonly gone?: readonly string[]
    readonly to?: string
    readonly back?: string
    readonly settled: Consequences['settled']
  }): void
  /** The live host an id leads to. */
  live(hostId: string): string
  claimOf(hostId: string | undefined, kind: string, value: string): ClaimRow | undefined
  /** Forgets all that is not a row. */
  restart(): World
}

export function openWorld(tables: Tables = nothing, startMs = 1_700_000_000_000): World {
  const hosts = new Map(tables.hosts.map((row) => [row.id, row]))
  const claims = new Map(tables.claims.map((row) => [claimKey(row), row]))
  const enrollments = new Map(tables.enrollments.map((row) => [row.key, row]))
  const depDevices = new Map(tables.depDevices.map((row) => [row.serial, row]))
  const agents = new Map(tables.agents.map((row) => [row.node_key_hash, row]))
  const conflicts = new Map(tables.conflicts.map((row) => [row.id, row]))
  const merges = new Map(tables.merges.map((row) => [row.id, row]))
  const commands = new Map(tables.commands.map((row) => [row.uuid, row]))
  let atMs = startMs

  const ofHost = <Row extends { readonly host_id: string }>(rows: Map<string, Row>, id: string) =>
    [...rows.values()].filter((row) => row.host_id === id)

  const lookups: KnownLookups = {
    host: (id) => hosts.get(id),
    claimsOn: (kind, value) =>
      [...claims.values()].filter((row) => row.kind === kind && row.value === value),
    claimsOf: (id) => ofHost(claims, id),
    enrollmentsOf: (id) => ofHost(enrollments, id),
    depDevicesOf: (id) => ofHost(depDevices, id),
    agentsOf: (id) => ofHost(agents, id),
    conflictsOf: (id) => ofHost(conflicts, id),
    mergesOf: (id) => [...merges.values()].filter((row) => row.survivor_id === id),
  }

  function putClaim(row: ClaimRow): void {
    const isTaken = [...claims.values()].some(
      (other) =>
        other.kind === row.kind &&
        other.value === row.value &&
        other.host_id !== row.host_id &&
        other.status === 'active',
    )
    if (row.status === 'active' && isTaken) throw new Error(`claim-taken: ${JSON.stringify(row)}`)
    claims.set(claimKey(row), row)
  }

  function put(write: Extract<IdentityWrite, { readonly put: string }>): void {
    switch (write.put) {
      case 'claim':
        return putClaim(write.row)
      case 'enrollment':
        return void enrollments.set(write.row.key, write.row)
      case 'dep_device':
        return void depDevices.set(write.row.serial, write.row)
      case 'agent':
        return void agents.set(write.row.node_key_hash, write.row)
      case 'conflict':
        return void conflicts.set(write.row.id, write.row)
      case 'merge':
        return void merges.set(write.row.id, write.row)
      default:
        return unreachable(write)
    }
  }

  function commit(writes: readonly IdentityWrite[]): void {
    for (const write of writes) {
      if ('put' in write) put(write)
      else if ('drop' in write) claims.delete(claimKey(write))
      else moveCommands(write)
    }
  }

  function moveCommands({ from, to, origin }: Extract<IdentityWrite, { readonly move: string }>) {
    for (const command of ofHost(commands, from))
      if (origin === null || command.origin === origin)
        commands.set(command.uuid, { ...command, host_id: to })
  }

  function putHost(id: string, change: Partial<HostRow>): void {
    hosts.set(id, { ...(hosts.get(id) ?? newHost(id, atMs)), ...change })
  }

  const world: World = {
    lookups,
    tables: () => ({
      hosts: sorted(hosts),
      claims: sorted(claims),
      enrollments: sorted(enrollments),
      depDevices: sorted(depDevices),
      agents: sorted(agents),
      conflicts: sorted(conflicts),
      merges: sorted(merges),
      commands: sorted(commands),
    }),
    fresh: () => {
      atMs += 1_000
      const id = (atMs - startMs) / 1_000 + hosts.size * 1_000
      return { atMs, hostId: `host-${id}`, conflictId: `conflict-${id}`, mergeId: `merge-${id}` }
    },
    decide: (sighting, fresh) => {
      const decision = resolve(sighting, knownFor(sighting, lookups), fresh)
      if (!('writes' in decision)) return decision
      commit(decision.writes)
      world.follow({
        gone: decision.kind === 'merge' ? decision.losers : [],
        to: decision.hostId,
        settled: decision.settled,
      })
      return decision
    },
    follow: ({ gone = [], to, back, settled }) => {
      for (const { hostId, identity, quarantined } of settled)
        putHost(hostId, {
          serial: identity.serial,
          uuid: identity.uuid,
          udid: identity.udid,
          quarantined: quarantined ? 1 : 0,
        })
      if (to !== undefined) for (const id of gone) putHost(id, { merged_into: to })
      if (back !== undefined) putHost(back, { merged_into: null })
    },
    see: (sighting) => {
      const fresh = world.fresh()
      const decision = world.decide(sighting, fresh)
      if (decision.kind === 'copied-credential' || decision.kind === 'unidentifiable')
        return decision
      addChannelRows(sighting, decision.hostId, fresh.atMs)
      return decision
    },
    commit,
    live: (id) => {
      const into = hosts.get(id)?.merged_into
      return into === null || into === undefined ? id : world.live(into)
    },
    claimOf: (host_id = '', kind, value) => claims.get(claimKey({ kind, value, host_id })),
    restart: () => {
      const kept: Tables = JSON.parse(JSON.stringify(world.tables()))
      return openWorld(kept, atMs)
    },
  }
  return world

  function addChannelRows(sighting: Sighting, host_id: string, at: number): void {
    commands.set(`command-${at}`, { uuid: `command-${at}`, host_id, origin: host_id })
    const value = (kind: string) => sighting.claims.find((claim) => claim.kind === kind)?.value
    if (sighting.source === 'dep') addDepDevice(value('serial') ?? '', host_id, at)
    const key = value('uuid') ?? value('udid') ?? value('enrollment_id')
    if (sighting.source === 'mdm') addEnrollment(key ?? `no-key-${at}`, host_id, at)
    if (sighting.source === 'osquery' && sighting.credential === undefined)
      addAgent(value('osquery_instance') ?? null, host_id, at)
  }

  function addDepDevice(serial: string, host_id: string, at: number): void {
    depDevices.set(serial, {
      serial,
      host_id,
      assigned: 1,
      profile_status: 'assigned',
      op_date: null,
      raw: '{}',
      updated_at: at,
    })
  }

  function addEnrollment(key: string, host_id: string, at: number): void {
    if (enrollments.has(key)) return
    enrollments.set(key, { key, host_id, channel: 'device', type: 'Device', created_at: at })
  }

  function addAgent(instance: string | null, host_id: string, at: number): void {
    agents.set(`key-${at}`, {
      node_key_hash: `key-${at}`,
      host_id,
      instance,
      enrolled_at: at,
      expires_at: null,
      revoked_at: null,
      detail_at: 0,
    })
  }
}

const nothing: Tables = {
  hosts: [],
  claims: [],
  enrollments: [],
  depDevices: [],
  agents: [],
  conflicts: [],
  merges: [],
  commands: [],
}

const claimKey = (row: {
  readonly kind: string
  readonly value: string
  readonly host_id: string
}): string => `${row.kind} ${row.value} ${row.host_id}`

const sorted = <Row>(rows: ReadonlyMap<string, Row>): readonly Row[] =>
  [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)

const newHost = (id: string, at: number): HostRow => ({
  id,
  serial: null,
  uuid: null,
  udid: null,
  hostname: null,
  platform: null,
  os_version: null,
  model: null,
  mdm: 'unenrolled',
  dep: 'unassigned',
  osquery: 'unenrolled',
  lifecycle: 'unenrolled',
  status: null,
  quarantined: 0,
  merged_into: null,
  epoch: 0,
  first_seen_at: at,
  updated_at: at,
})
