// Blobs that no row names go, and no others, whatever happens meanwhile.
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBlobSweep, sweepBlobs, type Swept } from '../../storage/blob-sweep.ts'
import { type OpenedStore, openStore } from '../../storage/open.ts'
import type { Write } from '../../storage/store.ts'

const dayMs = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'muster-test-'))
let opened: OpenedStore
beforeAll(async () => (opened = await openStore({ folder, onFatal: () => {} })))
afterAll(async () => {
  await opened.store.close()
  rmSync(folder, { recursive: true, force: true })
})

const pathOf = (digest: string): string => join(folder, 'blobs', digest.slice(0, 2), digest)

let made = 0
async function put(text = `blob ${(made += 1)}`): Promise<string> {
  const kept = await opened.blobs.put(Buffer.from(text))
  if (!kept.ok) throw new Error(kept.error.kind)
  return kept.value
}

function age(digest: string, days = 2): void {
  const at = new Date(Date.now() - days * dayMs)
  utimesSync(pathOf(digest), at, at)
}

const named = (ref: string, blob: string): Write => ({
  put: 'sealed',
  row: { ref, host_id: '', kind: 'webhook_delivery', sealed: null, blob },
})

async function keep(...writes: readonly Write[]): Promise<void> {
  const committed = await opened.store.commit(writes)
  if (!committed.ok) throw new Error(committed.error.kind)
}

/** One round. `meanwhile` happens between its two looks. */
const sweep = (meanwhile: () => Promise<void> = async () => {}): Promise<Swept> => {
  let looked = false
  return sweepBlobs({
    ...opened,
    now: Date.now,
    isOver: () => false,
    async pause() {
      if (looked) return
      looked = true
      await meanwhile()
    },
  })
}

const has = (digest: string): Promise<boolean> => opened.blobs.has(digest)

test('a blob goes a day after the last row that named it, with nothing else', async () => {
  const [kept, dropped, young] = [await put(), await put('to be dropped'), await put()]
  await keep(named('one', kept), named('two', dropped))
  for (const digest of [kept, dropped]) age(digest)
  expect(await sweep()).toEqual({ blobs: 0, bytes: 0 })
  await keep({ drop: 'sealed', ref: 'two' })
  expect(await sweep()).toEqual({ blobs: 1, bytes: 'to be dropped'.length })
  expect([await has(kept), await has(dropped), await has(young)]).toEqual([true, false, true])
})

describe('it is left alone', () => {
  test('by whom it was put again meanwhile', async () => {
    const digest = await put('the same bytes')
    age(digest)
    await sweep(async () => void (await put('the same bytes')))
    expect(await has(digest)).toBe(true)
  })

  test('where a row came to name it meanwhile, as when the clock leapt', async () => {
    const digest = await put()
    age(digest)
    await sweep(() => keep(named('late', digest)))
    expect(await has(digest)).toBe(true)
  })

  test('where a file only looks like one', async () => {
    await put()
    const before = readdirSync(join(folder, 'blobs'))
    expect(before).toContain('unfinished')
    await sweep()
    expect(readdirSync(join(folder, 'blobs'))).toContain('unfinished')
  })

  test('where the rows cannot be read', async () => {
    const digest = await put()
    age(digest)
    const unreadable = async () => ({ ok: false, error: { kind: 'damaged', detail: 'x' } }) as const
    const round = { ...opened, now: Date.now, isOver: () => false, pause: async () => {} }
    expect(await sweepBlobs({ ...round, queries: { scanBlobs: unreadable } })).toEqual({
      blobs: 0,
      bytes: 0,
    })
    expect(await has(digest)).toBe(true)
  })
})

type Step =
  | { readonly do: 'put' | 'name' | 'forget' | 'age'; readonly which: number }
  | { readonly do: 'sweep'; readonly meanwhile: number }

const which = fc.nat({ max: 5 })
const step: fc.Arbitrary<Step> = fc.oneof(
  ...(['put', 'name', 'forget', 'age'] as const).map((name) =>
    fc.record({ do: fc.constant(name), which }),
  ),
  fc.record({ do: fc.constant('sweep' as const), meanwhile: which }),
)

test('whatever is put, named, forgotten and swept in whatever order: what a row names is there', async () => {
  const steps = fc.array(step, { minLength: 4, maxLength: 25 })
  await fc.assert(fc.asyncProperty(steps, runs), { numRuns: 25 })
}, 30_000)

async function runs(steps: readonly Step[]): Promise<void> {
  made += 1
  const texts = Array.from({ length: 6 }, (_, index) => `run ${made} blob ${index}`)
  const refs = texts.map((text) => `ref of ${text}`)
  const digests: (string | undefined)[] = []
  const isNamed = new Set<number>()

  const done: Readonly<Record<'put' | 'name' | 'forget' | 'age', (at: number) => Promise<void>>> = {
    async put(at) {
      digests[at] = await put(texts[at])
    },
    // As sealing does it: the bytes first, and then the row.
    async name(at) {
      digests[at] = await put(texts[at])
      await keep(named(refs[at] ?? '', digests[at] ?? ''))
      isNamed.add(at)
    },
    async forget(at) {
      await keep({ drop: 'sealed', ref: refs[at] ?? '' })
      isNamed.delete(at)
    },
    async age(at) {
      const digest = digests[at]
      if (digest !== undefined && (await has(digest))) age(digest)
    },
  }
  const one = async (todo: Step): Promise<void> =>
    todo.do === 'sweep'
      ? void (await sweep(() => done.name(todo.meanwhile)))
      : done[todo.do](todo.which)

  for (const todo of steps) {
    await one(todo)
    for (const at of isNamed) expect(await has(digests[at] ?? '')).toBe(true)
  }
  for (const at of digests.keys()) await done.age(at)
  await sweep()
  for (const [at, digest] of digests.entries())
    if (digest !== undefined) expect(await has(digest)).toBe(isNamed.has(at))
}

test('a row is found in whatever stretch it lies', async () => {
  const digest = await put()
  const many = Array.from({ length: 12_000 }, (_, index): Write => ({
    put: 'sealed',
    row: { ref: `small-${index}`, host_id: '', kind: 'x', sealed: Buffer.from([1]), blob: null },
  }))
  await keep(...many, named('behind-them-all', digest))
  age(digest)
  await sweep()
  expect(await has(digest)).toBe(true)
})

test('rounds begin an hour after the start and come once a day, and the end of the process ends them', async () => {
  const waits: number[] = []
  let go: (() => void) | undefined
  const stale = await put()
  age(stale)
  const all = createBlobSweep({
    ...opened,
    now: Date.now,
    later(task, delayMs) {
      waits.push(delayMs)
      go = task
      return { cancel() {} }
    },
  })
  const next = async (): Promise<void> => {
    const before = waits.length
    go?.()
    await expect.poll(() => waits.length).toBeGreaterThan(before)
  }
  await next()
  await next()
  expect(waits).toEqual([3_600_000, 600_000, dayMs])
  expect(all.swept().blobs).toBeGreaterThan(0)
  expect(await has(stale)).toBe(false)
  await all.stop()
})
