// One run: the real server over a model of its store, among devices, operators and misfortunes that a seed chooses.
import type { Performers } from '../../src/runtime/outbox.ts'
import type { Write } from '../../storage/store.ts'
import { startAgent } from './agent.ts'
import { startComputer } from './computer.ts'
import { createDice, type Dice } from './dice.ts'
import { createFaultStore } from './fault-store.ts'
import { createHands } from './hands.ts'
import { type Life, openLife } from './life.ts'
import { createDurableRows } from './model-store.ts'
import { createNetwork } from './network.ts'
import { startOperator } from './operator.ts'
import { appleSays } from './apple-says.ts'
import { createOracles } from './oracles.ts'
import type { PlantedBug } from './planted-bug.ts'
import { createPresenceOracle } from './presence-oracle.ts'
import { createSchedule, type Owner } from './schedule.ts'
import { calm, choosePlan, type Plan } from './plan.ts'
import { spare, type Trouble } from './troubles.ts'
import { startUser } from './user.ts'
import { createWitness } from './witness.ts'

export type Outcome = {
  readonly seed: number
  /** Equal for equal seeds and equal code. */
  readonly hash: string
  readonly steps: number
  /** What was broken first; undefined when all held. */
  readonly violation: string | undefined
  readonly trace: readonly string[]
}

const startAt = 1_767_254_400_000

/** How long misfortunes last, and how long all work may take once they are over. */
const troubledMs = 80_000
const settlingMs = 30 * 60_000

/** Far above what any run takes: more means that something runs in circles. */
const stepsMax = 30_000

const dayMs = 86_400_000

/** Nothing is put off for longer: a device that keeps silent is pushed for daily. */
const waitMaxMs = 2 * dayMs

const clockJumpsMs = [60_000, 3_600_000, dayMs, 3_650 * dayMs] as const

/** Requests, timers and turns under way at once: more means that a queue grows without end. */
const waitingMax = 2_000

export type Circumstances = {
  readonly bug?: PlantedBug | undefined
  /** Troubles the seed would bring and this run is to do without. */
  readonly spared?: Iterable<Trouble>
}

export async function simulate(
  seed: number,
  { bug, spared = [] }: Circumstances = {},
): Promise<Outcome> {
  const dice = createDice(seed)
  const plan = choosePlan(dice)
  for (const trouble of spared) spare(plan, trouble)
  const run = openRun({ dice, plan, bug })
  const { schedule } = run
  await settle(run)
  if (run.violation() === undefined) await compare(run)
  return {
    seed,
    hash: schedule.hash(),
    steps: schedule.steps,
    violation: run.violation(),
    trace: schedule.trace(),
  }
}

type Run = ReturnType<typeof openRun>

/** Until all is done after the troubles, or something is broken. */
async function settle(run: Run): Promise<void> {
  const { schedule, violate } = run
  const endsAt = startAt + troubledMs + settlingMs
  while (run.violation() === undefined && !run.isQuiet() && schedule.now() < endsAt) {
    if (!(await schedule.step())) violate('nothing is left to happen')
    if (schedule.waiting > waitingMax) violate('a queue grows without end')
    if (schedule.steps > stepsMax) violate('it never comes to rest')
  }
  if (!run.isQuiet()) violate(`left undone: ${run.undone()}`)
}

/** A host may still be at work: it answers when it is done. */
async function compare(run: Run): Promise<void> {
  let isDone = false
  void run.compareMemory().then(() => (isDone = true))
  for (let steps = 0; !isDone && steps < 1_000; steps += 1) await run.schedule.step()
  if (!isDone) run.violate('a host does not answer')
}

type RunOptions = { readonly dice: Dice; readonly plan: Plan; readonly bug: PlantedBug | undefined }

function openRun({ dice, plan, bug }: RunOptions) {
  const schedule = createSchedule(startAt, dice)
  const rows = createDurableRows(new Set(bug?.missing))
  const lives: Life[] = []
  let violation: string | undefined
  let isOver = false
  let isFull = false
  const violate = (what: string): void => {
    violation ??= what
  }
  const failed = (error: unknown): void =>
    violate(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const { now } = schedule
  const keys = new Set(plan.hardware.map(({ uuid }) => uuid))
  const sharesKeys = keys.size < plan.hardware.length
  const hands = createHands(now)
  const { wallClock } = hands
  const oracles = createOracles({ rows, latestAt: hands.latestAt, violate, sharesKeys })
  const presence = createPresenceOracle({ rows, now, violate, thresholds: bug?.thresholds })
  const isAlone = (): boolean => lives.length === 1
  const witness = createWitness({ lookups: rows.lookups, now, violate, sharesKeys })
  const network = createNetwork({ schedule, dice, rates: plan.network, lives: () => lives, failed })
  const actor = { schedule, dice, network, witness }

  const performersOf = (owner: Owner): Performers => ({
    'apns.push': (row) => {
      oracles.performing(row.id)
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Performers[string]>>>()
      schedule.of(owner).after(dice.between(20, 2_000), 'apns', () => {
        const event = appleSays(rows.lookups, row, { at: wallClock(), apnsId: dice.hex(8) })
        const fails = dice.chance(plan.network.lostAnswer)
        resolve(fails ? { kind: 'again', reason: 'no answer' } : { kind: 'done', event })
      })
      return promise
    },
  })

  function open(): void {
    const owner: Owner = { isDead: false, standsUntil: 0 }
    const crash = (how: string): void => kill(owner, how)
    const applied = (writes: readonly Write[]): void => {
      oracles.applied(writes)
      presence.applied(writes)
    }
    const store = createFaultStore({
      schedule,
      dice,
      rows,
      life: owner,
      applied,
      crash,
      failed,
      rates: plan.faults,
      isFull: () => isFull,
    })
    const performers = performersOf(owner)
    lives.push(openLife({ schedule, wallClock, dice, owner, store, performers, bug, failed }))
  }

  /** Whatever was only in memory is gone, and so is whoever waited for it. */
  function kill(owner: Owner, how: string): void {
    const life = lives.find((one) => one === owner)
    if (life === undefined) return
    owner.isDead = true
    lives.splice(lives.indexOf(life), 1)
    schedule.note(`killed ${how}`)
    network.cut(life)
    if (lives.length > 0) return
    oracles.died()
    schedule.after(dice.between(50, 9_000), 'starts', open)
  }

  function die(life: Life | undefined): void {
    if (life === undefined) return
    if (dice.chance(plan.kills)) return kill(life, 'at random')
    if (bug?.twins !== true || lives.length > 1) return
    // A process that was taken for dead and is not: both serve until the old one is gone.
    open()
    schedule.note('a second one starts')
    schedule.after(dice.between(1_000, 30_000), 'the older one ends', () => kill(life, 'late'))
  }

  function stall(life: Life | undefined): void {
    if (!dice.chance(plan.stalls) || life === undefined) return
    life.standsUntil = now() + dice.between(1_000, 60_000)
    schedule.note('stands still')
  }

  function jump(): void {
    if (!dice.chance(plan.clock)) return
    if (dice.chance(0.2)) return hands.freeze()
    const aheadMs = dice.pick(clockJumpsMs) * dice.pick([1, -1])
    hands.set(aheadMs)
    schedule.note(`the clock is ${aheadMs} ms ahead`)
  }

  function fill(): void {
    if (!dice.chance(plan.fullDisk)) return
    isFull = true
    schedule.after(dice.between(1_000, 10_000), 'space again', () => (isFull = false))
  }

  function misfortune(): void {
    if (isOver) return
    const [life] = lives
    for (const trouble of [die, stall, jump, fill]) trouble(life)
    schedule.after(dice.between(5_000, 15_000), 'misfortune', misfortune)
  }

  let owedUntil = 0
  /** What is due by the time this run ends, and what waits for longer than anything is ever put off. */
  const isOwed = (at: number): boolean =>
    at < owedUntil || at > (lives[0]?.steady() ?? 0) + waitMaxMs

  const undone = (): string =>
    [
      ...rows.tables.commands
        .where(({ open, expires_at }) => open === 1 && isOwed(expires_at))
        .map((row) => row.command_uuid),
      ...rows.tables.outbox.where(({ due_at }) => isOwed(due_at)).map(({ id }) => id),
      ...rows.tables.alarms.where(({ due_at }) => isOwed(due_at)).map(({ name }) => name),
      ...plan.hardware
        .filter((one) => witness.servedAt(one) < startAt + troubledMs)
        .map(({ name }) => `${name} not served`),
      ...(network.open === 0 ? [] : [`${network.open} requests`]),
    ].join(', ')

  for (const { name, serial, uuid } of plan.hardware) schedule.note(`${name} ${serial} ${uuid}`)
  open()
  misfortune()
  for (const [index, hardware] of plan.hardware.entries()) {
    startComputer(hardware, plan.manners, actor)
    if (plan.users[index] === true) startUser(hardware, plan.manners, actor)
    const agent = plan.agents[index]
    if (agent !== undefined) startAgent(hardware, agent, actor)
  }
  startOperator({
    ...actor,
    rows,
    hardware: plan.hardware,
    rates: plan.operator,
    isOver: () => isOver,
  })
  // A clock that was put right is not what the former process knew it to be.
  const lastEndAt = troubledMs + dice.between(1_000, 15_000)
  schedule.after(lastEndAt, 'one last end', () => {
    const [life] = lives
    if (life !== undefined && dice.chance(plan.kills)) kill(life, 'at last')
  })
  schedule.after(troubledMs, 'faults stop', () => {
    isOver = true
    isFull = false
    hands.set(0)
    presence.ofSilence(wallClock())
    owedUntil = oracles.markedAt() + settlingMs
    calm(plan)
  })
  /** What the server believes of its hosts is what the rows say, command by command. */
  async function compareMemory(): Promise<void> {
    presence.ofSpeech(wallClock(), startAt + troubledMs)
    for (const { id } of rows.tables.hosts.where(({ merged_into }) => merged_into === null)) {
      const looked = await lives[0]?.hosts.look(id)
      const version = rows.lookups.hostActor(id)?.version
      const open = rows.lookups.openCommands(id).map((row) => row.command_uuid)
      if (looked?.ok !== true) violate(`${id} cannot be looked at`)
      else if (looked.value.version !== version)
        violate(`${id} has version ${looked.value.version} in memory and ${version} in its row`)
      else if ([...looked.value.commands.keys()].toSorted().join() !== open.toSorted().join())
        violate(`${id} has other commands in memory than in its rows`)
    }
  }

  return {
    schedule,
    violate,
    compareMemory,
    violation: () => violation,
    undone,
    isQuiet: () => isOver && isAlone() && undone() === '',
  }
}
