// Honest computers beside sockets that hold back the end of a body.
import { readFileSync } from 'node:fs'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { sayAll } from '../../bench/client.ts'
import type { Call } from '../../bench/devices.ts'
import { startVictim } from '../crash/victim.ts'
import { type HeldHeard, holdEnds } from './held-sockets.ts'
import { askSteadily, enrolledCalls, type Steady } from './steady.ts'

export type HeldFigures = {
  readonly alone: Steady
  readonly held: Steady
  readonly heard: HeldHeard
  readonly rssBeforeMb: number
  readonly rssMostMb: number
}

type HeldOptions = {
  readonly sockets: number
  readonly seconds: number
  readonly computers: number
  /** Before the memory is looked at. */
  readonly busySeconds?: number
}

/** More than this must such sockets not cost, however many they are. */
const memoryMbMax = 64

export const isHarmless = ({ held, rssBeforeMb, rssMostMb }: HeldFigures): boolean =>
  held.refused === 0 && rssMostMb - rssBeforeMb <= memoryMbMax

export async function beside({
  sockets,
  seconds,
  computers,
  busySeconds = 0,
}: HeldOptions): Promise<HeldFigures> {
  const folder = newFolder()
  const victim = startVictim(folder, 'error')
  try {
    const url = await victim.ready
    if (url === undefined) throw new Error('the server did not start')
    const port = Number(new URL(url).port)
    const calls = await enrolledCalls(port, computers)
    await keepBusy({ port, calls, seconds: busySeconds })
    const alone = await askSteadily({ port, calls, seconds: Math.min(seconds, 10) })
    const rssBeforeMb = rssMb(victim.pid)
    let rssMostMb = rssBeforeMb
    const looking = setInterval(() => (rssMostMb = Math.max(rssMostMb, rssMb(victim.pid))), 100)
    const holding = holdEnds({ port, sockets, seconds })
    const held = await askSteadily({ port, calls, seconds })
    const heard = await holding
    clearInterval(looking)
    return { alone, held, heard, rssBeforeMb, rssMostMb }
  } finally {
    const said = await victim.kill()
    if (said !== '') console.log(`the server said: ${said.slice(0, 500)}`)
    dropFolder(folder)
  }
}

type Busy = {
  readonly port: number
  readonly calls: readonly Call[]
  readonly seconds: number
}

/** Asks as fast as it is answered. The heap of a server that was never busy is smaller than the one it works with. */
async function keepBusy({ port, calls, seconds }: Busy): Promise<void> {
  const endsAt = performance.now() + seconds * 1_000
  while (performance.now() < endsAt) await sayAll(port, calls)
}

function rssMb(pid: number): number {
  const kB = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Math.round(Number(kB) / 1_024)
}
