import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { createMachine } from 'xstate'
import { afterAll, expect, test } from 'vitest'
import { chartOf } from '../../../src/ui/diagram/chart.ts'
import type { Chart } from '../../../src/ui/diagram/chart.ts'
import { createDiagrams } from '../../../src/ui/diagram/layout.ts'
import { element } from '../../../src/ui/diagram/markup.ts'
import type { Marks } from '../../../src/ui/diagram/marks.ts'
import { diagramOutline } from '../../../src/ui/diagram/outline.ts'
import { diagramStyle, diagramStyleSource } from '../../../src/ui/diagram/style.ts'
import { diagramFile, diagramSvg } from '../../../src/ui/diagram/svg.ts'
import { computer, errand, lonely } from './machines.ts'
import { everyElement, readXml } from './xml.ts'
import type { Element } from './xml.ts'

const diagrams = createDiagrams({ warn: console.error })
afterAll(() => diagrams.close())

const drawn = async (
  chart: Chart,
  marks: Marks,
  direction: 'RIGHT' | 'DOWN' = 'RIGHT',
): Promise<readonly Element[]> => {
  const geometry = await diagrams.geometry({ id: chart.machine, version: 1 }, chart, direction)
  return everyElement(readXml(diagramSvg(chart, geometry, marks)))
}

const classesOf = (elements: readonly Element[], key: string, id: string): readonly string[] =>
  (elements.find(({ attributes }) => attributes[key] === id)?.attributes['class'] ?? '').split(' ')

const chart = chartOf(computer)
const marks: Marks = {
  lit: ['mdm.enrolled.delivering', 'osquery.live'],
  last: 'osquery.absent>osquery.live',
  counts: { 'osquery.absent>osquery.live': 17, 'mdm.unenrolled>mdm.authenticated': 0, mdm: 41 },
  links: { 'osquery.live': '/hosts?osquery=live&q="', mdm: 'javascript:alert(1)' },
}

for (const machine of [computer, errand, lonely])
  for (const direction of ['RIGHT', 'DOWN'] as const)
    test(`${machine.id} drawn ${direction} is XML without style attributes, scripts or event attributes`, async () => {
      for (const { name, attributes } of await drawn(chartOf(machine), marks, direction)) {
        expect(['script', 'style', 'foreignObject', 'image', 'use']).not.toContain(name)
        expect(Object.keys(attributes).filter((key) => /^(?:style$|on)/.test(key))).toEqual([])
      }
    })

test('every state and every edge can be found by what it is', async () => {
  const elements = await drawn(chart, marks)
  const states = elements.flatMap(({ attributes }) => attributes['data-state'] ?? [])
  const edges = elements.flatMap(({ attributes }) => attributes['data-edge'] ?? [])
  expect(states).toHaveLength(16)
  expect(edges.toSorted()).toEqual(chart.edges.map(({ id }) => id).toSorted())
  expect(elements.map(({ attributes }) => attributes['id'])).toContain('s-computer-mdm-enrolled')
})

test('the wide and the narrow drawing can stand on one page: no id twice', async () => {
  const both = [...(await drawn(chart, marks, 'RIGHT')), ...(await drawn(chart, marks, 'DOWN'))]
  const ids = both.flatMap(({ attributes }) => attributes['id'] ?? [])
  expect(ids.length).toBeGreaterThan(32)
  expect(new Set(ids).size).toBe(ids.length)
})

test('a lit state is lit with everything around it, and nothing else is', async () => {
  const elements = await drawn(chart, marks)
  const lit = elements
    .filter((each) => (each.attributes['class'] ?? '').split(' ').includes('lit'))
    .map(({ attributes }) => attributes['data-state'])
  expect(lit).toEqual(['mdm', 'mdm.enrolled', 'mdm.enrolled.delivering', 'osquery', 'osquery.live'])
})

test('colour is never alone: a lit state has a dot and the description names it', async () => {
  const elements = await drawn(chart, marks)
  const live = elements.find(({ attributes }) => attributes['data-state'] === 'osquery.live')
  expect(live?.children.flatMap(everyElement).map((each) => each.attributes['class'])).toContain(
    'dot',
  )
  const [svg] = elements
  const described = (svg?.attributes['aria-labelledby'] ?? '')
    .split(' ')
    .map((id) => elements.find(({ attributes }) => attributes['id'] === id)?.text)
  expect(described).toEqual([
    'Statechart of computer',
    'Current: mdm.enrolled.delivering, osquery.live.',
  ])
})

test('with counts, the taken edge carries its number and the never-taken ones are marked', async () => {
  const elements = await drawn(chart, marks)
  expect(classesOf(elements, 'data-edge', 'osquery.absent>osquery.live')).toEqual(['edge', 'last'])
  const never = ['edge', 'never']
  expect(classesOf(elements, 'data-edge', 'mdm.unenrolled>mdm.authenticated')).toEqual(never)
  expect(classesOf(elements, 'data-edge', 'presence.offline>presence.online')).toEqual(never)
  expect(classesOf(elements, 'data-edge', 'mdm.(initial)>mdm.unenrolled')).toEqual(['edge'])
  const counts = elements.filter(({ attributes }) => attributes['class'] === 'count')
  expect(counts.map(({ text }) => text.trim())).toEqual(['×41', '×17'])
})

test('without counts no edge is called never taken', async () => {
  const elements = await drawn(chart, { lit: [] })
  expect(elements.filter((each) => each.attributes['class'] === 'edge never')).toEqual([])
})

test('a link is followed only to a page, and makes the image a group', async () => {
  const elements = await drawn(chart, marks)
  const hrefs = elements.flatMap(({ attributes }) => attributes['href'] ?? [])
  expect(hrefs).toEqual(['/hosts?osquery=live&q="'])
  expect(elements[0]?.attributes['role']).toBe('group')
  expect((await drawn(chart, { lit: [] }))[0]?.attributes['role']).toBe('img')
})

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  '&amp;&#60;&nope;',
  ']]><!--',
  'nul\u0000 bell\u0007 half\ud800 none\uffff',
  '}</style><script>',
  'constructor',
  '__proto__x',
  '日本語の長い名前'.repeat(20),
]

test('hostile names are text and nothing else, in the drawing, the file and the outline', async () => {
  const states = Object.fromEntries(
    hostile.map((label, index) => [
      label,
      { on: { [`${label}!`]: { target: `#s${(index + 1) % hostile.length}` } }, id: `s${index}` },
    ]),
  )
  const evil = chartOf(createMachine({ id: '<b>"evil"</b>', initial: 'constructor', states }))
  const all = { lit: ['constructor'], counts: {}, links: {} }
  const geometry = await diagrams.geometry({ id: 'evil', version: 1 }, evil, 'RIGHT')
  const elements = everyElement(readXml(diagramSvg(evil, geometry, all)))
  const kinds = new Set(elements.map(({ name }) => name))
  expect([...kinds].toSorted()).toEqual(
    ['circle', 'desc', 'g', 'path', 'rect', 'svg', 'text', 'title', 'tspan'].toSorted(),
  )
  expect(elements.map(({ text }) => text)).toContain('<script>alert(1)</script>')
  expect(() => readXml(diagramFile(evil, geometry, all))).not.toThrow()
  const outline = String(await diagramOutline(evil, all))
  expect(outline.match(/<(?!\/?(?:ul|li|span)\b)/g)).toBeNull()
  expect(outline).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
})

test('any text survives as text in an element and in an attribute', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 30 })
  fc.assert(
    fc.property(anything, (text) => {
      const { attributes } = readXml(element('g', { 'data-x': text }, ''))
      // What XML cannot hold at all becomes the replacement character.
      const held = text.replace(
        /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu,
        '\u{fffd}',
      )
      expect(attributes['data-x']).toBe(held)
    }),
  )
})

test('a file carries its stylesheet, and the policy source fits it', async () => {
  const geometry = await diagrams.geometry({ id: 'computer', version: 1 }, chart, 'RIGHT')
  const elements = everyElement(readXml(diagramFile(chart, geometry, marks)))
  const styles = elements.filter(({ name }) => name === 'style').map(({ text }) => text)
  expect(styles).toEqual([diagramStyle])
  const digest = createHash('sha256')
    .update(styles[0] ?? '')
    .digest('base64')
  expect(diagramStyleSource).toBe(`'sha256-${digest}'`)
})

test('the outline names every state and transition, also those the drawing leaves out', async () => {
  const outline = String(await diagramOutline(chart, marks)).replace(/\s+/g, ' ')
  expect(outline).toContain('RESET → mdm<')
  expect(outline).toContain('PING stays')
  expect(outline).toContain('ACKNOWLEDGED [hasMore], ERROR → itself')
  expect(outline).toContain('<li data-state="osquery.live" class="lit" aria-current="true">')
  expect(outline).toContain('class="last"> ENROLL → osquery.live ×17')
  expect(outline.match(/aria-current/g)).toHaveLength(5)
  expect(outline.match(/data-state=/g)).toHaveLength(16)
})
