// Starts a server, checks it, loads it, kills it; again and again on one folder.
import { type Chance, createChance } from '../../src/simulator/chance.ts'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { createChecks } from './check.ts'
import { born, liveUntilBroken } from './mac.ts'
import type { DiskFault } from './faults.ts'
import { createMemory, type Life, type Memory } from './memory.ts'
import { startVictim, type Victim } from './victim.ts'

export type RoundsOptions = {
  readonly kills: number
  readonly clients: number
  readonly seed: string
  readonly talk?: (line: string) => void
  /** The folder, where it is a small file system of its own; a new one that goes when left out. */
  readonly folder?: string
  /** Befalls the disk in every round, and passes before the server is killed. */
  readonly fault?: DiskFault
}

export type Figures = {
  readonly kills: number
  /** Of them while it was starting. */
  readonly killsAtStart: number
  readonly acknowledged: number
  readonly refused: number
  readonly computers: number
  readonly commands: number
  /** From the process' start to its first answer, sorted. */
  readonly readyMs: readonly number[]
  /** From the end of each fault until somebody's wish was taken again, sorted. */
  readonly healedMs: readonly number[]
  readonly violations: readonly string[]
}

/** After the first answer of a round: a server that has just started needs a while for that, whatever it does. */
const killAfterMs = { least: 5, most: 150 }

/** One round in five lasts until caches are warm and the writer's groups are large. */
const fullSwing = { rate: 0.2, leastMs: 300, mostMs: 600 }

/** No server is so slow to give an answer. */
const answerMs = 10_000

/** Long enough for every client to be refused at least once. */
const faultMs = { least: 200, most: 600 }

/** What is promised of a disk that has room again. */
const healsWithinMs = 5_000

/** One kill in ten meets a server that is starting: opening the file, or the WAL of the one before it. */
const atStart = { rate: 0.1, leastMs: 30, mostMs: 500 }

/** Everything ever acknowledged is checked this often and at the end; each restart checks what may have changed. */
const wholeEvery = 25

export async function killAgainAndAgain(options: RoundsOptions): Promise<Figures> {
  const { kills, clients, seed, talk = () => undefined } = options
  const { folder = newFolder(), fault } = options
  const plan = createChance(seed)
  const memory = createMemory()
  const checks = createChecks(folder)
  const readyMs: number[] = []
  const healedMs: number[] = []
  let killsAtStart = 0
  let lives: readonly Life[] = Array.from({ length: clients }, (_, number) =>
    born({ memory, chance: plan.fork(`client ${number}`) }),
  )
  for (let round = 0; round < kills; round += 1) {
    const chance = plan.fork(`round ${round}`)
    if (fault === undefined && chance.happens(atStart.rate)) {
      killsAtStart += 1
      await killAtStart(folder, memory, chance)
      continue
    }
    const served = await start({ folder, memory, fault })
    readyMs.push(served.readyMs)
    checks[round % wholeEvery === 0 ? 'whole' : 'afterRestart'](memory)
    lives = await loadAndKill({ ...served, folder, fault, memory, chance, healedMs }, lives)
    if (round % wholeEvery === 0) talk(progress(round, memory))
  }
  // What the last kill left is looked at, too.
  const { victim } = await start({ folder, memory, fault: undefined })
  checks.whole(memory)
  hear(memory, await victim.kill())
  if (memory.violations.length > 0) talk(`Look into ${folder}`)
  else if (options.folder === undefined) dropFolder(folder)
  const everybody = [...memory.past, ...memory.present]
  return {
    kills,
    killsAtStart,
    acknowledged: memory.acknowledged,
    refused: memory.refused,
    computers: everybody.length,
    commands: everybody.reduce((sum, { commands }) => sum + commands.size, 0),
    readyMs: readyMs.toSorted((a, b) => a - b),
    healedMs: healedMs.toSorted((a, b) => a - b),
    violations: memory.violations,
  }
}

async function killAtStart(folder: string, memory: Memory, chance: Chance): Promise<void> {
  const victim = startVictim(folder)
  await sleep(chance.integer(atStart.leastMs, atStart.mostMs))
  hear(memory, await victim.kill())
}

type Served = { readonly victim: Victim; readonly url: string; readonly readyMs: number }

type Setting = {
  readonly folder: string
  readonly memory: Memory
  readonly fault: DiskFault | undefined
}

async function start({ folder, memory, fault }: Setting): Promise<Served> {
  const started = performance.now()
  const victim = startVictim(folder, fault === undefined ? 'warn' : 'error')
  const url = await victim.ready
  if (url !== undefined) return { victim, url, readyMs: performance.now() - started }
  const said = await victim.kill()
  throw new Error(`no start: ${said}\n${memory.violations.join('\n')}`)
}

type Round = Served & Setting & { readonly chance: Chance; readonly healedMs: number[] }

async function loadAndKill(round: Round, lives: readonly Life[]): Promise<readonly Life[]> {
  const { victim, url, memory, chance, fault } = round
  const isPatient = fault !== undefined
  const before = memory.acknowledged
  const living = lives.map((life, number) =>
    liveUntilBroken({ url, memory, isPatient, chance: chance.fork(`client ${number}`) }, life),
  )
  await nextAnswer(memory, before)
  await sleep(loadMs(chance))
  if (fault !== undefined) await suffer(round, fault)
  const dead = victim.kill()
  const left = await Promise.all(living)
  hear(memory, await dead)
  return left
}

const loadMs = (chance: Chance): number =>
  chance.happens(fullSwing.rate)
    ? chance.integer(fullSwing.leastMs, fullSwing.mostMs)
    : chance.integer(killAfterMs.least, killAfterMs.most)

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Resolves to how long that took. */
async function nextAnswer(memory: Memory, before: number): Promise<number> {
  const began = performance.now()
  while (memory.acknowledged === before && performance.now() < began + answerMs) await sleep(1)
  if (memory.acknowledged === before) memory.broke('no answer', `within ${answerMs} ms`)
  return performance.now() - began
}

/** The disk fails for a while and is mended; then somebody's wish must be taken again, soon. */
async function suffer(round: Round, fault: DiskFault): Promise<void> {
  const { victim, folder, memory, chance, healedMs } = round
  const end = await fault.begin(victim.pid, folder)
  await sleep(chance.integer(faultMs.least, faultMs.most))
  await end()
  const taken = await nextAnswer(memory, memory.acknowledged)
  healedMs.push(taken)
  if (taken > healsWithinMs) memory.broke('slow to heal', `${Math.round(taken)} ms`)
  await sleep(chance.integer(killAfterMs.least, killAfterMs.most))
}

/** Whatever a server has to say to honest clients is a fault. */
function hear(memory: Memory, said: string): void {
  if (said !== '') memory.broke('the server said', said.slice(0, 500))
}

const progress = (round: number, { acknowledged, violations }: Memory): string =>
  `${round} kills · ${acknowledged} acknowledged · ${violations.length} violations`
