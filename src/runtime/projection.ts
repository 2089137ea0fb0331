// What is listed and looked up, derived from snapshots. Losing all of it loses nothing.
import type { CommandSnapshot } from '../../machines/command.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type {
  Agent,
  Channel,
  DepDevice,
  FactName,
  HostContext,
} from '../../machines/host-context.ts'
import { dotted, lifecycleOf, statusOf } from '../../machines/standing.ts'
import type {
  AgentRow,
  CommandRow,
  DepDeviceRow,
  EnrollmentRow,
  HostRow,
} from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import { commandText, commandVersion, hostText, hostVersion } from './actors.ts'

export function hostRow(snapshot: HostSnapshot, at: number): HostRow {
  const { context, value } = snapshot
  const said = (name: FactName): string | null => {
    const fact = context.facts[name]
    return fact === undefined ? null : String(fact.value)
  }
  return {
    id: context.id,
    serial: context.identity.serial,
    uuid: context.identity.uuid,
    udid: context.identity.udid ?? enrolledUdid(context),
    hostname: said('hostname'),
    platform: said('platform'),
    os_version: said('os_version'),
    model: said('model'),
    mdm: dotted(value.mdm),
    dep: value.dep,
    osquery: value.osquery,
    lifecycle: lifecycleOf(snapshot),
    status: statusOf(snapshot),
    quarantined: context.quarantined ? 1 : 0,
    merged_into: null,
    epoch: context.epoch,
    first_seen_at: context.firstSeenAt,
    updated_at: at,
  }
}

/** A Mac's UDID is its hardware UUID, so it is no claim of its own; what it enrolled as is still its UDID. */
const enrolledUdid = ({ channels }: HostContext): string | null =>
  Object.values(channels).find(({ type }) => type === 'Device')?.key ?? null

export const hostActorWrite = (snapshot: HostSnapshot, version: number): Write => ({
  put: 'host_actor',
  row: {
    host_id: snapshot.context.id,
    version,
    machine_version: hostVersion,
    snapshot: hostText(snapshot),
  },
})

const enrollmentRow = (hostId: string, channel: Channel): EnrollmentRow => ({
  key: channel.key,
  host_id: hostId,
  channel: channel.kind,
  type: channel.type,
  created_at: channel.since,
})

const agentRow = (hostId: string, agent: Agent): AgentRow => ({
  node_key_hash: agent.keyHash,
  host_id: hostId,
  instance: agent.instance,
  enrolled_at: agent.enrolledAt,
  expires_at: agent.expiresAt,
  revoked_at: null,
  detail_at: agent.detailAt,
})

const depDeviceRow = (hostId: string, device: DepDevice): DepDeviceRow => ({
  serial: device.serial_number,
  host_id: hostId,
  assigned: 1,
  profile_status: device.profile_status,
  op_date: device.op_date,
  raw: JSON.stringify(device.raw),
  updated_at: device.since,
})

type Owner = { readonly hostId: string; readonly originHostId: string; readonly version: number }

export function commandRow(snapshot: CommandSnapshot, owner: Owner, at: number): CommandRow {
  const { context, value, status } = snapshot
  return {
    command_uuid: context.commandUUID,
    host_id: owner.hostId,
    origin_host_id: owner.originHostId,
    channel: context.channel,
    request_type: context.requestType,
    state: value,
    open: status === 'active' ? 1 : 0,
    priority: context.priority,
    seq: context.seq,
    request_digest: context.requestDigest,
    version: owner.version,
    machine_version: commandVersion,
    snapshot: commandText(snapshot),
    created_at: context.createdAt,
    updated_at: at,
    expires_at: context.expiresAt,
  }
}

/** The writes that bring the channel tables from one snapshot to the next. Unchanged parts cost nothing. */
export const channelWrites = (
  before: HostSnapshot | undefined,
  after: HostSnapshot,
): readonly Write[] => [
  ...enrollmentWrites(before?.context.channels, after),
  ...agentWrites(before?.context.agents, after),
  ...depWrites(before?.context.depDevices, after),
]

const enrollmentWrites = (
  before: HostContext['channels'] | undefined,
  { context: { id, channels } }: HostSnapshot,
): readonly Write[] =>
  changed(before, channels).map(([key, channel]) =>
    channel === undefined
      ? { drop: 'enrollment', key, host_id: id }
      : { put: 'enrollment', row: enrollmentRow(id, channel) },
  )

const agentWrites = (
  before: HostContext['agents'] | undefined,
  { context: { id, agents } }: HostSnapshot,
): readonly Write[] =>
  changed(before, agents).map(([keyHash, agent]) =>
    agent === undefined
      ? { drop: 'agent', node_key_hash: keyHash, host_id: id }
      : { put: 'agent', row: agentRow(id, agent) },
  )

const depWrites = (
  before: HostContext['depDevices'] | undefined,
  { context: { id, depDevices } }: HostSnapshot,
): readonly Write[] =>
  changed(before, depDevices).map(([serial, device]) =>
    device === undefined
      ? { drop: 'dep_device', serial, host_id: id }
      : { put: 'dep_device', row: depDeviceRow(id, device) },
  )

/** Entries that are new, other than before, or (as `undefined`) gone. */
function changed<Entry>(
  before: Readonly<Record<string, Entry>> = {},
  after: Readonly<Record<string, Entry>>,
): readonly (readonly [string, Entry | undefined])[] {
  if (before === after) return []
  return [
    ...Object.keys(before)
      .filter((key) => !Object.hasOwn(after, key))
      .map((key) => [key, undefined] as const),
    ...Object.entries(after).filter(([key, entry]) => before[key] !== entry),
  ]
}
