import type { JsonObject } from '../protocol/osquery/json.ts'
import { osqueryInfoRow, osVersionRow, systemInfoRow } from './agent-messages.ts'
import type { AgentVersion } from './agent-messages.ts'
import type { Chance } from './chance.ts'
import type { Identity } from './identity.ts'

export type Asked = {
  readonly identity: Identity
  readonly version: AgentVersion
  readonly instance: string
  readonly upSeconds: number
  readonly chance: Chance
}

/** What an agent answers to one query: rows, or an SQLite-like error. */
export type QueryAnswer =
  | { readonly status: 0; readonly rows: readonly JsonObject[] }
  | { readonly status: 1; readonly message: string }

/**
 * Answers a query by the first table it names: this is no SQL engine, so conditions are not looked at, and
 * columns are picked only where they are listed plainly.
 */
export function answerQuery(sql: string, asked: Asked): QueryAnswer {
  const table = /\bFROM\s+([a-z_]+)/i.exec(sql)?.[1]?.toLowerCase()
  // `SELECT 1` and the like: true for everyone.
  if (table === undefined) return { status: 0, rows: [{ '1': '1' }] }
  if (/\bAS\s+encrypted\b/i.test(sql)) {
    return {
      status: 0,
      rows: [{ encrypted: asked.chance.fork('encrypted').happens(0.85) ? '1' : '0' }],
    }
  }
  const rows = Object.hasOwn(tables, table) ? tables[table]?.(asked) : undefined
  return rows === undefined
    ? { status: 1, message: `no such table: ${table}` }
    : { status: 0, rows: rows.map((row) => pickColumns(sql, row)) }
}

const tables: Readonly<Record<string, (asked: Asked) => readonly JsonObject[]>> = {
  system_info: ({ identity }) => [systemInfoRow(identity)],
  os_version: ({ identity }) => [osVersionRow(identity)],
  osquery_info: ({ identity, version, instance }) => [osqueryInfoRow(identity, version, instance)],
  uptime: ({ upSeconds }) => [
    {
      days: String(Math.floor(upSeconds / 86_400)),
      hours: String(Math.floor(upSeconds / 3_600) % 24),
      minutes: String(Math.floor(upSeconds / 60) % 60),
      seconds: String(upSeconds % 60),
      total_seconds: String(upSeconds),
    },
  ],
  users: ({ identity: { person } }) => [
    { uid: '501', username: person.shortName, description: person.longName, shell: '/bin/zsh' },
  ],
  osquery_registry: () => [],
  osquery_schedule: () => [],
  processes: ({ chance }) => [{ pid: String(chance.integer(300, 60_000)), name: 'osqueryd' }],
}

function pickColumns(sql: string, row: JsonObject): JsonObject {
  const list = /^\s*SELECT\s+([a-z0-9_,\s]+?)\s+FROM\b/i.exec(sql)?.[1]
  if (list === undefined) return row
  const names = list.split(',').map((name) => name.trim())
  return Object.fromEntries(names.map((name) => [name, row[name] ?? '']))
}
