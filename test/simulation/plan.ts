// What a seed brings: who takes part, how they behave and how much goes wrong. Every rate may be zero.
import type { AgentManners } from './agent.ts'
import type { Hardware } from './computer.ts'
import type { Dice } from './dice.ts'
import type { FaultRates } from './fault-store.ts'
import type { Manners } from './mdm-client.ts'
import type { NetworkRates } from './network.ts'
import type { OperatorRates } from './operator.ts'

export type Plan = {
  readonly hardware: readonly Hardware[]
  readonly manners: Manners
  /** By place in `hardware`; a computer without an entry runs no agent. */
  readonly agents: readonly AgentManners[]
  readonly faults: FaultRates
  readonly network: NetworkRates
  readonly operator: OperatorRates
  /** Per misfortune that comes along, some ten seconds apart. */
  kills: number
  fullDisk: number
  /** The process stands still for up to a minute and then goes on as if nothing had been. */
  stalls: number
  /** The wall clock jumps, by a minute up to ten years, either way, or stands still. */
  clock: number
  /** By place in `hardware`: whether somebody logs in there. */
  readonly users: readonly boolean[]
}

/** Swarm testing: each seed leaves out about half of all troubles, so that none hides another. */
export function choosePlan(dice: Dice): Plan {
  const rate = (most: number): number => {
    const [isThere, much] = [dice.chance(0.5), dice.roll()]
    return isThere ? much * most : 0
  }
  const hardware = chooseHardware(dice, rate)
  return {
    hardware,
    manners: {
      notNow: rate(0.5),
      error: rate(0.3),
      reenrol: rate(0.2),
      checkOut: rate(0.15),
      repeats: rate(1),
      pauseMs: dice.between(5, 20) * 1_000,
    },
    agents: hardware.slice(0, dice.between(0, hardware.length)).map(() => ({
      hidesSerial: dice.chance(0.5),
      reenrol: rate(0.3),
      pauseMs: dice.between(15, 45) * 1_000,
    })),
    faults: {
      unavailable: rate(0.15),
      lostReply: rate(0.15),
      overloaded: rate(0.1),
      crash: rate(0.03),
      slow: rate(0.1),
    },
    network: { lostAnswer: rate(0.3), doubled: rate(0.3) },
    operator: {
      send: 1,
      cancel: rate(0.4),
      merge: rate(0.5),
      split: rate(0.5),
      remove: rate(0.15),
      resolve: rate(0.2),
      dep: rate(0.4),
      pauseMs: dice.between(4, 14) * 1_000,
    },
    kills: rate(0.4),
    fullDisk: rate(0.3),
    stalls: rate(0.3),
    clock: rate(0.6),
    users: hardware.map(() => dice.chance(0.4)),
  }
}

function chooseHardware(dice: Dice, rate: (most: number) => number): readonly Hardware[] {
  const clones = rate(0.8)
  const hardware: Hardware[] = []
  const uuidOf = (): string =>
    `${dice.hex(8)}-${dice.hex(4)}-4${dice.hex(3)}-9${dice.hex(3)}-${dice.hex(12)}`.toUpperCase()
  for (let index = 0; index < dice.between(1, 3); index += 1) {
    const [first] = hardware
    const isClone = first !== undefined && dice.chance(clones)
    const uuid = isClone ? first.uuid : uuidOf()
    const serial = `C02${dice.hex(9).toUpperCase()}`
    hardware.push({ name: `mac-${index}`, serial, uuid })
  }
  return hardware
}

/** The end of all troubles: devices behave, nothing is lost, and nobody begins anything new. */
export function calm(plan: Plan): void {
  const none = { unavailable: 0, lostReply: 0, overloaded: 0, crash: 0, slow: 0 }
  Object.assign(plan.faults, none)
  Object.assign(plan.network, { lostAnswer: 0, doubled: 0 })
  Object.assign(plan.manners, { notNow: 0, reenrol: 0, checkOut: 0, repeats: 1, pauseMs: 60_000 })
  Object.assign(plan, { stalls: 0, clock: 0 })
  for (const agent of plan.agents) Object.assign(agent, { reenrol: 0, pauseMs: 600_000 })
}
