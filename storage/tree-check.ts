// Which tables and indexes are damaged: SQLite's own check, one table at a time, so that a bad page ends no check.
import { isMalformed } from './checksum.ts'
import type { Connection } from './connection.ts'
import { miscounted } from './counters.ts'
import { text } from './stored.ts'
import { isRemade, isSavable, tablesOf, type Tree, treesOf } from './trees.ts'

export type DamagedTree = {
  readonly tree: Tree
  /** What SQLite says of it, a line each. */
  readonly lines: readonly string[]
}

/** Lines of one table: a table that is damaged all over says as much in a hundred. */
const linesMax = 100

/** In the order they lie in the file. Reads all of it. */
export function damagedTrees(db: Connection): readonly DamagedTree[] {
  const trees = treesOf(db)
  const lines = new Map<string, string[]>()
  const add = (name: string, line: string): void =>
    void (lines.get(name)?.push(line) ?? lines.set(name, [line]))
  for (const table of tablesOf(trees))
    for (const line of linesOf(db, table)) add(treeNamed(trees, table, line), line)
  for (const table of miscounted(db))
    if (!lines.has(table)) add(table, 'its counts are not those of the rows it counts')
  return trees.flatMap((tree) => {
    const said = lines.get(tree.name)
    return said === undefined ? [] : [{ tree, lines: said }]
  })
}

/**
 * The full check gives nothing at all where it meets an index that it cannot walk. The quick one names that tree, but
 * compares no index with its table.
 */
function linesOf(db: Connection, table: string): readonly string[] {
  const full = checked(db, 'integrity_check', table)
  if (typeof full !== 'string') return full
  const quick = checked(db, 'quick_check', table)
  if (typeof quick === 'string') return [quick]
  return quick.length === 0 ? [full] : quick
}

/** Its lines, or why it ended early. */
function checked(
  db: Connection,
  pragma: 'integrity_check' | 'quick_check',
  table: string,
): readonly string[] | string {
  const check = db.prepare(`SELECT ${text(pragma)} FROM pragma_${pragma}('${table}')`)
  try {
    return check
      .raw()
      .all([])
      .flatMap(([line]) => String(line).split('\n'))
      .filter((line) => line !== 'ok' && !line.startsWith('***'))
      .slice(0, linesMax)
  } catch (error) {
    if (!isMalformed(error)) throw error
    return error instanceof Error ? error.message : String(error)
  }
}

/** The tree a line of the check is about; the table where it names none. */
function treeNamed(trees: readonly Tree[], table: string, line: string): string {
  const root = /^Tree (\d+)\b/.exec(line)?.[1]
  if (root !== undefined) return trees.find((tree) => tree.root === Number(root))?.name ?? table
  const index = / (?:index|from index) (\S+)$/.exec(line)?.[1]
  return trees.find(({ name }) => name === index)?.name ?? table
}

/** Those that can be made anew while the server runs. */
export const rebuildable = <One extends Tree>(damaged: readonly One[]): readonly One[] =>
  damaged.filter(({ isIndex, name }) => isIndex || isRemade(name) || isSavable(name))
