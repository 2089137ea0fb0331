// Nothing acknowledged is lost, whenever the process dies. The long form is `npm run test:crash`.
import { describe, expect, test } from 'vitest'
import { createChance } from '../../src/simulator/chance.ts'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { createChecks } from './check.ts'
import { born, liveUntilBroken } from './mac.ts'
import { createMemory, keep, type Life, type Memory } from './memory.ts'
import { killAgainAndAgain } from './rounds.ts'
import { startVictim } from './victim.ts'

test('a server killed twenty times has lost nothing it had answered and done nothing twice', async () => {
  const figures = await killAgainAndAgain({ kills: 20, clients: 64, seed: 'twenty kills' })
  expect(figures.violations).toEqual([])
  expect(figures.acknowledged).toBeGreaterThan(200)
}, 120_000)

describe('the check finds', () => {
  type Command = Life['commands'] extends Map<string, infer One> ? One : never
  const settled = ({ commands }: Life): Command | undefined =>
    [...commands.values()].find((command) => command.settled)

  // What a client remembers, changed as if the server had done wrong.
  const wrongs: Readonly<Record<string, (life: Life, memory: Memory) => void>> = {
    'lost: node key': (life) => (life.nodeKey = 'another'),
    'lost: assignment': (life) => (life.assigned = true),
    'lost: bootstrap token': (life) => keep(life.bootstrap, 'another'),
    'lost: push token': (life) => keep(life.push, 'another'),
    'lost: command': ({ commands }) => {
      const [first] = commands.values()
      if (first !== undefined) commands.set('lost', { ...first, uuid: 'lost', queued: true })
    },
    'lost log line': ({ lines }) => lines.push('lost'),
    'lost listing': (_life, { listed }) => listed.push('LOST'),
    'wrong state': (life) => settled(life)?.reports.clear(),
    'second result applied': (life) => {
      const command = settled(life)
      if (command !== undefined) command.result = 'another'
    },
    'wrong state: is acknowledged or more where it must be unknown': (life) => {
      const command = settled(life)
      if (command === undefined) return
      command.settled = false
      command.lost = true
      command.reports.clear()
    },
  }

  test('every kind of loss, and nothing where nothing was lost', async () => {
    const folder = newFolder()
    const memory = createMemory()
    const chance = createChance('one honest client')
    const victim = startVictim(folder)
    const url = (await victim.ready) ?? ''
    const living = liveUntilBroken({ url, memory, chance }, born({ memory, chance }))
    while (memory.past.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    const checks = createChecks(folder)
    const life = memory.past.find((past) => !past.assigned && settled(past) !== undefined)
    if (life === undefined) throw new Error('no computer fits')
    for (const [wrong, make] of Object.entries(wrongs)) {
      const one = { ...createMemory(), past: [structuredClone(life)] }
      const broken: string[] = []
      one.broke = (rule, detail) => broken.push(`${rule}: ${detail}`)
      checks.whole(one)
      expect(broken).toEqual([])
      for (const past of one.past) make(past, one)
      checks.whole(one)
      expect(broken.join('\n')).toContain(wrong.split(': is')[0])
    }
    await victim.kill()
    await living
    dropFolder(folder)
  }, 60_000)
})
