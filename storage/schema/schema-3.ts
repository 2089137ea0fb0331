// The third schema: what this release adds to the tables of the second.
import type { Migration } from '../migrations.ts'

// How often this data was restored from a backup, and how the last backup went.
const backups = [
  `CREATE TABLE incarnation (
    id INTEGER PRIMARY KEY CHECK (id = 1), incarnation INTEGER NOT NULL, restored_at INTEGER, checksum INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE backups (
    kind TEXT PRIMARY KEY, at INTEGER, journal_seq INTEGER, bytes INTEGER, file TEXT, made_by TEXT, findings INTEGER,
    failed_at INTEGER, failure TEXT, checksum INTEGER NOT NULL
  ) STRICT`,
]

// Commands that ended long ago are removed, and are counted no more.
const retention = [
  `CREATE TRIGGER command_uncounted AFTER DELETE ON commands BEGIN
    UPDATE command_counts SET count = count - 1 WHERE state = old.state AND request_type = old.request_type;
  END`,
]

// The CommandUUIDs of commands whose row goes by another id: the UUID is not unique, or no id can be made of it.
const commandNames = [
  `CREATE TABLE command_names (
    command_uuid TEXT PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX command_names_by_name ON command_names (name, command_uuid)`,
  `CREATE TRIGGER command_name_dropped AFTER DELETE ON commands BEGIN
    DELETE FROM command_names WHERE command_uuid = old.command_uuid;
  END`,
]

export const schema3: Migration = {
  version: 3,
  statements: [...backups, ...retention, ...commandNames],
}
