// npm run test:crash -- --kills 300 --faults 50 --stops 100 --clients 64 --seed 1
import { parseArgs } from 'node:util'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { fullDisk, mountSmall, noRoom } from './faults.ts'
import { type Figures, killAgainAndAgain } from './rounds.ts'
import { stopAgainAndAgain } from './stops.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    faults: { type: 'string', default: '50' },
    stops: { type: 'string', default: '100' },
    clients: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
  },
})
const shared = {
  clients: Number(values.clients),
  seed: values.seed,
  talk: (line: string) => console.log(line),
}

/** A database that has grown for a while fits in twice. */
const smallDiskMiB = 64

const killed = await killAgainAndAgain({ ...shared, kills: Number(values.kills) })
print('killed under load', killed)
const folder = newFolder()
const unmount = mountSmall(folder, smallDiskMiB)
const suffered = await killAgainAndAgain({
  ...shared,
  kills: Number(values.faults),
  folder,
  fault: unmount === undefined ? noRoom : fullDisk,
})
if (suffered.violations.length === 0) {
  unmount?.()
  dropFolder(folder)
}
print(unmount === undefined ? 'no room under load (a quota)' : 'disk filled under load', suffered)
// One fault may pass unfelt: a WAL that has just started over needs no room for a while. All of them may not.
const wasFelt = suffered.kills === 0 || suffered.refused > 0
if (!wasFelt) console.log('Nobody was refused while the disk was full: this test is blind.')
const stopped = await stopAgainAndAgain({ ...shared, stops: Number(values.stops) })
console.log(`stopped by SIGTERM under load (seed ${values.seed}, ${values.clients} clients)
  stops               ${stopped.stops}
  acknowledged        ${stopped.acknowledged} answers
  hung up on          ${stopped.unanswered} requests on connections that were kept
  stopped             ${spread(stopped.stopMs)}
  violations          ${stopped.violations.length}`)
for (const violation of stopped.violations) console.log(`    ${violation}`)
const violations = [killed, suffered, stopped].flatMap((figures) => figures.violations)
const isProved = wasFelt && violations.length + stopped.unanswered === 0
// Connections to servers that are gone would keep the process.
process.exit(isProved ? 0 : 1)

function print(what: string, figures: Figures): void {
  const { kills, killsAtStart, acknowledged, computers, commands, violations } = figures
  console.log(`${what} (seed ${values.seed}, ${values.clients} clients)
  kills               ${kills}, of them ${killsAtStart} while starting
  acknowledged        ${acknowledged} answers to ${computers} computers, ${commands} commands
  refused             ${figures.refused} with 503
  ready again         ${spread(figures.readyMs)}
  taken again         ${spread(figures.healedMs)}
  violations          ${violations.length}`)
  for (const violation of violations) console.log(`    ${violation}`)
}

function spread(sorted: readonly number[]): string {
  const ms = (share: number): string =>
    `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`
  return sorted.length === 0 ? 'never needed' : `p50 ${ms(0.5)}, max ${ms(1)}`
}
