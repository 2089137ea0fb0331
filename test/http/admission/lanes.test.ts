import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createLane,
  createLanes,
  type Lane,
  pressingEvery,
} from '../../../src/http/admission/lanes.ts'

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
        for (const [at, count] of held.entries()) {
          const lane = createLane<number>()
          for (let nth = 0; nth < count; nth += 1) lanes.add(lane, at)
        }
        for (let round = 0; round < Math.min(...held); round += 1) {
          const served = held.map(() => {
            const turn = lanes.next()
            if (turn !== undefined) lanes.done(turn.lane)
            return turn?.item
          })
          expect(served).toEqual([...held.keys()])
        }
      }),
    )
  })

  test('let those that wait for their answers go before those that ask on meanwhile, but for one turn in many', () => {
    const lanes = createLanes<string>(() => 0)
    const [patient, pressing] = [createLane<string>(), createLane<string>()]
    for (let nth = 0; nth < 100; nth += 1) lanes.add(pressing, 'pressing')
    const served = { patient: 0, pressing: 0 }
    for (let turn = 0; turn < 10 * pressingEvery; turn += 1) {
      if (patient.waiting.length === 0) lanes.add(patient, 'patient')
      const next = lanes.next()
      if (next === undefined) continue
      served[next.lane === patient ? 'patient' : 'pressing'] += 1
      lanes.done(next.lane)
    }
    // The first of all was no more pressing than anybody.
    expect(served.pressing).toBe(10 + 1)
  })

  test('tell how long a lane stood in line that waits for its answers, and of no other', () => {
    let nowMs = 0
    const lanes = createLanes<string>(() => nowMs)
    const lane = createLane<string>()
    lanes.add(lane, 'first')
    lanes.add(lane, 'second')
    nowMs = 10
    expect(lanes.next()?.item).toBe('first')
    expect(lanes.inLineMs()).toBe(10)
    nowMs = 500
    lanes.done(lane)
    nowMs = 900
    expect(lanes.next()?.item).toBe('second')
    expect(lanes.inLineMs()).toBe(10)
  })
})
