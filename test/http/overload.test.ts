import { describe, expect, test } from 'vitest'
import {
  type Overload,
  type AskKind,
  createOverload,
  newStanding,
  observedEveryMs,
  type Standing,
} from '../../src/http/overload.ts'

/** An overload on a clock that is turned by hand. */
function setUp() {
  let nowMs = 1_000
  const overload = createOverload(() => nowMs)
  return {
    overload,
    /** Lets time pass in which the event loop is that late. */
    pass(ms: number, lagMs: number) {
      for (let passed = 0; passed < ms; passed += observedEveryMs) {
        nowMs += observedEveryMs
        overload.observe(lagMs)
      }
    },
  }
}

/** Asks again as soon as it was answered. */
function admittedOf(
  overload: Overload,
  { standing, kind, tries }: { standing: Standing; kind: AskKind; tries: number },
): number {
  let admitted = 0
  for (let nth = 0; nth < tries; nth += 1) {
    if (overload.judge(standing, kind).kind !== 'admitted') continue
    overload.done(kind)
    admitted += 1
  }
  return admitted
}

describe('overload', () => {
  test('refuses nobody while nobody waits, however often one asks', () => {
    const { overload, pass } = setUp()
    pass(10_000, 20)
    expect(admittedOf(overload, { standing: newStanding(), kind: 'poll', tries: 10_000 })).toBe(
      10_000,
    )
  })

  test('refuses under overload whoever asks too often, and admits whoever comes for the first time', () => {
    const { overload, pass } = setUp()
    pass(3_000, 500)
    const greedy = { standing: newStanding(), kind: 'poll', tries: 100 } as const
    expect(admittedOf(overload, greedy)).toBe(1)
    expect(overload.judge(newStanding(), 'poll')).toEqual({ kind: 'admitted' })
  })

  test('goes on longest with what would be lost', () => {
    const { overload, pass } = setUp()
    pass(3_000, 500)
    const admitted = (['vital', 'report', 'poll'] as const).map((kind) =>
      admittedOf(overload, { standing: newStanding(), kind, tries: 100 }),
    )
    expect(admitted).toEqual([4, 2, 1])
  })

  test('holds the answer longer each time somebody comes too early, to a bound', () => {
    const { overload, pass } = setUp()
    const standing = newStanding()
    pass(3_000, 500)
    admittedOf(overload, { standing, kind: 'poll', tries: 1 })
    const held = Array.from({ length: 7 }, () => overload.judge(standing, 'poll'))
    expect(held.map((verdict) => (verdict.kind === 'refused' ? verdict.holdMs : 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000,
    ])
  })

  test('admits a refused client that stayed away as it was told', () => {
    const { overload, pass } = setUp()
    const standing = newStanding()
    pass(3_000, 500)
    admittedOf(overload, { standing, kind: 'poll', tries: 2 })
    pass(2_000, 20)
    expect(overload.judge(standing, 'poll')).toEqual({ kind: 'admitted' })
  })

  test('forgets all refusals half a minute after the last overload', () => {
    const { overload, pass } = setUp()
    const standing = newStanding()
    pass(3_000, 500)
    admittedOf(overload, { standing, kind: 'poll', tries: 200 })
    pass(30_500, 20)
    expect(overload.isOverloaded()).toBe(false)
    expect(admittedOf(overload, { standing, kind: 'poll', tries: 1_000 })).toBe(1_000)
  })

  test('lets no more of a kind be under way than its bound, and polls never take the place of results', () => {
    const { overload } = setUp()
    const underWay = (kind: AskKind): number => {
      let admitted = 0
      while (overload.judge(newStanding(), kind).kind === 'admitted') admitted += 1
      return admitted
    }
    expect([underWay('poll'), underWay('report'), underWay('vital')]).toEqual([1_000, 2_000, 4_000])
    overload.done('poll')
    expect(overload.judge(newStanding(), 'poll')).toEqual({ kind: 'admitted' })
  })
})
