import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { createMachine } from 'xstate'
import { afterAll, expect, test } from 'vitest'
import { chartOf } from '../../../src/ui/diagram/chart.ts'
import type { Chart, ChartNode } from '../../../src/ui/diagram/chart.ts'
import type { Box, Geometry, Point } from '../../../src/ui/diagram/geometry.ts'
import { createDiagrams } from '../../../src/ui/diagram/layout.ts'
import { hostMachine } from '../../../machines/host.ts'
import { commandMachine } from '../../../machines/command.ts'
import { computer, errand, lonely } from './machines.ts'

const warnings: string[] = []
const diagrams = createDiagrams({ warn: (sentence) => warnings.push(sentence) })
afterAll(() => diagrams.close())

const directions = ['RIGHT', 'DOWN'] as const
for (const machine of [computer, errand, lonely, hostMachine, commandMachine])
  for (const direction of directions)
    test(`${machine.id} laid out ${direction} is sound`, async () => {
      const chart = chartOf(machine)
      const of = { id: machine.id, version: 1 }
      expect(faults(chart, await diagrams.geometry(of, chart, direction))).toEqual([])
    })

test('any small machine is laid out soundly in both directions', async () => {
  let version = 0
  await fc.assert(
    fc.asyncProperty(machines, fc.constantFrom(...directions), async (config, direction) => {
      const chart = chartOf(createMachine(config))
      const of = { id: 'any', version: version++ }
      expect(faults(chart, await diagrams.geometry(of, chart, direction))).toEqual([])
    }),
    { numRuns: 40 },
  )
  expect(warnings).toEqual([])
}, 60_000)

test('a machine reads from its initial state, also where its region leads straight to a later one', async () => {
  const chart = chartOf(
    createMachine({
      id: 'start',
      type: 'parallel',
      states: {
        agent: {
          initial: 'out',
          on: { JOIN: '.in' },
          states: { out: {}, in: { on: { LEAVE: 'out' } } },
        },
      },
    }),
  )
  const { nodes } = await diagrams.geometry({ id: 'start', version: 1 }, chart, 'RIGHT')
  const xs = ['agent.(initial)', 'agent.out', 'agent.in'].map((id) => nodes[id]?.x ?? NaN)
  expect(xs).toEqual(xs.toSorted((a, b) => a - b))
})

test('one version in one direction is laid out once, also for those who ask meanwhile', async () => {
  const chart = chartOf(errand)
  const ask = (version: number, direction: 'RIGHT' | 'DOWN'): Promise<Geometry> =>
    diagrams.geometry({ id: 'cached', version }, chart, direction)
  const first = ask(1, 'RIGHT')
  expect(ask(1, 'RIGHT')).toBe(first)
  expect(await ask(1, 'RIGHT')).toBe(await first)
  expect(ask(2, 'RIGHT')).not.toBe(first)
  expect(await ask(1, 'DOWN')).not.toEqual(await first)
})

test('only the 64 geometries asked for last are kept', async () => {
  const chart = chartOf(lonely)
  const ask = (version: number): Promise<Geometry> =>
    diagrams.geometry({ id: 'bounded', version }, chart, 'RIGHT')
  const first = ask(0)
  const others = Array.from({ length: 63 }, (_, index) => ask(index + 1))
  await Promise.all(others)
  expect(ask(0)).toBe(first)
  await ask(64)
  expect(ask(0)).toBe(first)
  expect(ask(1)).not.toBe(others[0])
  await ask(1)
})

test('a chart that cannot be laid out rejects with one line, is said once and is tried again', async () => {
  const said: string[] = []
  const failing = createDiagrams({ warn: (sentence) => said.push(sentence) })
  const broken = { ...chartOf(errand), edges: [edgeToNowhere] }
  const ask = (): Promise<Geometry> =>
    failing.geometry({ id: 'broken', version: 1 }, broken, 'RIGHT')
  const asked = ask()
  await expect(asked).rejects.toThrow(/nowhere/)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^diagram of broken not laid out: .{1,400}$/)
  const again = ask()
  expect(again).not.toBe(asked)
  await expect(again).rejects.toThrow(/nowhere/)
  // The thread outlives a failure.
  const { width } = await failing.geometry({ id: 'whole', version: 1 }, chartOf(lonely), 'RIGHT')
  expect(width).toBeGreaterThan(0)
  await failing.close()
})

test('closing rejects what is under way and what comes later', async () => {
  const closing = createDiagrams({ warn: (sentence) => warnings.push(sentence) })
  const chart = chartOf(errand)
  const under = closing.geometry({ id: 'errand', version: 1 }, chart, 'RIGHT')
  const rejected = expect(under).rejects.toThrow('the layout thread is closed')
  await closing.close()
  await rejected
  const later = closing.geometry({ id: 'errand', version: 2 }, chart, 'RIGHT')
  await expect(later).rejects.toThrow('the layout thread is closed')
})

for (const ending of ['await diagrams.close()', '/* forgot to close */'])
  test(`a process ends after a layout: ${ending}`, async () => {
    const source = new URL('../../../src/ui/diagram/', import.meta.url).href
    const script = `
      import { createDiagrams } from '${source}layout.ts'
      import { chartOf } from '${source}chart.ts'
      import { errand } from '${new URL('machines.ts', import.meta.url).href}'
      const diagrams = createDiagrams({ warn: console.error })
      const { width } = await diagrams.geometry({ id: 'errand', version: 1 }, chartOf(errand), 'RIGHT')
      console.log(width > 0)
      ${ending}`
    const node = promisify(execFile)
    const { stdout } = await node(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20_000,
      cwd: new URL('../../..', import.meta.url).pathname,
    })
    expect(stdout).toBe('true\n')
  })

const edgeToNowhere = {
  id: 'queued>nowhere',
  source: 'queued',
  target: 'nowhere',
  labels: [{ event: 'GO' }],
}

type Config = Parameters<typeof createMachine>[0]

/** Up to three regions or states, nested once, with transitions between any two states of one region. */
const machines: fc.Arbitrary<Config> = fc
  .record({
    parallel: fc.boolean(),
    parts: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    moves: fc.array(fc.record({ from: fc.nat(), to: fc.nat(), part: fc.nat() }), { maxLength: 9 }),
    crossing: fc.boolean(),
    reset: fc.boolean(),
  })
  .map(({ parallel, parts, moves, crossing, reset }) => {
    const all = parts.map((count, part) => [
      `p${part}`,
      ...Array.from({ length: count }, (_, index) => `p${part}.s${index}`),
    ])
    const everywhere = all.flat()
    const on = new Map<string, Record<string, string>>()
    moves.forEach(({ from, to, part }, index) => {
      const near = all[part % all.length] ?? []
      const source = near[from % near.length] ?? ''
      const reach = crossing || !parallel ? everywhere : near
      const target = reach[to % reach.length] ?? ''
      on.set(source, { ...on.get(source), [`E${index}`]: `#any.${target}` })
    })
    const states = Object.fromEntries(
      parts.map((count, part) => {
        const inner = Array.from({ length: count }, (_, index) => [
          `s${index}`,
          { on: on.get(`p${part}.s${index}`) ?? {} },
        ])
        const own = { on: on.get(`p${part}`) ?? {} }
        return [
          `p${part}`,
          count === 0 ? own : { ...own, initial: 's0', states: Object.fromEntries(inner) },
        ]
      }),
    )
    const home = {
      id: 'any',
      states,
      on: reset ? { RESET: `#any.${everywhere.at(-1) ?? 'p0'}` } : {},
    }
    return parallel ? { ...home, type: 'parallel' } : { ...home, initial: 'p0' }
  })

/** Everything wrong with a layout, in words: an empty list is a sound one. */
function faults(chart: Chart, geometry: Geometry): readonly string[] {
  return [
    ...boxFaults(chart.root, geometry),
    ...chart.edges.flatMap((edge) => edgeFaults(edge, geometry)),
  ]
}

function boxFaults(node: ChartNode, geometry: Geometry): readonly string[] {
  const box = boxOf(geometry, node.id)
  const boxes = node.children.map(({ id }) => ({ id, box: boxOf(geometry, id) }))
  const outside = boxes
    .filter((child) => !contains(box, child.box))
    .map(({ id }) => `${id} sticks out`)
  const overlapping = boxes.flatMap((one, index) =>
    boxes
      .slice(index + 1)
      .filter((other) => overlap(one.box, other.box))
      .map((other) => `${one.id} overlaps ${other.id}`),
  )
  const inner = node.children.flatMap((child) => boxFaults(child, geometry))
  return [...outside, ...overlapping, ...inner]
}

function edgeFaults(edge: Chart['edges'][number], geometry: Geometry): readonly string[] {
  const points = geometry.edges[edge.id]?.points ?? []
  const [start, end] = [points[0], points.at(-1)]
  const found: string[] = []
  if (start === undefined || !onBorder(boxOf(geometry, edge.source), start)) found.push('start')
  if (end === undefined || !onBorder(boxOf(geometry, edge.target), end)) found.push('end')
  const slanted = points.some((point, index) => {
    const next = points[index + 1] ?? point
    return Math.abs(point.x - next.x) > 0.15 && Math.abs(point.y - next.y) > 0.15
  })
  if (slanted) found.push('slant')
  const canvas = { x: 0, y: 0, width: geometry.width, height: geometry.height }
  if (!points.every((point) => contains(canvas, { ...point, width: 0, height: 0 })))
    found.push('off the canvas')
  return found.map((what) => `${edge.id}: ${what}`)
}

const boxOf = ({ nodes }: Geometry, id: string): Box => {
  const box = nodes[id]
  if (box === undefined) throw new Error(`${id} has no box`)
  return box
}

const near = 0.3
const contains = (outer: Box, { x, y, width, height }: Box): boolean =>
  x >= outer.x - near &&
  y >= outer.y - near &&
  x + width <= outer.x + outer.width + near &&
  y + height <= outer.y + outer.height + near

const overlap = (a: Box, b: Box): boolean =>
  a.x + a.width > b.x + near &&
  b.x + b.width > a.x + near &&
  a.y + a.height > b.y + near &&
  b.y + b.height > a.y + near

const onBorder = (box: Box, { x, y }: Point): boolean => {
  const inside = contains(box, { x, y, width: 0, height: 0 })
  const sides = [x - box.x, box.x + box.width - x, y - box.y, box.y + box.height - y]
  return inside && sides.some((distance) => Math.abs(distance) <= near)
}
