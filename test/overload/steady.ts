// Computers that ask at their own times, far below what the server can do: what they wait is what others do to them.
import { type Client, openClient, sayAll } from '../../bench/client.ts'
import {
  authenticate,
  type Call,
  distributedRead,
  enroll,
  idle,
  tokenUpdate,
} from '../../bench/devices.ts'
import { enrollSecret } from '../e2e/muster.ts'

export type Steady = {
  readonly answered: number
  /** Other answers than 200, and connections that broke. */
  readonly refused: number
  readonly waitedMs: { readonly p50: number; readonly p99: number }
}

/** A read and an Idle for each of so many computers, all enrolled. */
export async function enrolledCalls(port: number, count: number): Promise<readonly Call[]> {
  const nths = Array.from({ length: count }, (_, nth) => nth)
  await sayAll(port, nths.map(authenticate))
  await sayAll(port, nths.map(tokenUpdate))
  const agents = await sayAll(
    port,
    nths.map((nth) => enroll(nth, enrollSecret)),
  )
  const keys = agents.map(({ body }) => String(JSON.parse(body)['node_key']))
  await sayAll(port, keys.map(distributedRead))
  return [...keys.map(distributedRead), ...nths.map(idle)]
}

export type SteadyLoad = {
  readonly port: number
  readonly calls: readonly Call[]
  readonly seconds: number
}

/** Each call has a connection of its own and is said once a second, every other one after a new connection. */
export async function askSteadily({ port, calls, seconds }: SteadyLoad): Promise<Steady> {
  const waits: number[] = []
  let refused = 0
  const endsAt = performance.now() + seconds * 1_000
  async function live(call: Call, nth: number): Promise<void> {
    let client: Client | undefined
    await sleep(Math.random() * everyMs)
    for (let turn = nth; performance.now() < endsAt; turn += 1) {
      const began = performance.now()
      try {
        client ??= await openClient(port)
        const { status } = await client.say(call)
        if (status === 200) waits.push(performance.now() - began)
        else refused += 1
      } catch {
        refused += 1
        client = undefined
      }
      if (turn % 2 === 0) {
        client?.close()
        client = undefined
      }
      await sleep(Math.max(0, began + everyMs - performance.now()))
    }
    client?.close()
  }
  await Promise.all(calls.map(live))
  waits.sort((one, other) => one - other)
  const at = (share: number): number => waits[Math.floor((waits.length - 1) * share)] ?? Infinity
  return { answered: waits.length, refused, waitedMs: { p50: at(0.5), p99: at(0.99) } }
}

const everyMs = 1_000

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
