import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLane, createLanes, type Lane } from '../../../src/http/admission/lanes.ts'

const lanesCount = 5

/** What may happen at the door: a lane gets an item, the next turn begins, or the oldest of those begun ends. */
const steps = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant('add' as const), lane: fc.nat(lanesCount - 1) }),
    fc.constant({ what: 'next' as const }),
    fc.constant({ what: 'done' as const }),
    fc.record({ what: fc.constant('drop' as const), lane: fc.nat(lanesCount - 1) }),
  ),
  { maxLength: 200 },
)

type Item = { readonly lane: number; readonly nth: number }

/** Lanes beside what is known of them without looking. */
function stage() {
  const lanes = createLanes<Item>(() => 0)
  const all = Array.from({ length: lanesCount }, () => createLane<Item>())
  const due = all.map((): Item[] => [])
  const begun: Lane<Item>[] = []
  let nth = 0
  return {
    lanes,
    all,
    due,
    begun,
    add(lane: number): void {
      const item = { lane, nth: nth++ }
      due[lane]?.push(item)
      lanes.add(all[lane] ?? createLane(), item)
    },
    drop(lane: number): void {
      due[lane]?.splice(0)
      lanes.drop(all[lane] ?? createLane())
    },
    done(): void {
      const lane = begun.shift()
      if (lane !== undefined) lanes.done(lane)
    },
  }
}

describe('lanes', () => {
  test('begin one thing of a lane at a time, each lane in its own order, and lose nothing', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const { lanes, all, due, begun, ...acts } = stage()
        for (const step of script) {
          if (step.what === 'add') acts.add(step.lane)
          else if (step.what === 'drop') acts.drop(step.lane)
          else if (step.what === 'done') acts.done()
          else {
            const turn = lanes.next()
            const free = all.some((lane, at) => !begun.includes(lane) && due[at]?.length !== 0)
            expect(turn !== undefined).toBe(free)
            if (turn === undefined) continue
            expect(begun).not.toContain(turn.lane)
            expect(turn.item).toEqual(due[turn.item.lane]?.shift())
            begun.push(turn.lane)
          }
          expect(lanes.waiting()).toBe(due.flat().length)
        }
      }),
    )
  })

  test('give each lane that wants one a turn before any gets its second, however much one holds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2 }), (held) => {
        const lanes = createLanes<number>(() => 0)
        const all = held.map(() => createLane<number>())
        for (const [at, lane] of all.entries())
          for (let nth = 0; nth < (held[at] ?? 0); nth += 1) lanes.add(lane, at)
        const least = Math.min(...held)
        for (let round = 0; round < least; round += 1) {
          const served = all.map(() => {
            const turn = lanes.next()
            if (turn !== undefined) lanes.done(turn.lane)
            return turn?.item
          })
          expect(served).toEqual([...all.keys()])
        }
      }),
    )
  })

  test('tell how long a lane stood in line, not how long its later items waited behind its earlier ones', () => {
    let nowMs = 0
    const lanes = createLanes<string>(() => nowMs)
    const lane = createLane<string>()
    lanes.add(lane, 'first')
    lanes.add(lane, 'second')
    nowMs = 10
    expect(lanes.next()?.inLineMs).toBe(10)
    nowMs = 500
    lanes.done(lane)
    nowMs = 503
    expect(lanes.next()).toMatchObject({ item: 'second', inLineMs: 3 })
  })
})
