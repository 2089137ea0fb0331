import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSteady } from '../../src/runtime/steady.ts'
import { createClock, morning } from './clock.ts'

const minute = 60_000
const day = 24 * 60 * minute
const year = 365 * day

/** A machine with a wall clock, a disk for one mark, and a process that can end. */
function openMachine() {
  const clock = createClock()
  let kept: number | undefined
  let fails = false
  let jumped = 0
  const begin = () =>
    createSteady({
      now: clock.now,
      later: clock.later,
      elapsed: () => clock.now() - jumped,
      mark: kept,
      async keep(mark) {
        if (!fails) kept = mark
        return !fails
      },
    })
  let process = begin()
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve()
  }
  return {
    clock,
    now: () => process.now(),
    settle,
    async pass(ms: number): Promise<void> {
      const until = clock.now() + ms
      while (clock.runNext(until)) await settle()
      clock.set(until)
      process.now()
      await settle()
    },
    async jump(ms: number): Promise<void> {
      clock.jump(ms)
      jumped += ms
      process.now()
      await settle()
    },
    async restart(downMs: number): Promise<void> {
      process.stop()
      clock.set(clock.now() + downMs)
      process = begin()
      process.now()
      await settle()
    },
    breakDisk: (isBroken: boolean) => void (fails = isBroken),
  }
}

describe('the time by which things are due', () => {
  test('is the wall clock as long as that is right', async () => {
    const machine = openMachine()
    await machine.pass(day)
    await machine.restart(day)
    await machine.pass(day)
    expect(machine.now()).toBe(morning + 3 * day)
  })

  test('goes on at its own pace once the clock is put back, over restarts too', async () => {
    const machine = openMachine()
    await machine.pass(10 * minute)
    await machine.jump(-10 * year)
    await machine.pass(10 * minute)
    expect(machine.now()).toBe(morning + 20 * minute)
    await machine.restart(minute)
    await machine.pass(10 * minute)
    expect(machine.now()).toBe(morning + 30 * minute)
  })

  test('follows a clock that is put ahead and does not come back with it', async () => {
    const machine = openMachine()
    await machine.jump(10 * year)
    expect(machine.now()).toBe(morning + 10 * year)
    await machine.jump(-10 * year)
    await machine.restart(0)
    await machine.pass(minute)
    expect(machine.now()).toBe(morning + 10 * year + minute)
  })

  test('is right again once a clock that began in 1970 is', async () => {
    const machine = openMachine()
    await machine.pass(day)
    await machine.jump(-56 * year)
    await machine.restart(minute)
    await machine.pass(minute)
    await machine.jump(56 * year)
    await machine.pass(minute)
    expect(machine.now()).toBe(machine.clock.now())
  })

  test('follows no leap that could not be kept, until it can', async () => {
    const machine = openMachine()
    machine.breakDisk(true)
    await machine.jump(10 * year)
    await machine.pass(minute)
    expect(machine.now()).toBe(morning + minute)
    machine.breakDisk(false)
    await machine.pass(minute)
    expect(machine.now()).toBe(morning + 10 * year + 2 * minute)
  })

  test('goes on while the clock stands still', async () => {
    const machine = openMachine()
    await machine.pass(minute)
    for (let step = 0; step < 10; step += 1) {
      await machine.pass(minute)
      await machine.jump(-minute)
    }
    expect(machine.now()).toBe(morning + 11 * minute)
  })

  const acts = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: day }) }),
    fc.record({
      kind: fc.constant('jump' as const),
      ms: fc.oneof(
        fc.integer({ min: -minute, max: minute }),
        fc.integer({ min: -day, max: day }),
        fc.integer({ min: -11 * year, max: 11 * year }),
      ),
    }),
    fc.record({ kind: fc.constant('restart' as const), ms: fc.integer({ min: 0, max: day }) }),
    fc.record({ kind: fc.constant('breakDisk' as const), ms: fc.nat({ max: 1 }) }),
  )

  test('never goes back, whatever is done to clock, disk and process, but for the minutes no mark was kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 30 }), async (done) => {
        const machine = openMachine()
        let isBroken = false
        let before = machine.now()
        for (const { kind, ms } of done) {
          if (kind === 'breakDisk') {
            machine.breakDisk((isBroken = ms === 1))
            if (!isBroken) await machine.pass(minute)
          } else if (kind !== 'restart' || !isBroken) await machine[kind](ms)
          const least = kind === 'restart' ? before - 2 * minute : before
          expect(machine.now()).toBeGreaterThanOrEqual(least + (kind === 'pass' ? ms : 0))
          before = machine.now()
        }
        machine.breakDisk(false)
        for (let minutes = 0; minutes < 3; minutes += 1) await machine.pass(minute)
        expect(machine.now()).toBeGreaterThanOrEqual(machine.clock.now())
      }),
      { numRuns: 1_000 },
    )
  })
})
