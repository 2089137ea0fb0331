// The tables and indexes of the file, each a tree of pages of its own, and what can be made anew of each.
import type { Connection } from './connection.ts'
import { text } from './stored.ts'

export type Tree = {
  readonly name: string
  readonly root: number
  /** The table itself, or the table the index belongs to. */
  readonly table: string
  readonly isIndex: boolean
}

/** Tables that hold nothing of their own: counted from other tables, or filled again as hosts speak. */
const remade = [
  'host_counts',
  'command_counts',
  'transition_counts',
  'seen_counts',
  'last_seen',
  'sqlite_sequence',
  'clock',
] as const
export type Remade = (typeof remade)[number]

export const isRemade = (table: string): table is Remade =>
  (remade as readonly string[]).includes(table)

/** What waits for webhooks: of a damaged page some is lost, and nothing else must wait for it. */
export const isSavable = (table: string): table is 'webhook_deliveries' =>
  table === 'webhook_deliveries'

export function treesOf(db: Connection): readonly Tree[] {
  return db
    .prepare(
      `SELECT ${text('name')}, rootpage, ${text('tbl_name')}, type = 'index' FROM sqlite_master WHERE rootpage > 0`,
    )
    .raw()
    .all([])
    .map(([name, root, table, isIndex]) => ({
      name: String(name),
      root: Number(root),
      table: String(table),
      isIndex: isIndex === 1,
    }))
}

export const tablesOf = (trees: readonly Tree[]): readonly string[] =>
  trees.filter(({ isIndex }) => !isIndex).map(({ name }) => name)
