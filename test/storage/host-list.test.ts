import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countedColumns, fits } from '../../storage/combinations.ts'
import { listHosts } from '../../storage/host-list.ts'
import { findHosts, summariseHosts } from '../../storage/hosts-summary.ts'
import {
  type CountedColumn,
  type HostListQuery,
  hostSorts,
  type ListedHost,
  type Presence,
} from '../../storage/queries.ts'
import type { HostRow, LastSeenRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import { openConnections } from './connections.ts'
import { claimRow, hostRow, newHost } from './rows.ts'

const thresholds = { onlineSinceMs: 700, missingBeforeMs: 300, aheadFromMs: 900 }
const nullable = (...values: readonly string[]) => fc.constantFrom(null, ...values)
const states = {
  mdm: [
    'unenrolled',
    'authenticated',
    'enrolled.awaiting_configuration',
    'enrolled.ready',
    'enrolledish',
  ],
  dep: ['unassigned', 'assigned'],
  osquery: ['unenrolled', 'enrolled'],
  lifecycle: ['mdm_enrolled', 'osquery_enrolled', 'dep_assigned', 'unenrolled'],
  status: ['on_automatic', 'pending', 'off'],
  platform: ['darwin', 'ubuntu'],
} as const

const ids = Array.from({ length: 24 }, (_, index) => `id-${index}`)
const names = ['mac', 'Mac-1', 'mac-2', 'MAC-10', 'zöe', 'C02A', 'c02b', 'AB', '%', '_']

const aHost: fc.Arbitrary<HostRow> = fc
  .record({
    id: fc.constantFrom(...ids),
    serial: nullable(...names),
    uuid: nullable(...names),
    udid: nullable(...names),
    hostname: nullable(...names),
    os_version: nullable('14.1', '15.0'),
    model: nullable('Mac14,2', 'Mac15,3'),
    platform: nullable(...states.platform),
    mdm: fc.constantFrom(...states.mdm),
    dep: fc.constantFrom(...states.dep),
    osquery: fc.constantFrom(...states.osquery),
    lifecycle: fc.constantFrom(...states.lifecycle),
    status: nullable(...states.status),
    quarantined: fc.constantFrom(0, 1),
    merged_into: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constant('id-0')),
    first_seen_at: fc.integer({ min: 0, max: 5 }),
  })
  .map((change) => hostRow(change.id, change))

const aWrite: fc.Arbitrary<Write> = fc.oneof(
  { weight: 6, arbitrary: aHost.map((row): Write => ({ put: 'host', row })) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        host_id: fc.constantFrom(...ids),
        at: fc.oneof(fc.integer({ min: 290, max: 710 }), fc.integer({ min: 895, max: 905 })),
        byMdm: fc.boolean(),
      })
      .map(({ host_id, at, byMdm }): Write => ({
        put: 'last_seen',
        row: { host_id, at, mdm_at: byMdm ? at : null, osquery_at: byMdm ? null : at },
      })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...ids).map((id): Write => ({ drop: 'host', id })) },
)

const choiceOf = (column: CountedColumn) => {
  const values = fc.subarray([...states[column], column === 'mdm' ? 'enrolled' : ''], {
    maxLength: 2,
  })
  return fc.record({ include: values, exclude: values })
}
const presences = ['online', 'offline', 'missing', 'never'] as const
const somePresences = fc.subarray([...presences], { maxLength: 3 })
const aQuery: fc.Arbitrary<HostListQuery> = fc.record(
  {
    filters: fc.record(
      Object.fromEntries(countedColumns.map((column) => [column, choiceOf(column)])),
      { requiredKeys: [] },
    ),
    presence: fc
      .record({ include: somePresences, exclude: somePresences })
      .map((choice) => ({ ...choice, ...thresholds })),
    firstSeen: fc.record(
      {
        sinceMs: fc.integer({ min: 0, max: 6 }),
        beforeMs: fc.integer({ min: 0, max: 6 }),
      },
      { requiredKeys: [] },
    ),
    q: fc.constantFrom('', 'm', 'MAC', 'mac-1', 'c02', 'zö', '%', 'nobody'),
    sort: fc.record({ column: fc.constantFrom(...hostSorts), descending: fc.boolean() }),
    limit: fc.integer({ min: 1, max: 7 }),
  },
  { requiredKeys: ['filters', 'sort', 'limit'] },
)

type Model = { readonly hosts: Map<string, HostRow>; readonly seen: Map<string, LastSeenRow> }

function remember({ hosts, seen }: Model, write: Write): void {
  if ('drop' in write && write.drop === 'host') {
    hosts.delete(write.id)
    seen.delete(write.id)
  } else if ('put' in write && write.put === 'host') {
    hosts.set(write.row.id, write.row)
    if (write.row.merged_into !== null) seen.delete(write.row.id)
  } else if ('put' in write && write.put === 'last_seen') {
    const host = hosts.get(write.row.host_id)
    if (host === undefined || host.merged_into !== null) return
    seen.set(host.id, later(write.row, seen.get(host.id)))
  }
}

/** A protocol that said nothing keeps its time. */
const later = (row: LastSeenRow, before: LastSeenRow | undefined): LastSeenRow => ({
  ...row,
  mdm_at: row.mdm_at ?? before?.mdm_at ?? null,
  osquery_at: row.osquery_at ?? before?.osquery_at ?? null,
})

const listed = ({ hosts, seen }: Model): readonly ListedHost[] =>
  [...hosts.values()]
    .filter((host) => host.merged_into === null)
    .map((host) => {
      const { at = null, mdm_at = null, osquery_at = null } = seen.get(host.id) ?? {}
      return { ...host, last_seen_at: at, mdm_at, osquery_at }
    })

function presenceOf({ lifecycle, last_seen_at: at }: ListedHost): Presence | undefined {
  if (lifecycle === 'dep_assigned') return undefined
  if (at === null) return 'never'
  if (at >= thresholds.aheadFromMs) return 'offline'
  if (at >= thresholds.onlineSinceMs) return 'online'
  return at >= thresholds.missingBeforeMs ? 'offline' : 'missing'
}

const firstSeenWithin = (
  { first_seen_at: at }: ListedHost,
  { sinceMs = 0, beforeMs = Infinity }: NonNullable<HostListQuery['firstSeen']>,
): boolean => at >= sinceMs && at < beforeMs

function isPresent(host: ListedHost, presence: HostListQuery['presence']): boolean {
  const found = presenceOf(host)
  return (
    presence === undefined ||
    ((presence.include.length === 0 || (found !== undefined && presence.include.includes(found))) &&
      !(found !== undefined && presence.exclude.includes(found)))
  )
}

function matches(host: ListedHost, query: HostListQuery): boolean {
  const { filters, presence, q, firstSeen = {} } = query
  if (!firstSeenWithin(host, firstSeen) || !isPresent(host, presence)) return false
  const fold = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const named = [host.hostname, host.serial, host.uuid, host.udid].some(
    (name) => name !== null && fold(name).startsWith(fold(q ?? '')),
  )
  const fitting = countedColumns.every((column) => fits(filters[column], host[column] ?? ''))
  return fitting && (q === undefined || q === '' || named)
}

const withoutCase = new Set<string>(['hostname', 'serial'])
function compare(column: (typeof hostSorts)[number]) {
  const key = (host: ListedHost): string | number | null => {
    const value = host[column]
    return typeof value === 'string' && withoutCase.has(column)
      ? value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      : value
  }
  const order = (a: string | number | null, b: string | number | null): number => {
    if (a === b) return 0
    if (a === null || b === null) return a === null ? -1 : 1
    if (typeof a === 'number' && typeof b === 'number') return a - b
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
  }
  return (a: ListedHost, b: ListedHost): number => order(key(a), key(b)) || order(a.id, b.id)
}

test('a list, paged to its end, is what filtering and sorting all hosts gives, and its total is exact', () => {
  const { apply, select } = openConnections()
  const model: Model = { hosts: new Map(), seen: new Map() }
  fc.assert(
    fc.property(fc.array(aWrite, { maxLength: 8 }), aQuery, (writes, query) => {
      apply(writes)
      for (const write of writes) remember(model, write)
      const expected = listed(model)
        .filter((host) => matches(host, query))
        .toSorted(compare(query.sort.column))
      if (query.sort.descending) expected.reverse()
      const items: ListedHost[] = []
      for (let more = true, after: HostListQuery['after']; more;) {
        const page = listHosts(select, after === undefined ? query : { ...query, after })
        expect(page.total).toBe(expected.length)
        expect(page.items.length).toBeLessThanOrEqual(query.limit)
        items.push(...page.items)
        const last = page.items.at(-1)
        if (last !== undefined) after = { value: last[query.sort.column], id: last.id }
        more = page.more
        // A list that never ends must fail, not fill the memory.
        expect(items.length).toBeLessThanOrEqual(expected.length)
      }
      expect(items).toEqual(expected)
    }),
    { numRuns: 600 },
  )
})

test('the summary is what counting all hosts gives, whatever they went through', () => {
  const { apply, select } = openConnections()
  const model: Model = { hosts: new Map(), seen: new Map() }
  fc.assert(
    fc.property(fc.array(aWrite, { maxLength: 12 }), (writes) => {
      apply(writes)
      for (const write of writes) remember(model, write)
      const hosts = listed(model)
      const tally = (values: readonly (string | undefined)[]) =>
        values.reduce<Record<string, number>>((counts, value) => {
          return value === undefined ? counts : { ...counts, [value]: (counts[value] ?? 0) + 1 }
        }, {})
      const none = { online: 0, offline: 0, missing: 0, never: 0 }
      expect(summariseHosts(select, thresholds)).toEqual({
        ...Object.fromEntries(
          countedColumns.map((column) => [column, tally(hosts.map((host) => host[column] ?? ''))]),
        ),
        presence: { ...none, ...tally(hosts.map(presenceOf)) },
        total: hosts.length,
      })
    }),
    { numRuns: 300 },
  )
})

test('few matches are gathered and many walked, and both give the same pages', () => {
  const { apply, select } = openConnections()
  const hosts = Array.from({ length: 400 }, (_, index): Write => {
    const id = `id-${String(index).padStart(3, '0')}`
    return {
      put: 'host',
      row: hostRow(id, {
        hostname: `mac-${index % 50}`,
        mdm: index % 40 === 0 ? 'unenrolled' : 'enrolled.ready',
      }),
    }
  })
  apply(hosts)
  for (const state of ['unenrolled', 'enrolled'])
    for (const limit of [2, 1_000]) {
      const filters = { mdm: { include: [state], exclude: [] } }
      const sort = { column: 'hostname', descending: false } as const
      const page = listHosts(select, { filters, sort, limit })
      expect(page.total).toBe(state === 'enrolled' ? 390 : 10)
      const names = page.items.map((item) => [item.hostname, item.id].join())
      expect(names).toEqual([...names].toSorted())
      expect(names).toHaveLength(Math.min(limit, page.total))
    }
})

test('a host is found by id, serial, UUID, UDID or enrollment key, in any case but the id and key', () => {
  const { apply, select } = openConnections()
  apply([
    { put: 'host', row: hostRow('id-1', { serial: 'C02ABC', uuid: 'AA-BB', udid: '0000-11' }) },
    { put: 'host', row: hostRow('id-2', { serial: 'c02abc', merged_into: 'id-1' }) },
    {
      put: 'enrollment',
      row: { key: 'E1', host_id: 'id-1', channel: 'device', type: 'Device', created_at: 1 },
    },
  ])
  const found = (ref: string): readonly string[] => findHosts(select, ref).map(({ id }) => id)
  expect(found('c02ABC')).toEqual(['id-1', 'id-2'])
  for (const ref of ['id-1', 'aa-bb', '0000-11', 'E1']) expect(found(ref)).toEqual(['id-1'])
  for (const ref of ['ID-1', 'e1', '', '%', "'"]) expect(found(ref)).toEqual([])
})

// prettier-ignore
const identifiers: readonly (readonly [string, Write, string, string])[] = [
  ["an iPhone's UDID in its row",    { put: 'host', row: hostRow('id-1', { udid: '00008030-0011ABCD' }) },                              '00008030-0011abcd',  '00008030-0011a'],
  ['a UDID',                         { put: 'claim', row: claimRow('id-1', { kind: 'udid', value: '00008030-0022ABCD' }) },             '00008030-0022abcd',  '00008030-0022a'],
  ['an EnrollmentID',                { put: 'claim', row: claimRow('id-1', { kind: 'enrollment_id', value: 'enr-Ab12' }) },             'enr-Ab12',           'enr-Ab'],
  ['an osquery instance',            { put: 'claim', row: claimRow('id-1', { kind: 'osquery_instance', value: 'inst-77' }) },           'inst-77',            'inst-'],
  ['a UUID that clones share',       { put: 'claim', row: claimRow('id-1', { kind: 'uuid', value: 'FEED-01', status: 'shared' }) },     'feed-01',            'feed'],
  ['the key of a user channel',      { put: 'enrollment', row: { key: 'E7:user', host_id: 'id-1', channel: 'user', type: 'User', created_at: 1 } }, 'E7:user', 'E7:'],
  ["a second serial in Apple's list", { put: 'dep_device', row: { serial: 'C02SECOND', host_id: 'id-1', assigned: 1, profile_status: null, op_date: null, raw: '{}', updated_at: 1 } }, 'c02second', 'c02sec'],
]
for (const [name, write, ref, beginning] of identifiers)
  test(`a host is found by ${name}, whole and by its beginning, once`, () => {
    const { apply, select } = openConnections()
    apply([
      ...newHost('id-1'),
      ...newHost('id-2', { serial: 'C02OTHER' }),
      ...Array.from({ length: 40 }, (_, n) => newHost(`other-${n}`)).flat(),
      {
        put: 'claim',
        row: claimRow('id-2', { kind: 'uuid', value: 'FEED-00', status: 'superseded' }),
      },
      write,
    ])
    expect(findHosts(select, ref).map(({ id }) => id)).toEqual(['id-1'])
    for (const column of hostSorts)
      for (const limit of [1, 1_000]) {
        const sort = { column, descending: false }
        const page = listHosts(select, { filters: {}, q: beginning, sort, limit })
        expect([page.total, page.items.map(({ id }) => id)]).toEqual([1, ['id-1']])
      }
  })

test('an identifier that a host had once does not lead to it', () => {
  const { apply, select } = openConnections()
  const former = claimRow('id-1', { kind: 'uuid', value: 'FEED-00', status: 'superseded' })
  apply([...newHost('id-1'), { put: 'claim', row: former }])
  expect(findHosts(select, 'FEED-00')).toEqual([])
  const sort = { column: 'id', descending: false } as const
  expect(listHosts(select, { filters: {}, q: 'FEED', sort, limit: 9 }).total).toBe(0)
})
