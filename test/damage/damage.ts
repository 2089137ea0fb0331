// npm run test:damage -- --images 2000 --hosts 60 --seed 1 --bytes 2
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { damageAgainAndAgain } from './rounds.ts'
import { serveOnDamage } from './servers.ts'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '2000' },
    hosts: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    bytes: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
  },
})
const folder = newFolder()
const figures = damageAgainAndAgain({
  folder,
  images: Number(values.images),
  hosts: Number(values.hosts),
  seed: values.seed,
})
console.log(`${figures.images} damaged databases of ${values.hosts} hosts (seed ${values.seed})
  refused to start     ${figures.refused}
  felt by a reader     ${figures.felt}
  reads that said so   ${figures.detected}
  reads that miss rows ${figures.missing} in ${figures.missingImages} databases, of which integrity_check finds ${figures.missingFound}
  wrong and silent     ${figures.wrong.length}`)
for (const wrong of figures.wrong.slice(0, 20)) console.log(`    ${wrong}`)
const only = new RegExp(values.only)
const served = await serveOnDamage({
  folder: join(folder, 'servers'),
  only: (name) => only.test(name),
  bytes: Number(values.bytes),
  atOnce: 3,
})
dropFolder(folder)
console.log(`${served.servers} servers on spoilt files: a page and ${values.bytes} bytes of each of ${served.trees} tables and indexes, before and after the start
  ended                ${served.ended.length}
  refused to start     ${served.refused.length}
  nobody could enrol   ${served.closed.length}`)
for (const line of [...served.ended, ...served.refused, ...served.closed])
  console.log(`    ${line}`)
process.exitCode = figures.wrong.length + served.ended.length === 0 ? 0 : 1
