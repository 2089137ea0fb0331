import { beforeEach, expect, test } from 'vitest'
import { countAll, countTransitions, scan } from '../../storage/census.ts'
import { listCommands } from '../../storage/command-list.ts'
import { listConflicts } from '../../storage/conflict-list.ts'
import { listJournal } from '../../storage/journal-list.ts'
import type { CommandListQuery, JournalQuery } from '../../storage/queries.ts'
import type { ConflictRow } from '../../storage/rows.ts'
import type { Select } from '../../storage/select.ts'
import type { Write } from '../../storage/store.ts'
import { openConnections } from './connections.ts'
import { openEmbedded } from './embedded.ts'
import { commandRow, hostRow, journalRow, newHost } from './rows.ts'

let select: Select
let apply: (writes: readonly Write[]) => void
beforeEach(() => {
  ;({ select, apply } = openConnections())
})

const journal = (host: string, change: Parameters<typeof journalRow>[1] = {}): Write => ({
  put: 'journal',
  row: journalRow(host, change),
})

test('the journal is read by host, actor, event and cause, in either direction, from any seq', () => {
  apply([
    journal('a', { event: 'mdm.Authenticate' }), // 1
    journal('b', { cause: 'operator' }), // 2
    journal('a', { actor: 'c1', event: 'queued', cause: 'operator' }), // 3
    journal('c'), // 4
    journal('a', { actor: 'c1', event: 'sent' }), // 5
    journal('b', { actor: 'c2', event: 'sent' }), // 6
  ])
  // prettier-ignore
  const cases: readonly (readonly [query: Omit<JournalQuery, 'limit'>, seqs: readonly number[], total: number | null])[] = [
    [{}, [6, 5, 4, 3, 2, 1], 6],
    [{ ascending: true, sinceSeq: 4 }, [5, 6], 6],
    [{ beforeSeq: 3 }, [2, 1], 6],
    [{ hostIds: ['a'] }, [5, 3, 1], 3],
    [{ hostIds: ['a', 'c'] }, [5, 4, 3, 1], 4],
    [{ hostIds: [] }, [], 0],
    [{ hostIds: ['a'], causes: ['operator'] }, [3], 1],
    [{ hostIds: ['a'], events: ['sent', 'mdm.Authenticate'], ascending: true }, [1, 5], 2],
    [{ actor: 'c1' }, [5, 3], 2],
    [{ hostIds: ['a'], actor: 'host' }, [1], 1],
    [{ events: ['sent'] }, [6, 5], null],
  ]
  for (const [query, seqs, total] of cases) {
    const page = listJournal(select, { ...query, limit: 10 })
    expect([page.items.map(({ seq }) => seq), page.total, page.more]).toEqual([seqs, total, false])
    const first = listJournal(select, { ...query, limit: 1 })
    expect([first.items.length, first.more]).toEqual([Math.min(1, seqs.length), seqs.length > 1])
  }
})

test('commands are listed by host, state and request type, newest first, with exact totals', () => {
  const states = ['queued', 'sent', 'not_now', 'acknowledged', 'error'] as const
  const all = Array.from({ length: 60 }, (_, index) =>
    commandRow(`c${index}`, {
      host_id: `h${index % 3}`,
      state: states[index % 5] ?? 'queued',
      request_type: index % 20 === 0 ? 'EraseDevice' : 'DeviceInformation',
      seq: index < 30 ? index : 30,
    }),
  )
  apply(all.map((row) => ({ put: 'command', row })))
  apply([{ put: 'command', row: commandRow('c7', { ...all[7], version: 2, state: 'expired' }) }])
  const rows = all.map((row) => (row.command_uuid === 'c7' ? { ...row, state: 'expired' } : row))
  const within = (choice: CommandListQuery['states'], value: string): boolean =>
    choice === undefined ||
    ((choice.include.length === 0 || choice.include.includes(value)) &&
      !choice.exclude.includes(value))
  // prettier-ignore
  const cases: readonly Omit<CommandListQuery, 'limit'>[] = [
    {}, { ascending: true }, { hostId: 'h1' }, { hostId: 'nobody' },
    { states: { include: ['error'], exclude: [] } }, { states: { include: [], exclude: ['error', 'queued'] } },
    { states: { include: ['expired'], exclude: [] } }, { states: { include: ['nonsense'], exclude: [] } },
    { requestTypes: { include: ['EraseDevice'], exclude: [] }, ascending: true },
    { hostId: 'h2', states: { include: ['sent', 'queued'], exclude: [] }, requestTypes: { include: [], exclude: ['EraseDevice'] } },
  ]
  for (const query of cases)
    for (const limit of [1, 7, 100]) {
      const expected = rows
        .filter((row) => query.hostId === undefined || row.host_id === query.hostId)
        .filter(
          (row) => within(query.states, row.state) && within(query.requestTypes, row.request_type),
        )
        .map((row) => [row.seq, row.command_uuid] as const)
        .toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
      if (query.ascending !== true) expected.reverse()
      const found: (readonly [number, string])[] = []
      let after: CommandListQuery['after']
      do {
        const page = listCommands(select, { ...query, limit, ...(after && { after }) })
        expect(page.total).toBe(expected.length)
        found.push(...page.items.map((row) => [row.seq, row.command_uuid] as const))
        after = page.more ? page.items.at(-1) : undefined
      } while (after !== undefined && found.length <= expected.length)
      expect(found).toEqual(expected)
    }
})

test('conflicts are listed newest first, open or resolved', () => {
  const conflict = (id: string, opened: number, resolved: number | null): Write => {
    const row: ConflictRow = {
      id,
      kind: 'clone',
      host_id: 'h1',
      others: '[]',
      claim_kind: null,
      claim_value: null,
      detail: '{}',
      opened_at: opened,
      resolved_at: resolved,
      resolution: null,
    }
    return { put: 'conflict', row }
  }
  apply([
    conflict('a', 1, null),
    conflict('b', 2, 9),
    conflict('c', 2, null),
    conflict('d', 3, null),
  ])
  const ids = (query: Parameters<typeof listConflicts>[1]) => {
    const page = listConflicts(select, query)
    return [page.items.map(({ id }) => id).join(''), page.total, page.more]
  }
  expect(ids({ limit: 9 })).toEqual(['dcba', 4, false])
  expect(ids({ open: true, limit: 2 })).toEqual(['dc', 3, true])
  expect(ids({ open: true, limit: 2, after: { opened_at: 2, id: 'c' } })).toEqual(['a', 3, false])
  expect(ids({ open: false, limit: 2 })).toEqual(['b', 1, false])
})

test('states and edges are counted, of hosts by region and of commands', async () => {
  const { store, queries } = await openEmbedded()
  await store.commit([...newHost('a'), journal('a'), journal('a')])
  await store.commit([...newHost('b', { mdm: 'unenrolled' }), journal('b', { to_state: null })])
  await store.commit([...newHost('gone', { merged_into: 'a' })])
  await store.commit([
    { put: 'command', row: commandRow('c1') },
    journal('a', { actor: 'c1', event: 'operator.enqueue', from_state: null, to_state: 'queued' }),
  ])
  const hosts = await queries.transitionCounts('host')
  const edge = { event: 'mdm.TokenUpdate', from_state: 'authenticated' }
  expect(hosts).toEqual({
    ok: true,
    value: {
      states: {
        mdm: { 'enrolled.ready': 1, unenrolled: 1 },
        dep: { assigned: 2 },
        osquery: { unenrolled: 2 },
      },
      edges: [
        { ...edge, to_state: null, count: 1 },
        { ...edge, to_state: 'enrolled.ready', count: 2 },
      ],
    },
  })
  const commands = await queries.transitionCounts('command')
  expect(commands.ok && commands.value.states).toEqual({ state: { queued: 1 } })
  expect(commands.ok && commands.value.edges).toHaveLength(1)
})

test('a scan goes through all rows in key order', () => {
  const keys = Array.from({ length: 25 }, (_, index) => `k${String(index).padStart(2, '0')}`)
  const agent = {
    host_id: 'h1',
    instance: null,
    enrolled_at: 1,
    expires_at: null,
    revoked_at: null,
  }
  apply(keys.map((key) => ({ put: 'agent', row: { ...agent, node_key_hash: key, detail_at: 0 } })))
  const found: string[] = []
  for (let after: string | undefined; found.length < 100; after = found.at(-1)) {
    const rows = scan(select, 'agents', { after: after ?? null, limit: 10 })
    found.push(...rows.map((row) => row.node_key_hash))
    if (rows.length < 10) break
  }
  expect(found).toEqual(keys)
  expect(countTransitions(select, 'host').edges).toEqual([])
  expect(countAll(select)).toMatchObject({ agents: 25, hosts: 0, journal: 0 })
})

test('a list asked for after a commit sees it', async () => {
  const { store, queries } = await openEmbedded()
  for (const id of ['a', 'b', 'c']) {
    await store.commit(newHost(id))
    const found = await queries.hostsByRef(id)
    expect(found).toEqual({ ok: true, value: [hostRow(id)] })
  }
})

test('past a thousand waiting queries more are refused as overloaded, and a closed store is unavailable', async () => {
  const { store, queries } = await openEmbedded()
  const answers = await Promise.all(Array.from({ length: 1_200 }, () => queries.countAll({})))
  const faults = answers.filter((answer) => !answer.ok).map((answer) => answer.error.kind)
  expect(faults.length).toBeGreaterThanOrEqual(199)
  expect(new Set(faults)).toEqual(new Set(['overloaded']))
  await store.close()
  expect(await queries.countAll({})).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
})
