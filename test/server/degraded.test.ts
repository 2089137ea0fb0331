// What a server says of itself while something is damaged or the disk is full.
import { expect, test } from 'vitest'
import { createDegraded } from '../../src/degraded.ts'
import type { CommitFault, Committed, Store } from '../../storage/store.ts'

function world() {
  const lines: { readonly level: string; readonly said: unknown }[] = []
  const level = (name: string) => (said: unknown) => void lines.push({ level: name, said })
  let elapsed = 0
  let next: Committed = { ok: true, journalSeqs: [] }
  const log = { error: level('error'), warn: level('warn'), info: level('info') }
  const degraded = createDegraded({ log, elapsedMs: () => elapsed })
  // Only commits are asked of it.
  const store = degraded.store({ commit: async () => next } as unknown as Store)
  return {
    degraded,
    lines,
    later: (ms: number) => void (elapsed += ms),
    async commits(error?: CommitFault) {
      next = error ? { ok: false, error } : { ok: true, journalSeqs: [] }
      await store.commit([])
    },
  }
}

const full: CommitFault = { kind: 'unavailable', detail: 'database or disk is full' }

test('a full disk is one line of the log with its reason, and degraded until something is written', async () => {
  const { degraded, lines, commits, later } = world()
  for (let nth = 0; nth < 50; nth += 1) await commits(full)
  expect(lines).toEqual([{ level: 'error', said: { reason: 'database or disk is full' } }])
  expect(degraded.reasons()).toEqual(['the database cannot be written: database or disk is full'])
  await commits()
  expect(degraded.reasons()).toEqual([])
  // Full now and then, it is said once a minute.
  for (let nth = 0; nth < 50; nth += 1) {
    await commits(full)
    await commits()
  }
  expect(lines).toHaveLength(1)
  later(60_000)
  await commits(full)
  expect(lines).toHaveLength(2)
})

test.each<CommitFault>([
  { kind: 'overloaded' },
  { kind: 'conflict' },
  { kind: 'claim-taken' },
  { kind: 'unavailable', detail: 'the store is closing' },
])('a commit refused as $kind $detail is no trouble of the disk', async (fault) => {
  const { degraded, lines, commits } = world()
  await commits(fault)
  expect([degraded.reasons(), lines]).toEqual([[], []])
})

test('what stays damaged is named, and what was made anew is only told', () => {
  const { degraded, lines } = world()
  degraded.damaged('claims serial C02')
  degraded.mended({
    rebuilt: ['hosts_by_serial'],
    damaged: [{ name: 'journal', reason: 'Tree 9 page 9: btreeInitPage() returns error code 11' }],
  })
  expect(degraded.reasons()).toEqual([
    'claims is damaged: some of its rows are not served',
    'journal is damaged: Tree 9 page 9: btreeInitPage() returns error code 11',
  ])
  expect(lines.map(({ level }) => level)).toEqual(['error', 'warn', 'error'])
})

test('what could not be made anew at first is named no more once it was', () => {
  const { degraded } = world()
  const name = 'hosts_by_serial'
  degraded.mended({ rebuilt: [], damaged: [{ name, reason: 'database or disk is full' }] })
  expect(degraded.reasons()).toEqual(['hosts_by_serial is damaged: database or disk is full'])
  degraded.mended({ rebuilt: [name], damaged: [] })
  expect(degraded.reasons()).toEqual([])
})
