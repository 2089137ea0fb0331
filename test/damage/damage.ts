// npm run test:damage -- --images 2000 --hosts 60 --seed 1
import { parseArgs } from 'node:util'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { damageAgainAndAgain } from './rounds.ts'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '2000' },
    hosts: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
})
const folder = newFolder()
const figures = damageAgainAndAgain({
  folder,
  images: Number(values.images),
  hosts: Number(values.hosts),
  seed: values.seed,
})
dropFolder(folder)
console.log(`${figures.images} damaged databases of ${values.hosts} hosts (seed ${values.seed})
  refused to start     ${figures.refused}
  felt by a reader     ${figures.felt}
  reads that said so   ${figures.detected}
  reads that miss rows ${figures.missing} in ${figures.missingImages} databases, of which integrity_check finds ${figures.missingFound}
  wrong and silent     ${figures.wrong.length}`)
for (const wrong of figures.wrong.slice(0, 20)) console.log(`    ${wrong}`)
process.exitCode = figures.wrong.length === 0 ? 0 : 1
