// npm run test:power -- --images 2000 --seed 1
import { parseArgs } from 'node:util'
import { cutPower, type PowerFigures, type PowerOptions } from './power-cuts.ts'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
})
const shared = { seed: values.seed, talk: (line: string) => console.log(line) }
const images = Number(values.images)

// Small turns over many lives, so that opening and closing are cut into often; then large ones, so that the WAL
// grows beyond its checkpoint and starts over.
const runs: Readonly<Record<string, PowerOptions>> = {
  'small turns, 6 lives': {
    ...shared,
    mode: 'full',
    images: Math.ceil(images * 0.8),
    lives: 6,
    turns: 80,
    snapshotBytes: 200,
  },
  'large turns, WAL started over': {
    ...shared,
    mode: 'full',
    images: Math.ceil(images * 0.2),
    lives: 1,
    turns: 900,
    snapshotBytes: 30_000,
  },
}
const control: PowerOptions = {
  ...shared,
  mode: 'normal',
  images: Math.ceil(images / 10),
  lives: 2,
  turns: 80,
  snapshotBytes: 200,
}

let isProved = true
for (const [name, options] of Object.entries(runs)) {
  const figures = await cutPower(options)
  print(name, figures)
  isProved &&= figures.lossyImages === 0 && figures.broken.length === 0
}
const blind = await cutPower(control)
print('control: synchronous=NORMAL', blind)
if (blind.lossyImages === 0) console.log('The control lost nothing: this test is blind.')
process.exitCode = isProved && blind.lossyImages > 0 ? 0 : 1

function print(name: string, figures: PowerFigures): void {
  const { broken, recordedBytes } = figures
  console.log(`${name}
  recorded            ${figures.operations} operations, ${figures.acknowledged} turns acknowledged, ${Math.round(recordedBytes / 1e6)} MB
  images              ${figures.images}, ${figures.atRisk} with unsynced changes
  acknowledged, lost  ${figures.lostTurns} turns in ${figures.lossyImages} images
  unsound             ${broken.length}`)
  for (const fault of broken.slice(0, 20)) console.log(`    ${fault}`)
}
