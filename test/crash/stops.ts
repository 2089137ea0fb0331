// Starts a server, checks it, loads it, and tells it to stop; again and again on one folder.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createChance } from '../../src/simulator/chance.ts'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { createChecks } from './check.ts'
import { born, liveUntilBroken } from './mac.ts'
import { createMemory, type Life, type Memory } from './memory.ts'
import { startVictim, type Stopped } from './victim.ts'

export type StopsOptions = {
  readonly stops: number
  readonly clients: number
  readonly seed: string
  readonly talk?: (line: string) => void
}

export type StopFigures = {
  readonly stops: number
  readonly acknowledged: number
  /** From the signal to the end of the process, sorted. */
  readonly stopMs: readonly number[]
  /** Requests on connections that had been answered before and were reset instead of told to go. */
  readonly unanswered: number
  readonly violations: readonly string[]
}

/** After the first answer. */
const stopAfterMs = { least: 20, most: 300 }

/** What was begun may take so long, and the end as such a little more. */
const stopsWithinMs = 10_000

const checkWholeEvery = 25

export async function stopAgainAndAgain(options: StopsOptions): Promise<StopFigures> {
  const { stops, clients, seed, talk = () => undefined } = options
  const folder = newFolder()
  const plan = createChance(seed)
  const memory = createMemory()
  const checks = createChecks(folder)
  const stopMs: number[] = []
  let unanswered = 0
  let lives: readonly Life[] = Array.from({ length: clients }, (_, number) =>
    born({ memory, chance: plan.fork(`client ${number}`) }),
  )
  for (let round = 0; round < stops; round += 1) {
    const chance = plan.fork(`round ${round}`)
    const victim = startVictim(folder)
    const url = await victim.ready
    if (url === undefined) throw new Error(`no start: ${await victim.kill()}`)
    checks[round % checkWholeEvery === 0 ? 'whole' : 'afterRestart'](memory)
    const before = memory.acknowledged
    const broken = (error: unknown): void => {
      if (error instanceof Error && 'wasKept' in error && error.wasKept === true) unanswered += 1
    }
    const living = lives.map((life, number) =>
      liveUntilBroken({ url, memory, broken, chance: chance.fork(`client ${number}`) }, life),
    )
    while (memory.acknowledged === before) await sleep(1)
    await sleep(chance.integer(stopAfterMs.least, stopAfterMs.most))
    const stopped = await victim.stop()
    lives = await Promise.all(living)
    judge(memory, folder, stopped)
    stopMs.push(stopped.tookMs)
    if (round % checkWholeEvery === 0) talk(`${round} stops · ${memory.acknowledged} acknowledged`)
  }
  // Without a stop there was no server, and there is nothing to check.
  if (stops > 0) checks.whole(memory)
  if (memory.violations.length > 0) talk(`Look into ${folder}`)
  else dropFolder(folder)
  return {
    stops,
    acknowledged: memory.acknowledged,
    stopMs: stopMs.toSorted((a, b) => a - b),
    unanswered,
    violations: memory.violations,
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function judge(memory: Memory, folder: string, { code, tookMs, said }: Stopped): void {
  if (code !== 0) memory.broke('exit code', String(code))
  if (tookMs > stopsWithinMs) memory.broke('slow to stop', `${Math.round(tookMs)} ms`)
  if (said !== '') memory.broke('the server said', said.slice(0, 500))
  const wal = join(folder, 'muster.db-wal')
  if (existsSync(wal) && statSync(wal).size > 0)
    memory.broke('WAL left', `${statSync(wal).size} bytes`)
}
