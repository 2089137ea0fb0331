import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store, Write } from '../../storage/store.ts'
import { actorRow, commandRow, journalRow, newHost } from './rows.ts'

/** Which versions of an actor may follow which. */
export function versions(open: () => Promise<Store>): void {
  let store: Store
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())
  const host = (id: string, version: number): Write => ({
    put: 'host_actor',
    row: actorRow(id, version),
  })
  const command = (id: string, version: number): Write => ({
    put: 'command',
    row: commandRow(id, { version }),
  })
  // prettier-ignore
  const cases = [
    // stored      put   outcome
    [[],           1,    'ok'],
    [[],           2,    'conflict'],
    [[],           0,    'conflict'],
    [[1],          1,    'conflict'],
    [[1],          2,    'ok'],
    [[1],          3,    'conflict'],
    [[1, 2],       2,    'conflict'],
    [[1, 2],       1,    'conflict'],
    [[1, 2],       3,    'ok'],
  ] as const
  for (const [name, write] of Object.entries({ host, command }))
    for (const [stored, version, outcome] of cases) {
      const title = `with versions [${stored.join()}] of a ${name} stored, version ${version} is ${outcome}`
      test(title, async () => {
        for (const known of stored) await store.commit([write(title, known)])
        const answer = await store.commit([write(title, version)])
        expect(answer.ok ? 'ok' : answer.error.kind).toBe(outcome)
      })
    }
}

/** A host's version moves on without its row: which turns may count it on, and what may follow. */
export function advances(open: () => Promise<Store>): void {
  let store: Store
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())
  const put = (id: string, version: number): Write => ({
    put: 'host_actor',
    row: actorRow(id, version, '"kept"'),
  })
  const advance = (host_id: string, version: number): Write => ({
    advance: 'host_actor',
    host_id,
    version,
  })
  // prettier-ignore
  const cases = [
    // puts        advances  then           outcome
    [[],           [],       [advance, 1],  'conflict'],
    [[],           [],       [advance, 2],  'conflict'],
    [[1],          [],       [advance, 1],  'conflict'],
    [[1],          [],       [advance, 2],  'ok'],
    [[1],          [],       [advance, 3],  'conflict'],
    [[1, 2],       [],       [advance, 2],  'conflict'],
    [[1],          [2],      [advance, 2],  'conflict'],
    [[1],          [2],      [advance, 3],  'ok'],
    [[1],          [2],      [put, 2],      'conflict'],
    [[1],          [2, 3],   [put, 4],      'ok'],
  ] as const
  for (const [puts, counted, [write, version], outcome] of cases) {
    const id = `puts ${puts.join()}, advances ${counted.join()}, ${write.name} ${version}`
    test(`after puts [${puts.join()}] and advances [${counted.join()}] of a host, ${write.name} ${version} is ${outcome}`, async () => {
      for (const known of puts) await store.commit([put(id, known)])
      for (const known of counted) await store.commit([advance(id, known)])
      const answer = await store.commit([write(id, version)])
      expect(answer.ok ? 'ok' : answer.error.kind).toBe(outcome)
      const last = outcome === 'ok' ? version : (counted.at(-1) ?? puts.at(-1))
      // Read back sound, and as it was but for the version.
      expect(store.lookups.hostActor(id)).toEqual(last && actorRow(id, last, '"kept"'))
    })
  }
}

/** What a broken fence does to its turn and to others. */
export function fences(make: () => Promise<Store>): void {
  test('a turn that breaks a fence leaves nothing of itself, and its neighbours stay', async () => {
    const store = await make()
    await store.commit(newHost('h1'))
    const answers = await Promise.all([
      store.commit([...newHost('h2'), { put: 'journal', row: journalRow('h2') }]),
      store.commit([...newHost('h3'), { put: 'host_actor', row: actorRow('h1', 9) }]),
      store.commit(newHost('h4')),
    ])
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(['h2', 'h3', 'h4'].map((id) => store.lookups.host(id)?.id)).toEqual([
      'h2',
      undefined,
      'h4',
    ])
    expect(store.lookups.hostActor('h3')).toBeUndefined()
  })

  test('of two turns that replace the same version only the first is durable', async () => {
    const store = await make()
    await store.commit(newHost('h1'))
    const [first, second] = await Promise.all([
      store.commit([{ put: 'host_actor', row: actorRow('h1', 2, '"first"') }]),
      store.commit([{ put: 'host_actor', row: actorRow('h1', 2, '"second"') }]),
    ])
    expect([first.ok, second.ok]).toEqual([true, false])
    expect(store.lookups.hostActor('h1')?.snapshot).toBe('"first"')
  })

  test('of two turns that enqueue on the same version only the first is durable', async () => {
    const store = await make()
    await store.commit(newHost('h1'))
    const [first, second] = await Promise.all(
      ['c1', 'c2'].map((uuid) =>
        store.commit([
          { advance: 'host_actor', host_id: 'h1', version: 2 },
          { put: 'command', row: commandRow(uuid, { version: 1 }) },
        ]),
      ),
    )
    expect([first?.ok, second?.ok]).toEqual([true, false])
    expect(store.lookups.openCommands('h1').map(({ command_uuid }) => command_uuid)).toEqual(['c1'])
  })
}
