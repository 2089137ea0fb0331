// Whether the rows of one host agree with each other.
import { type CommandSnapshot, expiryAlarm } from '../../machines/command.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { Agent, Channel } from '../../machines/host-context.ts'
import { channelOfAlarm, isReachable, isWaking } from '../../machines/waking.ts'
import { hostRow } from '../../src/runtime/projection.ts'
import type { AgentRow, EnrollmentRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'

/** What is wrong with the host; nothing when all is well. */
export function hostFaults(
  lookups: Lookups,
  hostId: string,
  sharesKeys: boolean,
): readonly string[] {
  const host = lookups.host(hostId)
  const actor = lookups.hostActor(hostId)
  if (host === undefined || actor === undefined || host.merged_into !== null)
    return goneFaults(lookups, hostId)
  // A stored snapshot has the context and the value of a live one.
  const snapshot = JSON.parse(actor.snapshot) as HostSnapshot
  return [
    ...listingFaults(lookups, snapshot),
    ...channelFaults(lookups, snapshot),
    // Clones enrol under one key: the row is of whoever did so last, and goes when either leaves.
    ...(sharesKeys ? [] : keyFaults(lookups, snapshot)),
    ...alarmFaults(lookups, snapshot),
  ]
}

/** A host that is gone or part of another keeps no work. */
function goneFaults(lookups: Lookups, hostId: string): readonly string[] {
  const open = lookups.openCommands(hostId).map(({ command_uuid }) => command_uuid)
  const alarms = lookups.alarmsOf(hostId).map(({ name }) => name)
  return [...open, ...alarms].map((name) => `${hostId} is gone and left ${name} behind`)
}

function listingFaults(lookups: Lookups, snapshot: HostSnapshot): readonly string[] {
  const { id } = snapshot.context
  const listed = { ...lookups.host(id), updated_at: 0 }
  const expected = hostRow(snapshot, 0)
  return JSON.stringify(expected) === JSON.stringify(listed)
    ? []
    : [`${id} is listed as ${JSON.stringify(listed)} and is ${JSON.stringify(expected)}`]
}

function channelFaults(lookups: Lookups, { context }: HostSnapshot): readonly string[] {
  const { id, channels, agents, depDevices } = context
  const isMadeOfTwo = lookups.mergesOf(id).length > 0
  return [
    ...lookups
      .enrollmentsOf(id)
      // It also keeps the key of the MDM life that lost to the newer one: a split gives it back.
      .filter(({ key }) => !isMadeOfTwo || Object.hasOwn(channels, key))
      .flatMap((row) => unlike(id, row, enrollmentRow(id, channels[row.key]))),
    ...lookups
      .agentsOf(id)
      .filter(({ revoked_at }) => revoked_at === null)
      .flatMap((row) => unlike(id, row, agentRow(id, agents[row.node_key_hash]))),
    ...Object.keys(agents)
      .filter((keyHash) => lookups.agent(keyHash)?.host_id !== id)
      .map((keyHash) => `agent ${keyHash} of ${id} has no row`),
    ...unlike(
      id,
      lookups.depDevicesOf(id).map(({ serial, raw }) => [serial, raw]),
      Object.keys(depDevices)
        .toSorted()
        .map((serial) => [serial, JSON.stringify(depDevices[serial]?.raw)]),
    ),
  ]
}

function unlike(hostId: string, row: unknown, expected: unknown): readonly string[] {
  const [left, right] = [JSON.stringify(row), JSON.stringify(expected)]
  return left === right ? [] : [`a row of ${hostId} is ${left} instead of ${right}`]
}

const enrollmentRow = (hostId: string, channel: Channel | undefined): EnrollmentRow | null =>
  channel === undefined
    ? null
    : {
        key: channel.key,
        host_id: hostId,
        channel: channel.kind,
        type: channel.type,
        created_at: channel.since,
      }

const agentRow = (hostId: string, agent: Agent | undefined): AgentRow | null =>
  agent === undefined
    ? null
    : {
        node_key_hash: agent.keyHash,
        host_id: hostId,
        instance: agent.instance,
        enrolled_at: agent.enrolledAt,
        expires_at: agent.expiresAt,
        revoked_at: null,
        detail_at: agent.detailAt,
      }

/** A key may be another host's by now; it may not be nobody's. */
function keyFaults(lookups: Lookups, { context: { id, channels } }: HostSnapshot): string[] {
  return Object.keys(channels)
    .filter((key) => lookups.enrollment(key) === undefined)
    .map((key) => `channel ${key} of ${id} has no row`)
}

/** Every open command has its timer, and every timer its command; so has every channel that something waits on. */
function alarmFaults(lookups: Lookups, snapshot: HostSnapshot): readonly string[] {
  const { id: hostId } = snapshot.context
  const due = (name: string, at: number): string => `${name} at ${at}`
  const all = lookups.alarmsOf(hostId)
  const alarms = all
    .filter(({ name }) => channelOfAlarm(name) === undefined)
    .map(({ name, due_at }) => due(name, due_at))
  const expected = lookups
    .openCommands(hostId)
    .map(({ command_uuid, expires_at }) => due(expiryAlarm(command_uuid), expires_at))
  return [
    ...expected.filter((one) => !alarms.includes(one)).map((one) => `${hostId} has no ${one}`),
    ...alarms.filter((one) => !expected.includes(one)).map((one) => `${hostId} kept ${one}`),
    ...watchFaults(lookups, snapshot),
  ]
}

function watchFaults(lookups: Lookups, { context }: HostSnapshot): readonly string[] {
  const { id, channels } = context
  const timers = lookups.alarmsOf(id).flatMap(({ name }) => channelOfAlarm(name) ?? [])
  const waited = lookups
    .openCommands(id)
    // A stored snapshot has the context and the value of a live one.
    .map((row) => JSON.parse(row.snapshot) as CommandSnapshot)
    .filter((command) => isWaking(command))
    .map(({ context: { channel } }) => channel)
  return [
    ...waited
      .filter((key) => isReachable(channels, key) && !timers.includes(key))
      .map((key) => `${id} has work for ${key} and will not wake it again`),
    // A channel that lost to a newer one in a merge may come back with a split.
    ...timers
      .filter((key) => Object.hasOwn(channels, key))
      .filter((key) => !waited.includes(key) || !isReachable(channels, key))
      .map((key) => `${id} watches ${key}, on which nothing waits`),
  ]
}
