import { fits } from './combinations.ts'
import { type CommandListQuery, type Page, pageRowsMax } from './queries.ts'
import type { CommandRow } from './rows.ts'
import { and, isOneOf, numberOf, type Select, type Sql, sql } from './select.ts'
import { soundPage } from './sound-page.ts'
import { number, storedList, text as bytes } from './stored.ts'

/**
 * A page of commands with the exact number of all that match.
 *
 * Over the fleet the number comes from counters, and decides between walking all by seq and gathering
 * the few that match; a host's own commands are few enough to count.
 */
export function listCommands(select: Select, query: CommandListQuery): Page<CommandRow> {
  const counts = readCounts(select)
  const matching = counts.filter(
    ({ state, requestType }) => fits(query.states, state) && fits(query.requestTypes, requestType),
  )
  if (matching.length === 0) return { items: [], total: 0, more: false }
  const filtered = filtersOf(query, matching)
  const limit = Math.min(query.limit, pageRowsMax)
  const sum = (rows: readonly Count[]): number => rows.reduce((all, { count }) => all + count, 0)
  const isCounted = query.hostId === undefined && query.commandUUID === undefined
  const total = isCounted
    ? sum(matching)
    : countRows(select, { filtered, index: indexFor(query, false) })
  const few = total * total <= (limit + 1) * sum(counts)
  const index = indexFor(query, few)
  const read = (rows: number) => select(...page(query, { filtered, index, rows }))
  return { ...soundPage('commands', read, { limit, itemOf: (row) => row }), total }
}

type Count = { readonly state: string; readonly requestType: string; readonly count: number }

function readCounts(select: Select): readonly Count[] {
  const rows = select(
    `SELECT ${bytes('state')}, ${bytes('request_type')}, ${number('count')} FROM command_counts WHERE count > 0`,
  )
  return rows.map(([state, requestType, count]) => ({
    state: String(state),
    requestType: String(requestType),
    count: Number(count),
  }))
}

function filtersOf(
  { hostId, commandUUID, states, requestTypes }: CommandListQuery,
  matching: readonly Count[],
): Sql {
  const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)]
  return and([
    hostId === undefined ? undefined : sql('host_id = ?', hostId),
    commandUUID === undefined ? undefined : isNamed(commandUUID),
    states && isOneOf('state', distinct(matching.map(({ state }) => state))),
    requestTypes && isOneOf('request_type', distinct(matching.map((count) => count.requestType))),
  ])
}

/** A CommandUUID is the id of at most one command; of others it is the name. */
const isNamed = (commandUUID: string): Sql =>
  sql(
    'command_uuid IN (SELECT ? UNION SELECT command_uuid FROM command_names WHERE name = ?)',
    commandUUID,
    commandUUID,
  )

function indexFor(query: CommandListQuery, few: boolean): string {
  if (query.commandUUID !== undefined) return 'sqlite_autoindex_commands_1'
  if (query.hostId !== undefined) return 'commands_by_host'
  if (few && query.states !== undefined) return 'commands_by_state'
  if (few && query.requestTypes !== undefined) return 'commands_by_type'
  return 'commands_by_seq'
}

function countRows(
  select: Select,
  { filtered: where, index }: { readonly filtered: Sql; readonly index: string },
): number {
  const text = `SELECT count(*) FROM commands INDEXED BY ${index} WHERE ${where.text}`
  return numberOf(select(text, where.values))
}

function page(
  { after, ascending }: CommandListQuery,
  {
    filtered,
    index,
    rows,
  }: { readonly filtered: Sql; readonly index: string; readonly rows: number },
): Parameters<Select> {
  const [beyond, direction] = ascending === true ? ['>', 'ASC'] : ['<', 'DESC']
  const rest = after && sql(`(seq, command_uuid) ${beyond} (?, ?)`, after.seq, after.command_uuid)
  const where = and([filtered, rest])
  const text = `SELECT ${storedList('commands')} FROM commands INDEXED BY ${index}
    WHERE ${where.text} ORDER BY seq ${direction}, command_uuid ${direction} LIMIT ?`
  return [text, [...where.values, rows]]
}
