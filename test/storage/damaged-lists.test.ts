// Lists go on behind damaged rows, however many stand together.
import { expect, test } from 'vitest'
import { listCertificates } from '../../storage/certificate-list.ts'
import { listCommands } from '../../storage/command-list.ts'
import { listConflicts } from '../../storage/conflict-list.ts'
import { listDeliveries } from '../../storage/delivery-list.ts'
import { listHosts } from '../../storage/host-list.ts'
import { listJournal } from '../../storage/journal-list.ts'
import { createLookups } from '../../storage/lookups.ts'
import type { Page } from '../../storage/queries.ts'
import type { Select } from '../../storage/select.ts'
import type { Write } from '../../storage/store.ts'
import { openConnections } from './connections.ts'
import { rows } from './everything.ts'
import { commandRow, hostRow, journalRow } from './rows.ts'

const count = 30
const limit = 5
/** Of thirty rows, all but the ten that a list shows last. */
const damagedRows = 20
const name = (nth: number): string => `n${String(nth).padStart(2, '0')}`

type List = {
  readonly write: (nth: number) => Write
  readonly table: string
  readonly order: string
  readonly first: (select: Select) => Omit<Page<unknown>, 'total'>
}

const lists: readonly List[] = [
  {
    table: 'hosts',
    order: 'id',
    write: (nth) => ({ put: 'host', row: hostRow(name(nth)) }),
    first: (select) =>
      listHosts(select, { filters: {}, sort: { column: 'id', descending: false }, limit }),
  },
  {
    table: 'journal',
    order: 'seq',
    write: (nth) => ({ put: 'journal', row: journalRow(name(nth)) }),
    first: (select) => listJournal(select, { ascending: true, limit }),
  },
  {
    table: 'commands',
    order: 'seq',
    write: (nth) => ({ put: 'command', row: commandRow(name(nth), { seq: nth }) }),
    first: (select) => listCommands(select, { ascending: true, limit }),
  },
  {
    table: 'conflicts',
    order: 'opened_at DESC',
    write: (nth) => ({ put: 'conflict', row: { ...rows.conflict, id: name(nth), opened_at: nth } }),
    first: (select) => listConflicts(select, { limit }),
  },
  {
    table: 'certificates',
    order: 'issued_at DESC',
    write: (nth) => ({
      put: 'certificate',
      row: { ...rows.certificate, fingerprint: name(nth), challenge_hash: null, issued_at: nth },
    }),
    first: (select) => listCertificates(select, { limit }),
  },
  {
    table: 'webhook_deliveries',
    order: 'created_at DESC',
    write: (nth) => ({
      put: 'delivery',
      row: { ...rows.delivery, id: name(nth), created_at: nth },
    }),
    first: (select) => listDeliveries(select, { webhookId: 'w1', limit }),
  },
]

const beforeDeliveries: readonly Write[] = [
  { put: 'webhook', row: rows.webhook },
  {
    put: 'sealed',
    row: { ref: 's1', host_id: 'h1', kind: 'x', sealed: Buffer.from([1]), blob: null },
  },
]

test.each(lists)(
  'a page of $table of which every row is damaged does not end the list',
  ({ table, order, write, first }) => {
    const { apply, select, writing } = openConnections()
    apply([...beforeDeliveries, ...Array.from({ length: count }, (_, nth) => write(nth))])
    const key = table === 'hosts' ? 'id' : 'rowid'
    writing.exec(
      `UPDATE ${table} SET checksum = checksum + 1 WHERE ${key} IN (SELECT ${key} FROM ${table} ORDER BY ${order} LIMIT ${damagedRows})`,
    )
    const page = first(select)
    expect(page.items).toHaveLength(1)
    expect(page.damaged).toHaveLength(damagedRows)
    expect(page.more).toBe(true)
  },
)

test('600 damaged rows before it keep a due alarm from nothing', () => {
  const { apply, reading, writing } = openConnections()
  const alarm = (nth: number): Write => ({
    put: 'alarm',
    row: { host_id: `h${nth}`, name: 'expire', due_at: nth },
  })
  apply(Array.from({ length: 601 }, (_, nth) => alarm(nth)))
  writing.exec('UPDATE alarms SET checksum = checksum + 1 WHERE due_at < 600')
  const due = createLookups(reading).dueAlarms(1_000, 256)
  expect(due.map(({ host_id }) => host_id)).toEqual(['h600'])
})
