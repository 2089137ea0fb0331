import { type ApiClient, createApiClient } from './api-client.ts'
import { createAppleList } from './apple-list.ts'
import { createDeviceKeys } from './device-keys.ts'
import { createEnroller } from './enroller.ts'
import { createChance } from './chance.ts'
import type { Chance } from './chance.ts'
import { planFleet } from './computer-plan.ts'
import { createComputer } from './computer.ts'
import type { Beliefs, Computer } from './computer.ts'
import { createMeter } from './meter.ts'
import type { RequestFigures } from './meter.ts'
import { createOperator } from './operator.ts'
import { createGate, createPace } from './pace.ts'
import type { Gate, Pace } from './pace.ts'
import { defaultRates } from './rates.ts'
import type { Rates } from './rates.ts'
import { createReferee } from './rules.ts'
import type { Violation, ViolationSummary } from './rules.ts'
import { createWakings, type EachPush } from './wakings.ts'
import { createWire } from './wire.ts'
import type { World } from './world.ts'

export type FleetOptions = {
  /** Where the server listens, such as `http://127.0.0.1:8080`. A path in it is put before every route. */
  readonly baseUrl: string
  /** An admin token. Without it nobody is in Apple's list and nobody sends commands. */
  readonly token?: string | undefined
  /** Without it nobody runs an osquery agent. */
  readonly enrollSecret?: string | undefined
  readonly hosts: number
  readonly seed: string
  /** Replaces single defaults. */
  readonly rates?: Partial<Rates> | undefined
  /** Pause between two rounds of one computer, give or take a quarter. 0 is as fast as the server answers. */
  readonly pollMs?: number | undefined
  /** Rounds each computer lives; without it, until stopped. */
  readonly rounds?: number | undefined
  /** Somebody sends commands through the API. */
  readonly operator?: boolean | undefined
  readonly commandEveryMs?: number | undefined
  /** Computers that speak at the same time; the others wait. */
  readonly concurrency?: number | undefined
  readonly topic?: string | undefined
  /** Devices get a profile and a certificate, and sign what they say; needs a token. Else they are believed. */
  readonly enrolling?: boolean | undefined
  /** Milliseconds since 1970. The wall clock when absent. */
  readonly clock?: (() => number) | undefined
  readonly signal?: AbortSignal | undefined
  /** Called once, with what a push service is to call for each push it delivers. Without it nobody is woken. */
  readonly eachPush?: EachPush | undefined
  readonly onEvent?: ((event: FleetEvent) => void) | undefined
}

export type FleetEvent =
  /** A device could not enrol. */
  | { readonly kind: 'kept-out'; readonly why: string }
  /** Something happened to a computer, in words for people. */
  | { readonly kind: 'life'; readonly computer: string; readonly what: string }
  | ({ readonly kind: 'violation' } & Violation)

export type Fleet = {
  readonly computers: readonly Computer[]
  /** Lives all rounds. Resolves after the last one, or soon after the signal aborts. */
  readonly run: () => Promise<void>
  readonly figures: () => FleetFigures
}

type FleetFigures = {
  /** Answers so far. */
  readonly answers: number
  readonly requests: Readonly<Record<string, RequestFigures>>
  readonly violations: ViolationSummary
  readonly believed: Believed
}

/** How many computers believe what of themselves. */
export type Believed = {
  readonly [Part in 'appleList' | 'mdm' | 'osquery']: Readonly<
    Partial<Record<Beliefs[Part], number>>
  >
} & {
  /** Computers whose identity another one disputes: their counts may rightly differ on the server. */
  readonly contested: number
}

/** Enough to keep a server busy, few enough for its accept queue. */
const concurrencyDefault = 128
/** Agents wait this long for an answer. Source: osquery, `transports/tls.cpp`. */
const timeoutMs = 16_000
const pollMsDefault = 1_000
const topicDefault = 'com.apple.mgmt.External.7b7f5f2c-0b6e-4c0a-9a53-51a1d2c3b4e5'

/** Makes a fleet of simulated computers against one server. Nothing is sent before `run`. */
export function createFleet(options: FleetOptions): Fleet {
  const { signal, token, seed, onEvent } = options
  const concurrency = options.concurrency ?? concurrencyDefault
  const rates: Rates = { ...defaultRates, ...options.rates }
  const meter = createMeter()
  const referee = createReferee((violation) => onEvent?.({ kind: 'violation', ...violation }))
  // The operator and Apple's list come on top of the computers.
  const wire = createWire({
    baseUrl: options.baseUrl,
    socketsMax: concurrency + 2,
    timeoutMs,
    meter,
    signal,
  })
  const tell: World['tell'] = (computer, what) => onEvent?.({ kind: 'life', computer, what })
  const api = token === undefined ? undefined : createApiClient({ wire, token, referee })
  const world = worldOf({ ...options, rates }, { wire, referee, tell, api })
  const chance = createChance(seed)
  const computers: Computer[] = []
  for (const plan of planFleet(options.hosts, seed, rates)) {
    const original = plan.copyOf === undefined ? undefined : computers[plan.copyOf]
    const copiedKey = (): string | undefined => original?.nodeKey()
    const life = chance.fork(`${plan.identity.name}/life`)
    computers.push(createComputer({ plan, world, chance: life, copiedKey }))
  }
  const operator =
    api && options.operator
      ? createOperator({ api, chance: chance.fork('operator'), computers, tell })
      : undefined

  return {
    computers,
    run: async () => {
      const pace = createPace(signal)
      const gate = createGate(concurrency)
      const wakings = createWakings({ computers, pace, gate })
      options.eachPush?.(wakings.wake)
      const acting = operator ? keepActing(operator.act, pace, options) : undefined
      await liveAll(computers, { pace, chance, gate, options })
      pace.stop()
      await Promise.all([acting, wakings.ended()])
      wire.close()
    },
    figures: () => ({
      answers: meter.total(),
      requests: meter.figures(),
      violations: referee.summary(),
      believed: believedBy(computers),
    }),
  }
}

type Means = Pick<World, 'wire' | 'referee' | 'tell'> & { readonly api: ApiClient | undefined }

function worldOf(
  options: FleetOptions & { readonly rates: Rates },
  { api, ...means }: Means,
): World {
  const { clock = Date.now, enrollSecret, topic = topicDefault, rates, enrolling = false } = options
  return {
    ...means,
    rates,
    clock,
    enrollSecret,
    topic,
    appleList: api && createAppleList(api, means.tell),
    enroller:
      api && enrolling
        ? createEnroller({
            ...means,
            api,
            keys: createDeviceKeys(),
            clock,
            keptOut: (why) => options.onEvent?.({ kind: 'kept-out', why }),
          })
        : undefined,
  }
}

type Run = {
  readonly pace: Pace
  readonly chance: Chance
  readonly gate: Gate
  readonly options: FleetOptions
}

async function liveAll(
  computers: readonly Computer[],
  { pace, chance, gate, options }: Run,
): Promise<void> {
  const { rounds = Infinity, pollMs = pollMsDefault } = options
  const live = async ({ identity, step }: Computer): Promise<void> => {
    const rhythm = chance.fork(`${identity.name}/rhythm`)
    // A fleet does not wake up all at once.
    await pace.pause(pollMs * rhythm.fraction())
    for (let round = 0; round < rounds && !pace.stopped(); round += 1) {
      await gate(step)
      await pace.pause(pollMs * (0.75 + rhythm.fraction() / 2))
    }
  }
  await Promise.all(computers.map(live))
}

async function keepActing(
  act: () => Promise<void>,
  pace: Pace,
  options: FleetOptions,
): Promise<void> {
  const { commandEveryMs = options.pollMs ?? pollMsDefault } = options
  while (!pace.stopped()) {
    await pace.pause(commandEveryMs)
    if (!pace.stopped()) await act()
  }
}

function believedBy(computers: readonly Computer[]): Believed {
  const beliefs = computers.map((computer) => computer.believes())
  return {
    appleList: tally(beliefs.map(({ appleList }) => appleList)),
    mdm: tally(beliefs.map(({ mdm }) => mdm)),
    osquery: tally(beliefs.map(({ osquery }) => osquery)),
    contested: computers.filter(({ contested }) => contested).length,
  }
}

function tally<Word extends string>(words: readonly Word[]): Partial<Record<Word, number>> {
  const counts: Partial<Record<Word, number>> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
