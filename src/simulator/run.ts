import { createFleet } from './fleet.ts'
import type { Believed, Fleet, FleetEvent } from './fleet.ts'
import type { RequestFigures } from './meter.ts'
import { createPace } from './pace.ts'
import { createProgress } from './progress.ts'
import type { ProgressSink } from './progress.ts'
import type { Rates } from './rates.ts'
import { rules } from './rules.ts'
import type { ViolationSummary } from './rules.ts'
import type { EachPush } from './wakings.ts'

/** What `muster simulate` takes. */
export type SimulateOptions = {
  /** Where the server listens, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** An admin token. Without it nobody is in Apple's list and nobody sends commands. */
  readonly token?: string | undefined
  /** Without it nobody runs an osquery agent. */
  readonly enrollSecret?: string | undefined
  /** 30 when absent. */
  readonly hosts?: number | undefined
  /** The same seed gives the same computers living the same lives. */
  readonly seed?: string | undefined
  /** Ends after this long; without it and `rounds`, only when aborted. */
  readonly durationMs?: number | undefined
  /** Ends when each computer has lived this many rounds. */
  readonly rounds?: number | undefined
  /** Pause between two rounds of one computer; 1,000 when absent, 0 is as fast as the server answers. */
  readonly pollMs?: number | undefined
  /** Replaces single default rates. */
  readonly rates?: Partial<Rates> | undefined
  /** Somebody sends commands through the API. True when absent and there is a token. */
  readonly operator?: boolean
  readonly commandEveryMs?: number | undefined
  /** Devices get a profile and a certificate and sign what they say. Needs a token. */
  readonly enrolling?: boolean | undefined
  /** Computers that speak at the same time; 128 when absent. */
  readonly concurrency?: number | undefined
  /** Stops the run; the summary still comes. */
  readonly signal?: AbortSignal | undefined
  /** Where progress goes, usually stderr; nowhere when absent. */
  readonly progress?: ProgressSink | undefined
  /** Called once, with what a push service is to call for each push it delivers. */
  readonly eachPush?: EachPush | undefined
  readonly onEvent?: ((event: FleetEvent) => void) | undefined
}

export type Summary = {
  readonly seed: string
  readonly hosts: number
  readonly elapsedMs: number
  readonly answers: number
  readonly requests: Readonly<Record<string, RequestFigures>>
  readonly violations: ViolationSummary
  /** Why devices could not enrol, each reason once. */
  readonly keptOut: readonly string[]
  /** What the computers hold to be true of themselves at the end. */
  readonly believed: Believed
}

/** Thirty computers at a pace a person can follow, until aborted. */
export const demoOptions: Omit<SimulateOptions, 'url'> = {
  hosts: 30,
  // Of several seeds the one whose fleet has every kind of computer, two clones and a copied agent.
  seed: 'birch',
  pollMs: 2_500,
  operator: true,
  commandEveryMs: 1_500,
  rates: {
    linux: 0.12,
    windows: 0.08,
    clone: 0.04,
    copiedAgent: 0.03,
    inAppleList: 0.85,
    appleListFirst: 0.6,
    // Arriving takes a while, so that within the first minute every state is there to be seen.
    arrive: 0.25,
    notNow: 0.15,
    error: 0.08,
    lostReply: 0.05,
    checkOut: 0.006,
    reenroll: 0.004,
  },
}

/** Runs a fleet against a server and says what came of it. Rejects only when the simulator itself is wrong. */
export async function simulate(options: SimulateOptions): Promise<Summary> {
  const {
    url,
    durationMs,
    progress,
    token,
    hosts = 30,
    seed = 'muster',
    onEvent,
    ...rest
  } = options
  const keptOut = new Set<string>()
  const startMs = performance.now()
  const ending = createEnding(options.signal, durationMs)
  const fleet = createFleet({
    operator: token !== undefined,
    ...rest,
    token,
    hosts,
    seed,
    baseUrl: url,
    signal: ending.signal,
    onEvent(event) {
      if (event.kind === 'kept-out' && keptOut.size < reasonsMax) keptOut.add(event.why)
      onEvent?.(event)
    },
  })
  const showing = progress && showWhile(fleet, progress, startMs)
  try {
    await fleet.run()
  } finally {
    ending.clear()
    await showing?.stop()
  }
  const { answers, requests, violations, believed } = fleet.figures()
  const elapsedMs = Math.round(performance.now() - startMs)
  return { seed, hosts, elapsedMs, answers, requests, violations, keptOut: [...keptOut], believed }
}

/** Reasons worth telling: there are a handful. */
const reasonsMax = 10

/** One signal for both ways a run ends from outside. */
function createEnding(
  signal: AbortSignal | undefined,
  durationMs: number | undefined,
): { readonly signal: AbortSignal; readonly clear: () => void } {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal?.addEventListener('abort', end, { once: true })
  if (signal?.aborted) end()
  const timer = durationMs === undefined ? undefined : setTimeout(end, durationMs)
  return {
    signal: ending.signal,
    clear: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
    },
  }
}

/** 0: no rule was broken. 1: the server broke one. 8: it never answered. As the CLI documents them. */
export function exitCodeOf({ violations, answers, hosts }: Summary): 0 | 1 | 8 {
  if (violations.total > 0) return 1
  return answers === 0 && hosts > 0 ? 8 : 0
}

/** The broken rules in words, one line each; empty when there are none. */
export const violationLines = ({ violations }: Summary): readonly string[] => [
  ...Object.entries(violations.byRule).map(
    // The keys of `byRule` are rules: nothing else is ever counted.
    ([rule, count]) => `${count} × ${rule}: ${rules[rule as keyof typeof rules]}`,
  ),
  ...violations.examples.map(
    ({ rule, computer, request, detail }) => `  ${rule} ${computer} ${request}: ${detail}`,
  ),
]

const showEveryMs = 250

function showWhile(
  fleet: Fleet,
  sink: ProgressSink,
  startMs: number,
): { readonly stop: () => Promise<void> } {
  const pace = createPace()
  const progress = createProgress(sink, () => performance.now())
  const showing = (async () => {
    while (!pace.stopped()) {
      await pace.pause(showEveryMs)
      progress.show(lineOf(fleet, performance.now() - startMs))
    }
    progress.end()
  })()
  return {
    stop: () => {
      pace.stop()
      return showing
    },
  }
}

function lineOf(fleet: Fleet, elapsedMs: number): string {
  const { answers, believed, violations } = fleet.figures()
  const seconds = Math.max(1, Math.round(elapsedMs / 1_000))
  const parts = [
    `${seconds} s`,
    `${answers} answers`,
    `${Math.round(answers / seconds)}/s`,
    `assigned ${believed.appleList.assigned ?? 0}`,
    `MDM ${believed.mdm.enrolled ?? 0}`,
    `osquery ${believed.osquery.enrolled ?? 0}`,
    violations.total === 0 ? 'no rule broken' : `${violations.total} RULES BROKEN`,
  ]
  return parts.join(' · ')
}
