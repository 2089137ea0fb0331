// The first schema. Released schemas never change: a later one is a further migration.
//
// Tables are STRICT. Small rows that are read by key live in the key's own tree (WITHOUT ROWID);
// rows that carry a snapshot do not, since fat rows make such a tree deep.
import type { Migration } from '../migrations.ts'

const actors = [
  `CREATE TABLE host_actors (
    host_id TEXT PRIMARY KEY, version INTEGER NOT NULL, machine_version INTEGER NOT NULL, snapshot TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE commands (
    command_uuid TEXT PRIMARY KEY, host_id TEXT NOT NULL, origin_host_id TEXT NOT NULL, channel TEXT NOT NULL,
    request_type TEXT NOT NULL, state TEXT NOT NULL, open INTEGER NOT NULL CHECK (open IN (0, 1)),
    priority INTEGER NOT NULL, seq INTEGER NOT NULL, request_digest TEXT NOT NULL, version INTEGER NOT NULL,
    machine_version INTEGER NOT NULL, snapshot TEXT NOT NULL, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT`,
  // Partial, so that waking a host costs the same whatever its history.
  `CREATE INDEX commands_open ON commands (host_id, seq) WHERE open = 1`,
  `CREATE INDEX commands_by_host ON commands (host_id, seq, command_uuid)`,
  `CREATE INDEX commands_by_seq ON commands (seq, command_uuid)`,
  `CREATE INDEX commands_by_state ON commands (state, seq, command_uuid)`,
  `CREATE INDEX commands_by_type ON commands (request_type, seq, command_uuid)`,
]

// `combination` names the host's row in host_counts; it is null once the host was merged away. Every index a
// list walks ends in it, so that a filter on states is decided inside the index.
const hosts = [
  `CREATE TABLE host_counts (
    combination INTEGER PRIMARY KEY, mdm TEXT NOT NULL, dep TEXT NOT NULL, osquery TEXT NOT NULL,
    status TEXT NOT NULL, lifecycle TEXT NOT NULL, platform TEXT NOT NULL, count INTEGER NOT NULL CHECK (count >= 0),
    UNIQUE (mdm, dep, osquery, status, lifecycle, platform)
  ) STRICT`,
  `CREATE TABLE hosts (
    id TEXT PRIMARY KEY, serial TEXT COLLATE NOCASE, uuid TEXT COLLATE NOCASE, udid TEXT COLLATE NOCASE,
    hostname TEXT COLLATE NOCASE, platform TEXT, os_version TEXT, model TEXT, mdm TEXT NOT NULL, dep TEXT NOT NULL,
    osquery TEXT NOT NULL, lifecycle TEXT NOT NULL, status TEXT, quarantined INTEGER NOT NULL CHECK (quarantined IN (0, 1)),
    merged_into TEXT, epoch INTEGER NOT NULL, first_seen_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    combination INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX hosts_by_combination ON hosts (combination, id)`,
  ...[
    'serial',
    'uuid',
    'hostname',
    'platform',
    'os_version',
    'model',
    'status',
    'lifecycle',
    'first_seen_at',
  ].map((column) => `CREATE INDEX hosts_by_${column} ON hosts (${column}, id, combination)`),
  `CREATE INDEX hosts_by_udid ON hosts (udid)`,
  // A row per listed host from the start, `at` null until it is first heard of: lists join without gaps.
  `CREATE TABLE last_seen (
    host_id TEXT PRIMARY KEY, at INTEGER, mdm_at INTEGER, osquery_at INTEGER, combination INTEGER NOT NULL,
    pending INTEGER NOT NULL CHECK (pending IN (0, 1))
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX last_seen_by_at ON last_seen (at, host_id, combination)`,
  // Pending hosts are in no presence; those heard of in an earlier life are subtracted from a bare range count.
  `CREATE INDEX last_seen_pending ON last_seen (at) WHERE pending = 1`,
]

const hostCounting = [
  `CREATE TRIGGER host_counted AFTER INSERT ON hosts WHEN new.combination IS NOT NULL BEGIN
    UPDATE host_counts SET count = count + 1 WHERE combination = new.combination;
    INSERT INTO last_seen (host_id, combination, pending)
      VALUES (new.id, new.combination, new.lifecycle = 'dep_assigned');
  END`,
  `CREATE TRIGGER host_recounted AFTER UPDATE OF combination ON hosts
    WHEN old.combination IS NOT NULL AND new.combination IS NOT NULL AND old.combination <> new.combination BEGIN
    UPDATE host_counts SET count = count + 1 WHERE combination = new.combination;
    UPDATE host_counts SET count = count - 1 WHERE combination = old.combination;
    DELETE FROM host_counts WHERE combination = old.combination AND count = 0;
    UPDATE last_seen SET combination = new.combination, pending = new.lifecycle = 'dep_assigned'
      WHERE host_id = new.id;
  END`,
  `CREATE TRIGGER host_merged_away AFTER UPDATE OF combination ON hosts
    WHEN old.combination IS NOT NULL AND new.combination IS NULL BEGIN
    UPDATE host_counts SET count = count - 1 WHERE combination = old.combination;
    DELETE FROM host_counts WHERE combination = old.combination AND count = 0;
    DELETE FROM last_seen WHERE host_id = old.id;
  END`,
  `CREATE TRIGGER host_split_off AFTER UPDATE OF combination ON hosts
    WHEN old.combination IS NULL AND new.combination IS NOT NULL BEGIN
    UPDATE host_counts SET count = count + 1 WHERE combination = new.combination;
    INSERT INTO last_seen (host_id, combination, pending)
      VALUES (new.id, new.combination, new.lifecycle = 'dep_assigned');
  END`,
  `CREATE TRIGGER host_uncounted AFTER DELETE ON hosts WHEN old.combination IS NOT NULL BEGIN
    UPDATE host_counts SET count = count - 1 WHERE combination = old.combination;
    DELETE FROM host_counts WHERE combination = old.combination AND count = 0;
    DELETE FROM last_seen WHERE host_id = old.id;
  END`,
]

const commandCounting = [
  `CREATE TABLE command_counts (
    state TEXT NOT NULL, request_type TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (state, request_type)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER command_counted AFTER INSERT ON commands BEGIN
    INSERT INTO command_counts VALUES (new.state, new.request_type, 1)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END`,
  `CREATE TRIGGER command_recounted AFTER UPDATE OF state, request_type ON commands
    WHEN old.state <> new.state OR old.request_type <> new.request_type BEGIN
    UPDATE command_counts SET count = count - 1 WHERE state = old.state AND request_type = old.request_type;
    INSERT INTO command_counts VALUES (new.state, new.request_type, 1)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END`,
]

const history = [
  `CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
    event TEXT NOT NULL, from_state TEXT, to_state TEXT, cause TEXT NOT NULL, cause_id TEXT, detail TEXT
  ) STRICT`,
  `CREATE INDEX journal_by_host ON journal (host_id, seq)`,
  `CREATE INDEX journal_by_command ON journal (actor, seq) WHERE actor <> 'host'`,
  `CREATE TABLE transition_counts (
    machine TEXT NOT NULL, event TEXT NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (machine, event, from_state, to_state)
  ) STRICT, WITHOUT ROWID`,
]

const promises = [
  `CREATE TABLE alarms (
    host_id TEXT NOT NULL, name TEXT NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (host_id, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX alarms_by_due ON alarms (due_at, host_id, name)`,
  `CREATE TABLE outbox (
    id TEXT PRIMARY KEY, host_id TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL, due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL, created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX outbox_by_due ON outbox (due_at, id)`,
]

const identity = [
  `CREATE TABLE claims (
    kind TEXT NOT NULL, value TEXT NOT NULL, host_id TEXT NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (kind, value, host_id)
  ) STRICT, WITHOUT ROWID`,
  // The one rule no code can get round: an identifier has at most one live owner.
  `CREATE UNIQUE INDEX claims_active ON claims (kind, value) WHERE status = 'active'`,
  `CREATE INDEX claims_by_host ON claims (host_id)`,
  `CREATE TABLE enrollments (
    key TEXT PRIMARY KEY, host_id TEXT NOT NULL, channel TEXT NOT NULL, type TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX enrollments_by_host ON enrollments (host_id)`,
  `CREATE TABLE dep_devices (
    serial TEXT PRIMARY KEY, host_id TEXT NOT NULL, assigned INTEGER NOT NULL, profile_status TEXT, op_date TEXT,
    raw TEXT NOT NULL, updated_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX dep_devices_by_host ON dep_devices (host_id)`,
  `CREATE TABLE agents (
    node_key_hash TEXT PRIMARY KEY, host_id TEXT NOT NULL, instance TEXT, enrolled_at INTEGER NOT NULL,
    expires_at INTEGER, revoked_at INTEGER, detail_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX agents_by_host ON agents (host_id)`,
  `CREATE TABLE conflicts (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, host_id TEXT NOT NULL, others TEXT NOT NULL, claim_kind TEXT,
    claim_value TEXT, detail TEXT NOT NULL, opened_at INTEGER NOT NULL, resolved_at INTEGER, resolution TEXT
  ) STRICT`,
  `CREATE INDEX conflicts_by_host ON conflicts (host_id)`,
  `CREATE INDEX conflicts_open ON conflicts (opened_at, id) WHERE resolved_at IS NULL`,
  `CREATE INDEX conflicts_by_opened ON conflicts (opened_at, id)`,
  `CREATE TABLE merges (
    id TEXT PRIMARY KEY, survivor_id TEXT NOT NULL, loser_id TEXT NOT NULL, at INTEGER NOT NULL, undo TEXT NOT NULL,
    undone_at INTEGER
  ) STRICT`,
  `CREATE INDEX merges_by_survivor ON merges (survivor_id, at)`,
]

const secrets = [
  `CREATE TABLE sealed (
    ref TEXT PRIMARY KEY, host_id TEXT NOT NULL, kind TEXT NOT NULL, sealed BLOB, blob TEXT
  ) STRICT`,
  `CREATE INDEX sealed_by_host ON sealed (host_id)`,
  `CREATE TABLE tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL, created_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) STRICT`,
  `CREATE TABLE enroll_secrets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT`,
]

export const schema1: Migration = {
  version: 1,
  statements: [
    ...actors,
    ...hosts,
    ...hostCounting,
    ...commandCounting,
    ...history,
    ...promises,
    ...identity,
    ...secrets,
  ],
}
