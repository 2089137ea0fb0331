// Between the clients and whatever lives of the server there are: requests are delayed, doubled and lost.
import type { Dice } from './dice.ts'
import type { Doors, Life } from './life.ts'
import type { Schedule } from './schedule.ts'

export type NetworkRates = {
  /** The answer never arrives. */
  lostAnswer: number
  /** The request arrives twice. */
  doubled: number
}

export type Call<Answer> = {
  readonly tag: string
  readonly ask: (doors: Doors) => Promise<Answer>
  /** At the moment the server lets its answer go: what it says must be durable by now. */
  readonly answered: (answer: Answer) => void
  /** What the client gets; undefined when the connection broke. Once only. */
  readonly done: (answer: Answer | undefined) => void
}

export type Network = {
  call<Answer>(call: Call<Answer>): void
  /** Clients of a life that ended notice. */
  cut(life: Life): void
  /** Requests the server has not answered yet. */
  readonly open: number
}

type NetworkOptions = {
  readonly schedule: Schedule
  readonly dice: Dice
  readonly rates: NetworkRates
  readonly lives: () => readonly Life[]
  readonly failed: (error: unknown) => void
}

/** Clients wait this long for an answer. */
const patienceMs = 60_000

export function createNetwork(options: NetworkOptions): Network {
  const { schedule, dice, rates, lives } = options
  const open = new Map<object, { readonly life: Life; readonly broken: () => void }>()
  const latency = (): number => dice.between(1, 40)

  function deliver<Answer>(
    call: Call<Answer>,
    arrived: (answer: Answer | undefined) => void,
  ): void {
    const life = dice.pick(lives())
    if (life === undefined) {
      schedule.after(latency(), `${call.tag}: nobody there`, () => arrived(undefined))
      return
    }
    if (life.standsUntil > schedule.now()) {
      const rest = life.standsUntil - schedule.now()
      schedule.after(rest, `${call.tag} waits`, () => deliver(call, arrived))
      return
    }
    const mark = {}
    open.set(mark, { life, broken: () => arrived(undefined) })
    call.ask(life.doors).then((answer) => {
      if (life.isDead) return
      open.delete(mark)
      schedule.note(`${call.tag} answered ${wordOf(answer)}`)
      call.answered(answer)
      if (dice.chance(rates.lostAnswer)) return
      schedule.after(latency(), `${call.tag} arrived`, () => arrived(answer))
    }, options.failed)
  }

  return {
    call<Answer>(call: Call<Answer>) {
      let isOver = false
      const arrived = (answer: Answer | undefined): void => {
        if (isOver) return
        isOver = true
        timeout.cancel()
        call.done(answer)
      }
      const timeout = schedule.after(patienceMs, `${call.tag} timed out`, () => arrived(undefined))
      schedule.after(latency(), call.tag, () => deliver(call, arrived))
      if (dice.chance(rates.doubled))
        schedule.after(latency(), `${call.tag} again`, () => deliver(call, arrived))
    },
    cut(life) {
      for (const [mark, { life: theirs, broken }] of open) {
        if (theirs !== life) continue
        open.delete(mark)
        schedule.after(latency(), 'connection reset', broken)
      }
    },
    get open() {
      return open.size
    },
  }
}

/** Outcomes in the trace, so that two runs that differ in an answer differ in their hash. */
function wordOf(answer: unknown): string {
  const { kind, why, ok, error, value } = answer as Readonly<Record<string, unknown>>
  if (ok === false) return (error as { readonly kind: string }).kind
  if (ok === true) return `ok ${Object.keys(value as object).join(',')}`
  return kind === 'refused' ? String(why) : typeof kind === 'string' ? kind : 'list'
}
