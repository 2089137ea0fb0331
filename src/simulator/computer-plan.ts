import type { Chance } from './chance.ts'
import { createChance } from './chance.ts'
import type { ComputerKind } from './hardware.ts'
import { cloneOf, createIdentity } from './identity.ts'
import type { Identity } from './identity.ts'
import type { Rates } from './rates.ts'

/** How a channel comes to see a computer. */
export type Arrival = 'apple-list' | 'mdm' | 'osquery'

/** All that chance decides about a computer before its life begins. */
export type ComputerPlan = {
  readonly identity: Identity
  /** Which channels see it, in which order. */
  readonly arrivals: readonly Arrival[]
  /** Another computer says it has the same UUID or key, or it hides its serial: the server may revoke its key. */
  readonly contested: boolean
  readonly sparse: boolean
  /** The computer whose node key it starts with, as its place in the fleet. */
  readonly copyOf: number | undefined
}

/** The computers of a fleet. The same seed and rates give the same ones, however many follow. */
export function planFleet(hosts: number, seed: string, rates: Rates): readonly ComputerPlan[] {
  const chance = createChance(seed)
  const plans: ComputerPlan[] = []
  for (let place = 0; place < hosts; place += 1) {
    const name = `computer-${String(place + 1).padStart(5, '0')}`
    const plan = planComputer(name, chance.fork(name), { rates, before: plans })
    plans.push(plan.computer)
    const twin = plan.twin === undefined ? undefined : plans[plan.twin]
    // The original is contested from the first day: its twin may come before it.
    if (plan.twin !== undefined && twin) plans[plan.twin] = { ...twin, contested: true }
  }
  return plans
}

type Known = { readonly rates: Rates; readonly before: readonly ComputerPlan[] }

type Planned = { readonly computer: ComputerPlan; readonly twin: number | undefined }

function planComputer(name: string, chance: Chance, { rates, before }: Known): Planned {
  const kind = kindOf(chance.fraction(), rates)
  const clones = chance.happens(rates.clone)
  const copies = chance.happens(rates.copiedAgent)
  const sparse = chance.happens(rates.sparseAgent)
  const twin = clones || copies ? twinFor(chance, before) : undefined
  const original = twin === undefined ? undefined : before[twin]
  if (original) {
    return { twin, computer: planTwin(name, chance, { original, twin, clones, rates }) }
  }
  const identity = createIdentity(name, kind, chance)
  const hides = sparse && kind === 'mac'
  const arrivals = arrivalsOf(kind, chance, rates)
  const computer = { identity, arrivals, sparse: hides, copyOf: undefined, contested: hides }
  return { twin: undefined, computer }
}

type Twin = {
  readonly original: ComputerPlan
  readonly twin: number | undefined
  readonly clones: boolean
  readonly rates: Rates
}

/** A clone has the original's UUID; a copied disk brings its agent's key along, on hardware of its own. */
function planTwin(
  name: string,
  chance: Chance,
  { original, twin, clones, rates }: Twin,
): ComputerPlan {
  const { kind } = original.identity
  const identity = clones
    ? cloneOf(original.identity, name, chance)
    : createIdentity(name, kind, chance)
  const arrivals = arrivalsOf(kind, chance, rates)
  const withAgent: readonly Arrival[] = arrivals.includes('osquery')
    ? arrivals
    : [...arrivals, 'osquery']
  const copyOf = clones ? undefined : twin
  return { identity, arrivals: withAgent, sparse: false, copyOf, contested: true }
}

function kindOf(draw: number, rates: Rates): ComputerKind {
  let rest = draw
  for (const kind of ['personal', 'iphone', 'ipad', 'linux', 'windows'] as const) {
    rest -= rates[kind]
    if (rest < 0) return kind
  }
  return 'mac'
}

/** Tries before a fleet counts as having nobody to copy. */
const twinTriesMax = 16

function twinFor(chance: Chance, before: readonly ComputerPlan[]): number | undefined {
  for (let tries = 0; tries < twinTriesMax && before.length > 0; tries += 1) {
    const place = chance.integer(0, before.length - 1)
    const candidate = before[place]
    if (candidate && !candidate.contested && candidate.arrivals.includes('osquery')) return place
  }
  return undefined
}

function arrivalsOf(kind: ComputerKind, chance: Chance, rates: Rates): readonly Arrival[] {
  const listed = chance.happens(rates.inAppleList)
  const hasAgent = chance.happens(rates.agentOnMac)
  const hasMdm = chance.happens(rates.mdmOnMac)
  const order = orderOf(chance, rates)
  switch (kind) {
    case 'linux':
    case 'windows':
      return ['osquery']
    case 'personal':
      return ['mdm']
    case 'ipad':
    case 'iphone':
      return order.filter((arrival) => arrival === 'mdm' || (arrival === 'apple-list' && listed))
    case 'mac': {
      const has = { 'apple-list': listed, mdm: hasMdm, osquery: hasAgent || !hasMdm }
      return order.filter((arrival) => has[arrival])
    }
    default:
      return kind satisfies never
  }
}

function orderOf(chance: Chance, rates: Rates): readonly Arrival[] {
  let rest = chance.fraction()
  const mixed = chance.shuffled(['apple-list', 'mdm', 'osquery'] as const)
  rest -= rates.appleListFirst
  if (rest < 0) return ['apple-list', 'mdm', 'osquery']
  rest -= rates.mdmFirst
  if (rest < 0) return ['mdm', 'osquery', 'apple-list']
  rest -= rates.osqueryFirst
  return rest < 0 ? ['osquery', 'apple-list', 'mdm'] : mixed
}
