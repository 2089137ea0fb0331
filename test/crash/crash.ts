// npm run test:crash -- --kills 300 --clients 64 --seed 1
import { parseArgs } from 'node:util'
import { killAgainAndAgain } from './rounds.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    clients: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
  },
})
const figures = await killAgainAndAgain({
  kills: Number(values.kills),
  clients: Number(values.clients),
  seed: values.seed,
  talk: (line) => console.log(line),
})
const { kills, killsAtStart, acknowledged, computers, commands, readyMs, violations } = figures
const ms = (share: number): string =>
  `${Math.round(readyMs[Math.floor((readyMs.length - 1) * share)] ?? 0)} ms`
console.log(`seed                ${values.seed}
kills               ${kills}, of them ${killsAtStart} while starting
clients             ${values.clients}
acknowledged        ${acknowledged} answers to ${computers} computers, ${commands} commands
ready again         p50 ${ms(0.5)}, max ${ms(1)}
violations          ${violations.length}`)
for (const violation of violations) console.log(`  ${violation}`)
process.exitCode = violations.length === 0 ? 0 : 1
// Connections to servers that are gone would keep the process.
process.exit()
