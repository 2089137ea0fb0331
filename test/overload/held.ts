// node test/overload/held.ts --sockets 1000 --seconds 30: the memory that bodies take whose end never comes.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { beside, isHarmless } from './held-rounds.ts'

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    computers: { type: 'string', default: '100' },
    // Seconds of as many honest requests as are answered, before the memory is looked at.
    busy: { type: 'string', default: '0' },
  },
})

const figures = await beside({
  sockets: Number(values.sockets),
  seconds: Number(values.seconds),
  computers: Number(values.computers),
  busySeconds: Number(values.busy),
})
const { alone, held } = figures
console.log(`load ${loadavg()[0]?.toFixed(1)}
alone               p99 ${alone.waitedMs.p99.toFixed(1)} ms, ${alone.refused} of ${alone.answered + alone.refused} not answered
beside them         p99 ${held.waitedMs.p99.toFixed(1)} ms, ${held.refused} of ${held.answered + held.refused} not answered
sockets             ${figures.heard.opened} opened, ${figures.heard.ended} ended, ${Math.round(figures.heard.sentBytes / 1_048_576)} MB sent
memory              ${figures.rssBeforeMb} MB before, at most ${figures.rssMostMb} MB, so +${figures.rssMostMb - figures.rssBeforeMb} MB`)
process.exit(isHarmless(figures) ? 0 : 1)
