// Honest clients: computers of which so many at a time want something, one thing each, and wait when told to.
import { randomBytes, randomUUID } from 'node:crypto'
import { type Client, openClient, type Said } from '../../bench/client.ts'
import {
  authenticate,
  type Call,
  distributedRead,
  enroll,
  idle,
  serialOf,
  uuidOf,
} from '../../bench/devices.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { enrollSecret } from '../e2e/muster.ts'
import { keep, type Life, type Memory, newLife } from '../crash/memory.ts'

/** An agent gives a whole call 16 s; devices are more patient. */
const patienceMs = 16_000

/** Agents wait so long before the next try, quadratically; nobody here lives to see the longest. */
const backOffMs = (tries: number): number => 1_000 * tries * tries * (0.8 + Math.random() * 0.4)

export type Honest = {
  /** Answers that were successes so far. */
  done(): number
  /** Wishes that waited in vain, as lines for the report. */
  failures(): Readonly<Record<string, number>>
  /** How long successes took since the last call, sorted. */
  latencies(): readonly number[]
  /** So many computers want something at any time, each in its turn; it was none before. */
  want(atOnce: number): void
  /** Resolves when nobody waits for an answer any more. */
  stop(): Promise<void>
}

type Computer = { readonly nth: number; readonly life: Life; client: Client | undefined }

type Wish = (computer: Computer) => Promise<void>

export type HonestOptions = {
  readonly port: number
  readonly memory: Memory
  readonly count: number
  /** Numbers of computers are taken from here on. */
  readonly from: number
}

export async function enrolled(options: HonestOptions): Promise<Honest> {
  const { port, memory } = options
  let next = options.from
  let done = 0
  let times: number[] = []
  const failures = new Map<string, number>()
  const idlers: Computer[] = []
  let [most, busy] = [0, 0]

  const born = (): Computer => {
    const nth = next++
    const life = newLife(serialOf(nth), uuidOf(nth))
    memory.present.add(life)
    return { nth, life, client: undefined }
  }

  /** Says it until it is taken, backing off. Rejects when there is no answer. */
  async function say(computer: Computer, call: Call): Promise<Said> {
    for (let tries = 1; ; tries += 1) {
      const began = performance.now()
      if (computer.client?.isOpen() !== true) computer.client = await openClient(port)
      const said = await inTime(computer, call)
      if (said.status === 200) {
        times.push(performance.now() - began)
        done += 1
        memory.acknowledged += 1
        return said
      }
      note(`${said.status}`)
      memory.refused += 1
      if (said.status !== 503) throw new Error(`${call.path} was answered ${said.status}`)
      if (most === 0) throw new Error('stopped')
      await sleep(backOffMs(tries))
    }
  }

  async function inTime(computer: Computer, call: Call): Promise<Said> {
    const { client } = computer
    if (client === undefined) throw new Error('no connection')
    const late = setTimeout(() => client.close(), patienceMs)
    try {
      return await client.say(call)
    } catch (error) {
      computer.client = undefined
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  const wishes: readonly (readonly [share: number, wish: Wish])[] = [
    [0.5, async ({ life, ...rest }) => read({ life, ...rest })],
    [0.28, async (computer) => void (await say(computer, idle(computer.nth)))],
    [0.119, log],
    [0.1, updateToken],
    [0.001, enrol],
  ]

  async function read(computer: Computer): Promise<void> {
    await say(computer, distributedRead(computer.life.nodeKey ?? ''))
  }

  async function log(computer: Computer): Promise<void> {
    const marks = [randomUUID(), randomUUID()]
    const data = marks.map((mark) => ({ name: 'overload', action: 'snapshot', mark }))
    await say(computer, {
      method: 'POST',
      path: '/api/osquery/log',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ node_key: computer.life.nodeKey, log_type: 'result', data }),
    })
    computer.life.lines.push(...marks)
  }

  async function updateToken(computer: Computer): Promise<void> {
    const { nth, life } = computer
    const Token = new Uint8Array(randomBytes(32))
    const sent = Buffer.from(Token).toString('hex')
    life.push.sent.add(sent)
    const body = buildPlist({
      UDID: uuidOf(nth),
      Topic: 'com.apple.mgmt.External.bench',
      MessageType: 'TokenUpdate',
      PushMagic: life.serial,
      Token,
    })
    await say(computer, { ...authenticate(nth), body })
    keep(life.push, sent)
  }

  async function enrol(computer: Computer): Promise<void> {
    const newcomer = { ...born(), client: computer.client }
    try {
      await enrolWhole(newcomer)
    } finally {
      computer.client = newcomer.client
    }
  }

  async function enrolWhole(computer: Computer): Promise<void> {
    const { nth, life } = computer
    await say(computer, authenticate(nth))
    await updateToken(computer)
    life.enrolled = true
    const { body } = await say(computer, enroll(nth, enrollSecret))
    life.nodeKey = String(JSON.parse(body)['node_key'])
  }

  function note(what: string): void {
    failures.set(what, (failures.get(what) ?? 0) + 1)
  }

  async function fulfil(computer: Computer): Promise<void> {
    busy += 1
    let dice = Math.random()
    const chosen = wishes.find(([share]) => (dice -= share) < 0)?.[1] ?? read
    await chosen(computer).catch((error: unknown) => note(String(error)))
    busy -= 1
    idlers.push(computer)
    fulfilMore()
  }

  function fulfilMore(): void {
    while (busy < most) {
      const computer = idlers.shift()
      if (computer === undefined) break
      void fulfil(computer)
    }
  }

  const all = Array.from({ length: options.count }, born)
  for (let at = 0; at < all.length; at += 64)
    await Promise.all(all.slice(at, at + 64).map(enrolWhole))
  idlers.push(...all)
  done = 0
  return {
    done: () => done,
    failures: () => Object.fromEntries(failures),
    latencies() {
      const sorted = times.toSorted((one, other) => one - other)
      times = []
      return sorted
    },
    want(atOnce) {
      most = atOnce
      fulfilMore()
    },
    async stop() {
      most = 0
      while (busy > 0) await sleep(10)
      for (const { client } of idlers) client?.close()
    },
  }
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))
