import { and, not, setup, stateIn } from 'xstate'
import { expect, test } from 'vitest'
import { chartOf, nodesOf } from '../../../src/ui/diagram/chart.ts'
import type { Chart } from '../../../src/ui/diagram/chart.ts'
import { textOf } from '../../../src/ui/diagram/label.ts'
import { countText, safeLink, stateElementId } from '../../../src/ui/diagram/marks.ts'
import { edgeTaken, litStates } from '../../../src/ui/diagram/state-value.ts'
import { computer, errand, lonely } from './machines.ts'

const chart = chartOf(computer)
const words = (of: Chart, id: string): readonly string[] | undefined =>
  of.edges.find((edge) => edge.id === id)?.labels.map(textOf)
const notes = (of: Chart, id: string): readonly string[] | undefined =>
  [...nodesOf(of.root)].find((node) => node.id === id)?.notes.map(textOf)

test('a chart survives JSON, so it can be cached and sent to a thread', () => {
  expect(JSON.parse(JSON.stringify(chart))).toEqual(chart)
})

test('every state is a node with its dotted path and kind, and every compound has an initial mark', () => {
  expect([...nodesOf(chart.root)].map(({ id, kind }) => `${id}:${kind}`)).toEqual([
    ':parallel',
    'mdm:compound',
    'mdm.(initial):initial',
    'mdm.unenrolled:atomic',
    'mdm.authenticated:atomic',
    'mdm.enrolled:compound',
    'mdm.enrolled.(initial):initial',
    'mdm.enrolled.idle:atomic',
    'mdm.enrolled.pushing:atomic',
    'mdm.enrolled.delivering:atomic',
    'mdm.enrolled.deferred:atomic',
    'osquery:compound',
    'osquery.(initial):initial',
    'osquery.absent:atomic',
    'osquery.live:atomic',
    'presence:compound',
    'presence.(initial):initial',
    'presence.offline:atomic',
    'presence.online:atomic',
    'presence.stale:atomic',
  ])
})

test('transitions between the same two states share one edge', () => {
  expect(words(chart, 'mdm.authenticated>mdm.unenrolled')).toEqual(['CHECK_OUT', 'after 10m'])
})

test('a transition to the own state is a self loop, with its guard', () => {
  const loop = words(chart, 'mdm.enrolled.delivering>mdm.enrolled.delivering')
  expect(loop).toEqual(['ACKNOWLEDGED [hasMore]', 'ERROR'])
})

test('a compound is left by one edge of its own and not by one per inner state', () => {
  expect(words(chart, 'mdm.enrolled>mdm.unenrolled')).toEqual(['CHECK_OUT'])
})

test('eventless transitions are drawn, and final states are final', () => {
  const flat = chartOf(errand)
  expect(words(flat, 'queued>sent')).toEqual(['offer', 'always [hasMore]'])
  expect(flat.root.children.filter(({ kind }) => kind === 'final')).toHaveLength(3)
})

test('what moves nothing is a note of its state and no edge', () => {
  expect(notes(chart, 'mdm.enrolled.delivering')).toEqual(['PING'])
  expect(notes(chartOf(lonely), '')).toEqual(['KNOCK'])
})

test("a parallel root's own transitions are notes that name their targets", () => {
  expect(chart.root.notes).toEqual([{ event: 'RESET', target: 'mdm' }, { event: 'SEEN' }])
  expect(chart.edges.filter(({ source }) => source === '')).toEqual([])
})

test("XState's own events and composed guards are told in words", () => {
  const guards = { open: () => true, paid: () => true }
  const machine = setup({ guards }).createMachine({
    id: 'words',
    initial: 'a',
    states: {
      a: {
        always: { guard: stateIn('a'), target: 'b' },
        after: { 1_500: 'b', 250: 'b' },
        on: {
          '*': { target: 'b', guard: () => true },
          GO: { target: 'b', guard: and(['open', not('paid')]) },
        },
      },
      b: { initial: 'x', states: { x: { type: 'final' } }, onDone: 'a' },
    },
  })
  const both = chartOf(machine)
  expect(words(both, 'b>a')).toEqual(['done'])
  expect(new Set(words(both, 'a>b'))).toEqual(
    new Set([
      'GO [open and not paid]',
      'after 1.5s',
      'after 250ms',
      'any event […]',
      'always [stateIn]',
    ]),
  )
})

test('a state value lights its states and everything around them', () => {
  expect(litStates({ mdm: { enrolled: 'idle' }, osquery: 'live' })).toEqual([
    'mdm',
    'mdm.enrolled',
    'mdm.enrolled.idle',
    'osquery',
    'osquery.live',
  ])
  expect(litStates('queued')).toEqual(['queued'])
})

// prettier-ignore
const moves = [
  // from                 to                   event            edge
  ['mdm.authenticated',   'mdm.enrolled.idle', 'TOKEN_UPDATE',  'mdm.authenticated>mdm.enrolled'],
  ['mdm.enrolled.idle',   'mdm.unenrolled',    'CHECK_OUT',     'mdm.enrolled>mdm.unenrolled'],
  ['osquery.absent',      'osquery.live',      'ENROLL',        'osquery.absent>osquery.live'],
  ['osquery.absent',      'osquery.live',      undefined,       'osquery.absent>osquery.live'],
  ['osquery.absent',      'osquery.live',      'renamed since', 'osquery.absent>osquery.live'],
  ['mdm.unenrolled',      'mdm.enrolled.idle', 'RESET',         undefined],
] as const
for (const [from, to, event, edge] of moves)
  test(`from ${from} to ${to} by ${event ?? 'anything'} goes along ${edge ?? 'no drawn edge'}`, () => {
    expect(edgeTaken(chart, event === undefined ? { from, to } : { from, to, event })).toBe(edge)
  })

// prettier-ignore
const counts = [
  [0, '×0'], [9_999, '×9999'], [10_000, '×10.0k'], [12_345, '×12.3k'], [123_456, '×123k'],
  [999_499, '×999k'], [999_500, '×1.0M'], [45_000_000, '×45.0M'],
] as const
for (const [count, text] of counts)
  test(`${count} is written ${text}`, () => expect(countText(count)).toBe(text))

// prettier-ignore
const links = [
  ['/hosts?mdm=enrolled', true], ['?at=3', true], ['#seq-1', true], ['https://example.org/', true],
  ['javascript:alert(1)', false], ['//evil.example', false], ['/\\evil.example', false],
  ['data:text/html,x', false], [' javascript:x', false], ['', false],
] as const
for (const [href, followed] of links)
  test(`${JSON.stringify(href)} is ${followed ? 'a' : 'no'} link`, () =>
    expect(safeLink(href)).toBe(followed ? href : undefined))

test('element ids follow the path, and no two states share one', () => {
  expect(stateElementId(chart, 'mdm.enrolled', 's')).toBe('s-computer-mdm-enrolled')
  expect(stateElementId(chart, 'a-b', 's')).not.toBe(stateElementId(chart, 'a.b', 's'))
  expect(stateElementId(chart, 'a b', 's')).toMatch(/^\S+$/)
})
