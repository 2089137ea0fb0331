// Rows as a host would leave them, for tests to vary.
import type { ClaimRow, CommandRow, HostActorRow, HostRow, JournalRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'

export const hostRow = (id: string, change: Partial<HostRow> = {}): HostRow => ({
  id,
  serial: `C02${id}`,
  uuid: null,
  udid: null,
  hostname: null,
  platform: 'darwin',
  os_version: null,
  model: null,
  mdm: 'enrolled.ready',
  dep: 'assigned',
  osquery: 'unenrolled',
  lifecycle: 'mdm_enrolled',
  status: 'on_automatic',
  quarantined: 0,
  merged_into: null,
  epoch: 1,
  first_seen_at: 1_000,
  updated_at: 1_000,
  ...change,
})

export const actorRow = (hostId: string, version: number, snapshot = '{}'): HostActorRow => ({
  host_id: hostId,
  version,
  machine_version: 1,
  snapshot,
})

export const commandRow = (uuid: string, change: Partial<CommandRow> = {}): CommandRow => ({
  command_uuid: uuid,
  host_id: 'h1',
  origin_host_id: 'h1',
  channel: 'DEVICE',
  request_type: 'DeviceInformation',
  state: 'queued',
  open: 1,
  priority: 0,
  seq: 1,
  request_digest: 'd',
  version: 1,
  machine_version: 1,
  snapshot: '{}',
  created_at: 1_000,
  updated_at: 1_000,
  expires_at: 9_000,
  ...change,
})

export const journalRow = (hostId: string, change: Partial<JournalRow> = {}): JournalRow => ({
  host_id: hostId,
  at: 1_000,
  actor: 'host',
  event: 'mdm.TokenUpdate',
  from_state: 'authenticated',
  to_state: 'enrolled.ready',
  cause: 'device',
  cause_id: null,
  detail: null,
  ...change,
})

export const claimRow = (hostId: string, change: Partial<ClaimRow> = {}): ClaimRow => ({
  kind: 'serial',
  value: 'C02XG0AAJGH5',
  host_id: hostId,
  status: 'active',
  source: 'mdm',
  first_seen: 1_000,
  last_seen: 1_000,
  ...change,
})

/** A host as its first turn leaves it. */
export const newHost = (id: string, change: Partial<HostRow> = {}): readonly Write[] => [
  { put: 'host_actor', row: actorRow(id, 1) },
  { put: 'host', row: hostRow(id, change) },
]
