// The second schema: certificates that say who a device is, push certificates, webhooks, hosts counted by the
// hour they were last heard of, and a checksum in every row.
import type { Migration } from '../migrations.ts'

const certificates = [
  `CREATE TABLE authorities (
    id TEXT PRIMARY KEY, certificate BLOB NOT NULL, key_ref TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE certificates (
    fingerprint TEXT PRIMARY KEY, serial TEXT NOT NULL, subject TEXT NOT NULL, der BLOB NOT NULL,
    public_key_hash TEXT NOT NULL, origin TEXT NOT NULL, status TEXT NOT NULL, host_id TEXT, vouched_host_id TEXT,
    proven TEXT, profile TEXT, link_id TEXT, team TEXT, challenge_hash TEXT, transaction_id TEXT, renews TEXT,
    not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, issued_at INTEGER NOT NULL, first_use_by INTEGER,
    bound_at INTEGER, ended_at INTEGER, ended_by TEXT
  ) STRICT`,
  // The rule no race can get round: one challenge, one certificate.
  `CREATE UNIQUE INDEX certificates_by_challenge ON certificates (challenge_hash) WHERE challenge_hash IS NOT NULL`,
  `CREATE INDEX certificates_by_host ON certificates (host_id)`,
  `CREATE INDEX certificates_by_vouched ON certificates (vouched_host_id)`,
  `CREATE INDEX certificates_by_issued ON certificates (issued_at, fingerprint)`,
  // Only certificates in use can run out.
  `CREATE INDEX certificates_by_end ON certificates (not_after, fingerprint) WHERE status = 'active'`,
  `CREATE TABLE challenges (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, host_id TEXT, proven TEXT, profile TEXT, link_id TEXT, team TEXT,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER, fingerprint TEXT, public_key_hash TEXT,
    transaction_id TEXT
  ) STRICT`,
  `CREATE INDEX challenges_by_end ON challenges (expires_at, hash)`,
  `CREATE TABLE enrollment_links (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_hash TEXT NOT NULL UNIQUE, host_id TEXT, team TEXT,
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at INTEGER, uses_max INTEGER, uses INTEGER NOT NULL,
    revoked_at INTEGER
  ) STRICT`,
  `CREATE TABLE push_certificates (
    topic TEXT PRIMARY KEY, certificate TEXT NOT NULL, key_ref TEXT NOT NULL, subject TEXT NOT NULL,
    not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
    refused_at INTEGER, refused_reason TEXT
  ) STRICT`,
]

const webhooks = [
  `CREATE TABLE webhooks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL, topics TEXT NOT NULL, secret_ref TEXT,
    former_secret_ref TEXT, former_until INTEGER, enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)), disabled_reason TEXT, cursor INTEGER NOT NULL,
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL
  ) STRICT`,
  // Ordered by rowid, which is the order of commits.
  `CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, host_id TEXT NOT NULL, topic TEXT NOT NULL, payload_ref TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
    finished_at INTEGER, last_status INTEGER, last_error TEXT
  ) STRICT`,
  // Its last column is the rowid: what waits for one host, in the order it was committed.
  `CREATE INDEX deliveries_pending ON webhook_deliveries (webhook_id, host_id) WHERE state = 'pending'`,
  `CREATE INDEX deliveries_by_webhook ON webhook_deliveries (webhook_id, created_at, id)`,
  `CREATE INDEX deliveries_by_end ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL`,
  `CREATE INDEX deliveries_last ON webhook_deliveries (webhook_id, finished_at) WHERE finished_at IS NOT NULL`,
  // Whoever tells, or sends again, read its rows a moment ago: a webhook deleted since gets none back. Only new
  // rows are looked at, so that what was tried is written without a further read.
  `CREATE TRIGGER deliveries_of_nobody AFTER INSERT ON webhook_deliveries
    WHEN NOT EXISTS (SELECT 1 FROM webhooks WHERE id = new.webhook_id)
      OR NOT EXISTS (SELECT 1 FROM sealed WHERE ref = new.payload_ref)
    BEGIN
      DELETE FROM sealed WHERE ref = new.payload_ref;
      DELETE FROM webhook_deliveries WHERE id = new.id;
    END`,
]

const hourOf = (row: 'old' | 'new'): string => `coalesce(${row}.at / 3600000, -1)`
const oneMore = `INSERT INTO seen_counts VALUES (${hourOf('new')}, new.combination, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;`
const oneLess = `UPDATE seen_counts SET count = count - 1 WHERE hour = ${hourOf('old')} AND combination = old.combination;
    DELETE FROM seen_counts WHERE hour = ${hourOf('old')} AND combination = old.combination AND count = 0;`

// Counting presences row by row grows with the fleet. A host moves between hours once an hour at most; -1 is
// for those never heard of.
const seenCounting = [
  `CREATE TABLE seen_counts (
    hour INTEGER NOT NULL, combination INTEGER NOT NULL, count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (hour, combination)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO seen_counts
    SELECT coalesce(at / 3600000, -1), combination, count(*) FROM last_seen GROUP BY 1, 2`,
  `CREATE TRIGGER seen_counted AFTER INSERT ON last_seen BEGIN ${oneMore} END`,
  `CREATE TRIGGER seen_recounted AFTER UPDATE OF at, combination ON last_seen
    WHEN ${hourOf('old')} <> ${hourOf('new')} OR old.combination <> new.combination BEGIN ${oneLess} ${oneMore} END`,
  `CREATE TRIGGER seen_uncounted AFTER DELETE ON last_seen BEGIN ${oneLess} END`,
  `DROP INDEX last_seen_pending`,
]

// What is due or runs out goes by a time that never goes back: how far it has come.
const clock = [
  `CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT`,
]

// Every table but those that are counted or updated in SQL.
const checksums = [
  'host_actors',
  'hosts',
  'commands',
  'journal',
  'alarms',
  'outbox',
  'claims',
  'enrollments',
  'dep_devices',
  'agents',
  'sealed',
  'conflicts',
  'merges',
  'clock',
  'tokens',
  'enroll_secrets',
  'authorities',
  'certificates',
  'challenges',
  'enrollment_links',
  'push_certificates',
  'webhooks',
  'webhook_deliveries',
].map((table) => `ALTER TABLE ${table} ADD COLUMN checksum INTEGER NOT NULL DEFAULT -1`)

export const schema2: Migration = {
  version: 2,
  statements: [...certificates, ...webhooks, ...seenCounting, ...clock, ...checksums],
  vouchesForRows: true,
}
