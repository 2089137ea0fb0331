import { createAgent } from './agent.ts'
import type { Agent } from './agent.ts'
import type { Chance } from './chance.ts'
import type { Arrival, ComputerPlan } from './computer-plan.ts'
import type { Identity } from './identity.ts'
import { createMdmClient } from './mdm-client.ts'
import type { MdmClient } from './mdm-client.ts'
import { createGate } from './pace.ts'
import type { ListedDevice, World } from './world.ts'

/** One simulated computer. It does one thing at a time; its fleet and the pushes it gets decide when. */
export type Computer = {
  readonly identity: Identity
  readonly contested: boolean
  /** Lives one round. Never rejects for anything a server does. */
  readonly step: () => Promise<void>
  /** Whether a push to this token, in lower-case hexadecimal, is for it. */
  readonly hears: (token: string) => boolean
  /** A push reached it, so it comes by; not while it is switched off. Never rejects for anything a server does. */
  readonly woken: () => Promise<void>
  readonly believes: () => Beliefs
  readonly nodeKey: () => string | undefined
}

/** What a computer holds to be true of itself: what a right server must hold too, once all is quiet. */
export type Beliefs = {
  readonly appleList: 'assigned' | 'unassigned'
  readonly mdm: 'unenrolled' | 'authenticated' | 'enrolled'
  readonly awaitingConfiguration: boolean
  /** Enrollment key of the user's channel, while it has one. */
  readonly userChannel: string | undefined
  readonly osquery: 'enrolled' | 'unenrolled'
}

export type ComputerOptions = {
  readonly plan: ComputerPlan
  readonly world: World
  readonly chance: Chance
  /** The key of the computer this one was copied from. */
  readonly copiedKey: () => string | undefined
}

/** What changes in a life. */
type Life = {
  options: ComputerOptions
  readonly mdm: MdmClient | undefined
  readonly agent: Agent | undefined
  /** Channels that have not seen it yet in this life. */
  ahead: Arrival[]
  listed: boolean
  agentRuns: boolean
  /** Rounds until it is switched on again. */
  away: number
}

export function createComputer(options: ComputerOptions): Computer {
  const { plan } = options
  const life = beginLife(options)
  const alone = createGate(1)
  return {
    identity: plan.identity,
    contested: plan.contested,
    nodeKey: () => life.agent?.nodeKey(),
    believes: () => ({
      appleList: life.listed ? 'assigned' : 'unassigned',
      mdm: life.mdm?.state() ?? 'unenrolled',
      userChannel: life.mdm?.userChannel(),
      awaitingConfiguration: life.mdm?.device.awaitingConfiguration ?? false,
      osquery: life.agentRuns && life.agent?.nodeKey() !== undefined ? 'enrolled' : 'unenrolled',
    }),
    step: () => alone(() => liveRound(life)),
    hears: (token) => life.mdm?.hears(token) ?? false,
    woken: () => alone(() => comeBy(life)),
  }
}

async function liveRound(life: Life): Promise<void> {
  if (life.away > 0) {
    life.away -= 1
    return
  }
  await arrive(life)
  await liveOn(life)
  await meetFate(life)
}

async function comeBy({ mdm, away }: Life): Promise<void> {
  if (mdm && mdm.state() !== 'unenrolled' && away === 0) await mdm.live()
}

function beginLife(options: ComputerOptions): Life {
  const { plan, world, chance } = options
  const { identity, contested, sparse } = plan
  const { enrollSecret } = world
  const can = (arrival: Arrival): boolean =>
    arrival === 'apple-list'
      ? world.appleList !== undefined
      : arrival === 'mdm' || enrollSecret !== undefined
  const arrivals = plan.arrivals.filter(can)
  return {
    options: { ...options, plan: { ...plan, arrivals } },
    mdm:
      identity.mdm && arrivals.includes('mdm')
        ? createMdmClient({
            identity,
            world,
            contested,
            identifiers: identity.mdm,
            chance: chance.fork('mdm'),
          })
        : undefined,
    agent:
      enrollSecret !== undefined && arrivals.includes('osquery')
        ? createAgent({
            identity,
            world,
            contested,
            sparse,
            secret: enrollSecret,
            chance: chance.fork('agent'),
          })
        : undefined,
    ahead: [...arrivals],
    listed: false,
    agentRuns: false,
    away: 0,
  }
}

/** Lets the next channel see the computer. One that fails is tried again in a later round. */
async function arrive(life: Life): Promise<void> {
  const { world, chance } = life.options
  const [next] = life.ahead
  if (next === undefined || !chance.happens(world.rates.arrive)) return
  if (await arrivals[next](life)) life.ahead.shift()
}

const arrivals: Readonly<Record<Arrival, (life: Life) => Promise<boolean>>> = {
  'apple-list': (life) => list(life, 'added'),
  mdm: async ({ mdm, listed, options: { world, plan } }) => {
    // Authenticate alone is enough to go on: a lost TokenUpdate is said again with the next visit.
    await mdm?.enroll({ automatic: listed })
    const taken = mdm?.state() !== 'unenrolled'
    if (taken && mdm) world.tell(plan.identity.name, 'enrolled in MDM')
    return taken
  },
  osquery: async (life) => {
    const { options, agent } = life
    const { plan, world } = options
    const copied = plan.copyOf === undefined ? undefined : options.copiedKey()
    if (plan.copyOf !== undefined && copied === undefined) return false
    if (copied !== undefined) agent?.copyKey(copied)
    else if (agent && !(await agent.enroll())) return false
    life.agentRuns = true
    // Only its first start is that of a copied disk.
    life.options = { ...options, plan: { ...plan, copyOf: undefined } }
    world.tell(
      plan.identity.name,
      copied === undefined ? 'enrolled its agent' : 'started with a copied key',
    )
    return true
  },
}

async function list(life: Life, opType: ListedDevice['op_type']): Promise<boolean> {
  const { world, plan } = life.options
  const { serial, hardware, kind, name } = plan.identity
  if (serial === undefined || !world.appleList) return true
  const taken = await world.appleList({
    serial_number: serial,
    model: hardware.modelName,
    description: `${hardware.modelName} ${hardware.model}`,
    device_family: kind === 'mac' ? 'Mac' : kind === 'ipad' ? 'iPad' : 'iPhone',
    os: kind === 'mac' ? 'OSX' : 'iOS',
    profile_status: 'assigned',
    op_type: opType,
    op_date: new Date(world.clock()).toISOString(),
  })
  if (!taken) return false
  life.listed = opType !== 'deleted'
  world.tell(name, life.listed ? 'assigned in Apple’s list' : 'removed from Apple’s list')
  return true
}

async function liveOn({ mdm, agent, agentRuns }: Life): Promise<void> {
  if (mdm && mdm.state() !== 'unenrolled') await mdm.live()
  if (agent && agentRuns) await agent.live()
}

/** What commands made of it, or what else can happen to a computer. */
async function meetFate(life: Life): Promise<void> {
  const fate = drawFate(life)
  const { wants } = life.mdm?.device ?? {}
  if (wants?.erase) return erase(life)
  if (wants?.restart) return restart(life)
  await fate?.(life)
}

/** Every draw is made in every round, so that one fate does not shift the others. */
function drawFate({ options: { world, chance } }: Life): ((life: Life) => unknown) | undefined {
  const { rates } = world
  const fates = [
    [rates.checkOut, leave],
    [rates.reenroll, reenroll],
    [rates.asleep, sleep],
    [rates.reinstallAgent, reinstall],
  ] as const
  return fates.filter(([rate]) => chance.happens(rate))[0]?.[1]
}

function sleep(life: Life): void {
  life.away = life.options.chance.integer(2, 6)
}

function reinstall({ agent, agentRuns }: Life): void {
  if (agentRuns) agent?.reinstall()
}

function erase(life: Life): void {
  const { world, plan, chance } = life.options
  life.mdm?.forget()
  life.agent?.reinstall()
  startAnew(life, chance.integer(3, 8))
  world.tell(plan.identity.name, 'was erased')
}

function restart(life: Life): void {
  const { device } = life.mdm ?? {}
  if (!device) return
  device.wants.restart = false
  device.bootedAtMs = device.clock()
  life.away = life.options.chance.integer(1, 2)
}

/** Leaves by CheckOut, sometimes Apple's list too, and comes back as if new after a while. */
async function leave(life: Life): Promise<void> {
  const { mdm, options } = life
  const { world, plan, chance } = options
  if (mdm?.state() !== 'enrolled') return
  const sold = chance.happens(0.5)
  await mdm.checkOut()
  world.tell(plan.identity.name, 'checked out')
  if (sold && life.listed) await list(life, 'deleted')
  life.agent?.reinstall()
  startAnew(life, chance.integer(8, 24))
}

async function reenroll(life: Life): Promise<void> {
  const { mdm, listed, options } = life
  if (mdm?.state() !== 'enrolled') return
  if (await mdm.enroll({ automatic: listed })) {
    options.world.tell(options.plan.identity.name, 'enrolled in MDM again')
  } else if (mdm.state() === 'unenrolled') {
    // The profile is gone, and whether the server took the message nobody knows: it is tried again.
    life.ahead = [...life.ahead, 'mdm']
  }
}

function startAnew(life: Life, awayRounds: number): void {
  life.agentRuns = false
  life.ahead = life.options.plan.arrivals.filter(
    (arrival) => arrival !== 'apple-list' || !life.listed,
  )
  life.away = awayRounds
}
