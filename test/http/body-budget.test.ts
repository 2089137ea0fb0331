import { beforeEach, describe, expect, test } from 'vitest'
import { type Begun, createBodyBudget } from '../../src/http/body-budget.ts'

const kibi = 1_024
let now = 0
let due: { readonly task: () => void; readonly at: number }[] = []
beforeEach(() => {
  now = 0
  due = []
})

const open = (bytesMax: number) =>
  createBodyBudget({
    bytesMax,
    elapsedMs: () => now,
    later(task, delayMs) {
      due.push({ task, at: now + delayMs })
      return { cancel() {} }
    },
  })

/** Lets time pass a second at a time, as the budget looks. */
function pass(ms: number): void {
  const end = now + ms
  while (now < end) {
    now += 1_000
    const [ready, rest] = [due.filter(({ at }) => at <= now), due.filter(({ at }) => at > now)]
    due = rest
    for (const { task } of ready) task()
  }
}

type Body = Begun & { ended: string[] }
const body = (isKnown: boolean): Body => {
  const ended: string[] = []
  return { isKnown, ended, end: (why) => void ended.push(why) }
}

describe('the memory for request bodies', () => {
  test('is bounded in sum for those who are known, and an eighth of it for all others', () => {
    const budget = open(800 * kibi)
    const stranger = budget.begin(body(false))
    expect(stranger.take(100 * kibi)).toBe(true)
    expect(budget.begin(body(false)).take(1)).toBe(false)
    const known = budget.begin(body(true))
    expect(known.take(700 * kibi)).toBe(true)
    expect(known.take(1)).toBe(false)
    expect(budget.stats()).toMatchObject({ bytes: 100 * kibi, bodies: 1, ended: { overloaded: 2 } })
  })

  test('is free again once a body was answered, however often that is said', () => {
    const budget = open(800 * kibi)
    const known = budget.begin(body(true))
    known.take(800 * kibi)
    known.release()
    known.release()
    expect(budget.stats()).toMatchObject({ bytes: 0, bodies: 0 })
    expect(budget.begin(body(true)).take(800 * kibi)).toBe(true)
  })

  test('goes to a newcomer in place of the body that is under way for longest, once that is five seconds old', () => {
    const budget = open(800 * kibi)
    const [first, second] = [body(false), body(false)]
    budget.begin(first).take(50 * kibi)
    now = 3_000
    budget.begin(second).take(50 * kibi)
    expect(budget.begin(body(false)).take(10)).toBe(false)
    now = 6_000
    expect(budget.begin(body(false)).take(10)).toBe(true)
    expect([first.ended, second.ended]).toEqual([['overloaded'], []])
  })

  test('is never taken from a known sender for a stranger, nor from a body that is whole', () => {
    const budget = open(800 * kibi)
    const [known, whole] = [body(true), body(false)]
    budget.begin(known).take(700 * kibi)
    const underWay = budget.begin(whole)
    underWay.take(100 * kibi)
    underWay.whole()
    pass(60_000)
    expect(budget.begin(body(false)).take(10)).toBe(false)
    expect(whole.ended).toEqual([])
  })

  test('is given back by a body of which nothing comes for ten seconds', () => {
    const budget = open(800 * kibi)
    const silent = body(true)
    const underWay = budget.begin(silent)
    underWay.take(64 * kibi)
    pass(9_000)
    expect(silent.ended).toEqual([])
    pass(2_000)
    expect(silent.ended).toEqual(['stalled'])
    expect(underWay.take(1)).toBe(false)
    expect(budget.stats()).toMatchObject({ bytes: 0, ended: { stalled: 1 } })
  })

  test('is given back by a body that dribbles', () => {
    const budget = open(800 * kibi)
    const slow = body(true)
    const underWay = budget.begin(slow)
    for (let second = 0; second < 20; second += 1) {
      underWay.take(100)
      pass(1_000)
    }
    expect(slow.ended).toEqual(['stalled'])
  })
})
