import type { Write } from '../../storage/store.ts'
import { claimRow, commandRow, journalRow, newHost } from './rows.ts'

export const rows = {
  alarm: { host_id: 'h1', name: 'expire', due_at: 100 },
  outbox: {
    id: 'o1',
    host_id: 'h1',
    kind: 'apns',
    payload: '{}',
    due_at: 50,
    attempts: 0,
    created_at: 1,
  },
  enrollment: { key: 'E1', host_id: 'h1', channel: 'device', type: 'Device', created_at: 1 },
  dep_device: {
    serial: 'S1',
    host_id: 'h1',
    assigned: 1,
    profile_status: null,
    op_date: null,
    raw: '{}',
    updated_at: 1,
  },
  agent: {
    node_key_hash: 'k1',
    host_id: 'h1',
    instance: null,
    enrolled_at: 1,
    expires_at: null,
    revoked_at: null,
    detail_at: 0,
  },
  conflict: {
    id: 'x1',
    kind: 'clone',
    host_id: 'h1',
    others: '[]',
    claim_kind: 'uuid',
    claim_value: 'U',
    detail: '{}',
    opened_at: 1,
    resolved_at: null,
    resolution: null,
  },
  merge: { id: 'm1', survivor_id: 'h1', loser_id: 'h0', at: 1, undo: '{}', undone_at: null },
  last_seen: { host_id: 'h1', at: 9, mdm_at: 9, osquery_at: null },
  token: { id: 't1', name: 'ci', role: 'viewer', hash: 'h', created_at: 1, last_used_at: null },
  enroll_secret: { id: 'n1', name: 'default', hash: 'h', created_at: 1 },
} as const

/** A turn with a row of every kind, all of host h1. */
export const everything: readonly Write[] = [
  ...newHost('h1'),
  { put: 'command', row: commandRow('c1') },
  { put: 'journal', row: journalRow('h1') },
  { put: 'claim', row: claimRow('h1') },
  { put: 'alarm', row: rows.alarm },
  { put: 'outbox', row: rows.outbox },
  { put: 'enrollment', row: rows.enrollment },
  { put: 'dep_device', row: rows.dep_device },
  { put: 'agent', row: rows.agent },
  {
    put: 'sealed',
    row: {
      ref: 's1',
      host_id: 'h1',
      kind: 'command',
      sealed: Buffer.from([1, 2, 255]),
      blob: null,
    },
  },
  { put: 'conflict', row: rows.conflict },
  { put: 'merge', row: rows.merge },
  { put: 'last_seen', row: rows.last_seen },
  { put: 'token', row: rows.token },
  { put: 'enroll_secret', row: rows.enroll_secret },
  { put: 'journal', row: journalRow('h1', { actor: 'c1', from_state: null, to_state: 'queued' }) },
]
