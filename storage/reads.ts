import { damageOf, isMalformed, isSound } from './checksum.ts'
import { columns, rowOf, type Rows, type Table, type Value } from './columns.ts'
import type { Connection } from './connection.ts'
import { storedList, storedRow } from './stored.ts'

type Read<Found> = (...values: readonly Value[]) => Found

/**
 * Prepares reads of whole rows, each held against its checksum.
 *
 * What belongs to one host or is named by its key throws `Damage` where a row is not as it was written: half an
 * answer would be a wrong one. What lists things that have nothing to do with each other leaves that row out.
 */
export type Reads = {
  one<T extends Table>(table: T, where: string, index?: string): Read<Rows[T] | undefined>
  many<T extends Table>(table: T, where: string, index?: string): Read<readonly Rows[T][]>
  /** All that are sound. */
  sound<T extends Table>(table: T, where: string, index?: string): Read<readonly Rows[T][]>
  /** The first that is sound, in the order the condition ends with. */
  next<T extends Table>(table: T, where: string, index?: string): Read<Rows[T] | undefined>
}

/** Damaged rows passed over in search of a sound one: a page of them and more. */
const passedMax = 256

/** Damaged rows in a row behind which nothing is looked for any more. */
const passedMost = 65_536

/** `note` hears of every damaged row that is met, however often. */
export function createReads(db: Connection, note: (damaged: string) => void): Reads {
  function broken(table: Table, key: readonly unknown[]): Error {
    const damage = damageOf(table, key)
    note(damage.damaged)
    return damage
  }
  /** A page that makes no sense to SQLite is no other damage than a row that makes none to us. */
  function reading<Found>(table: Table, key: readonly Value[], read: () => Found): Found {
    try {
      return read()
    } catch (error) {
      throw isMalformed(error) ? broken(table, key) : error
    }
  }
  function isNoted(isRight: boolean, table: Table, values: readonly Value[]): boolean {
    if (!isRight) note(damageOf(table, values.slice(0, 1)).damaged)
    return isRight
  }

  return {
    one(table, where, index) {
      const statement = prepare(db, { table, where, index })
      return (...key) => {
        const found = reading(table, key, () => statement.get(key))
        if (found === undefined) return undefined
        if (!statement.isRight(found, key)) throw broken(table, key)
        return rowOf(table, found)
      }
    },
    many(table, where, index) {
      const statement = prepare(db, { table, where, index })
      return (...key) => {
        const found = reading(table, key, () => statement.all(key))
        const bad = found.find((values) => !statement.isRight(values, key))
        if (bad !== undefined) throw broken(table, bad.slice(0, 1))
        return found.map((values) => rowOf(table, values))
      }
    },
    sound(table, where, index) {
      const statement = prepare(db, { table, where, index })
      const isLimited = where.endsWith(' LIMIT ?')
      const read = (key: readonly Value[]): SomeSound => {
        const found = reading(table, key, () => statement.all(key))
        const right = found.filter((row) => isNoted(statement.isRight(row, key), table, row))
        return { right, count: found.length }
      }
      return (...key) => {
        const right = isLimited ? soundWithin(read, key) : read(key).right
        return right.map((values) => rowOf(table, values))
      }
    },
    next(table, where, index) {
      const statement = prepare(db, { table, where: `${where} LIMIT 1 OFFSET ?`, index })
      return (...key) => {
        for (let passed = 0; passed < passedMax; passed += 1) {
          const found = reading(table, key, () => statement.get([...key, passed]))
          if (found === undefined) return undefined
          if (isNoted(statement.isRight(found, key), table, found)) return rowOf(table, found)
        }
        return undefined
      }
    },
  }
}

type SomeSound = { readonly right: readonly (readonly Value[])[]; readonly count: number }

/** Whoever asks for ten would take nine for the end, and ten damaged ones for nothing to do. The limit is the key's last. */
function soundWithin(
  read: (key: readonly Value[]) => SomeSound,
  key: readonly Value[],
): SomeSound['right'] {
  const first = read(key)
  if (first.right.length === first.count) return first.right
  const limit = Number(key.at(-1))
  for (let passed = passedMax; ; passed *= 4) {
    const { right, count } = read([...key.slice(0, -1), limit + passed])
    if (right.length >= limit || count < limit + passed || passed > passedMost)
      return right.slice(0, limit)
  }
}

/** Where a condition begins by naming columns and their values, as `a = ? AND b = ?`: which columns those are. */
function askedColumns(table: Table, where: string): readonly number[] {
  const [named = ''] = /^(?:\w+ = \?(?!\d)(?: AND |$| ))*/.exec(where) ?? []
  const names: readonly string[] = columns[table]
  return [...named.matchAll(/(\w+) = \?/g)].map(([, name = '']) => names.indexOf(name))
}

type Question = {
  readonly table: Table
  readonly where: string
  readonly index?: string | undefined
}

function prepare(db: Connection, { table, where, index = '' }: Question) {
  const found = db
    .prepare(`SELECT ${storedList(table)} FROM ${table} ${index} WHERE ${where}`)
    .raw()
  const asked = askedColumns(table, where)
  // An index that leads to another row gives a sound one, and the wrong one.
  const isRight = (values: readonly Value[], key: readonly Value[]): boolean =>
    isSound(table, values) && asked.every((at, nth) => values[at] === key[nth])
  return {
    isRight,
    get(key: readonly Value[]): readonly Value[] | undefined {
      const row = found.get(key)
      return row && storedRow(table, row)
    },
    all: (key: readonly Value[]) => found.all(key).map((row) => storedRow(table, row)),
  }
}
