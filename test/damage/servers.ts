// A server for each spoilt table and index, a few at a time, and what became of them.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fillFolder, treesOf } from './fleet.ts'
import { type Case, live, nameOf, type Spoiling } from './living.ts'

export type ServerFigures = {
  readonly servers: number
  readonly trees: number
  /** Did not start, and said in one sentence why. */
  readonly refused: readonly string[]
  /** Ended, or did not stop with 0: there must be none. */
  readonly ended: readonly string[]
  /** Of those that lived: at which no computer could enrol any more, even after it had time to mend. */
  readonly closed: readonly string[]
}

type ServerOptions = {
  readonly folder: string
  /** Which tables and indexes; all when left out. */
  readonly only?: (name: string) => boolean
  /** How often one byte of each is spoilt, each time another. */
  readonly bytes: number
  readonly atOnce: number
}

const membersCount = 6

export async function serveOnDamage(options: ServerOptions): Promise<ServerFigures> {
  const folder = join(options.folder, 'sound')
  const members = await fillFolder(folder, membersCount)
  const trees = treesOf(folder).filter(({ name }) => options.only?.(name) ?? true)
  const waiting = trees.flatMap((tree) => casesOf(tree, options.bytes))
  const servers = waiting.length
  const refused: string[] = []
  const ended: string[] = []
  const closed: string[] = []

  async function work(nth: number): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const copy = join(options.folder, `spoilt-${nth}`)
      const { end, enrolled, said } = await live({ folder, members, copy }, one)
      const name = nameOf(one)
      if (end === 'refused') refused.push(name)
      if (end === 'ended') ended.push(`${name}: ${said}`)
      if (end === 'lived' && enrolled === 0) closed.push(name)
      rmSync(copy, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: options.atOnce }, (_, nth) => work(nth)))
  return { servers, trees: trees.length, refused, ended, closed }
}

function casesOf(tree: Case['tree'], bytes: number): readonly Case[] {
  const spoilings: readonly (readonly [Spoiling, number])[] = [
    ['page', 0],
    ...Array.from({ length: bytes }, (_, nth) => ['byte', nth] as const),
  ]
  return spoilings.flatMap(([spoiling, nth]) =>
    (['before the start', 'while it runs'] as const).map((moment) => ({
      tree,
      spoiling,
      moment,
      nth,
    })),
  )
}
