import { describe, expect, onTestFinished, test } from 'vitest'
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { everything, rows } from './everything.ts'
import { advances, fences, versions } from './fence-conformance.ts'
import { actorRow, claimRow, commandRow, hostRow, journalRow, newHost } from './rows.ts'

/** What every store promises, whatever keeps its rows. `open` gives an empty one. */
export function storeConformance(open: () => Promise<Store>): void {
  const make = async (): Promise<Store> => {
    const store = await open()
    onTestFinished(() => store.close())
    return store
  }

  test('a turn is read back whole once it is committed', async () => {
    const store = await make()
    expect(await store.commit(everything)).toEqual({ ok: true, journalSeqs: [1, 2] })
    const { lookups } = store
    expect(lookups.hostActor('h1')).toEqual(actorRow('h1', 1))
    expect(lookups.host('h1')).toEqual(hostRow('h1'))
    expect(lookups.command('c1')).toEqual(commandRow('c1'))
    expect(lookups.openCommands('h1')).toEqual([commandRow('c1')])
    expect(lookups.busyHosts('', 9)).toEqual(['h1'])
    expect(lookups.busyHosts('h1', 9)).toEqual([])
    expect(lookups.lastCommandSeq()).toBe(1)
    expect(lookups.claimsOn('serial', 'C02XG0AAJGH5')).toEqual([claimRow('h1')])
    expect(lookups.claimsOf('h1')).toEqual([claimRow('h1')])
    expect(lookups.enrollment('E1')).toEqual(rows.enrollment)
    expect(lookups.enrollmentsOf('h1')).toEqual([rows.enrollment])
    expect(lookups.agent('k1')).toEqual(rows.agent)
    expect(lookups.agentsOf('h1')).toEqual([rows.agent])
    expect(lookups.depDevice('S1')).toEqual(rows.dep_device)
    expect(lookups.depDevicesOf('h1')).toEqual([rows.dep_device])
    expect(lookups.lastSeen('h1')).toEqual(rows.last_seen)
    expect(lookups.alarmsOf('h1')).toEqual([rows.alarm])
    expect(lookups.conflict('x1')).toEqual(rows.conflict)
    expect(lookups.conflictsOf('h1')).toEqual([rows.conflict])
    expect(lookups.mergesOf('h1')).toEqual([rows.merge])
    expect(lookups.tokens()).toEqual([rows.token])
    expect(lookups.enrollSecrets()).toEqual([rows.enroll_secret])
    expect(lookups.authorities()).toEqual([rows.authority])
    expect(lookups.certificate('f1')).toEqual(rows.certificate)
    expect(lookups.certificatesOf('h1')).toEqual([rows.certificate])
    expect(lookups.endingCertificates(99, 10)).toEqual([rows.certificate])
    expect(lookups.challenge('c1')).toEqual(rows.challenge)
    expect(lookups.endedChallenges(60, 10)).toEqual([rows.challenge])
    expect(lookups.enrollmentLink('l1')).toEqual(rows.enrollment_link)
    expect(lookups.enrollmentLinkBySecret('s1')).toEqual(rows.enrollment_link)
    expect(lookups.enrollmentLinks()).toEqual([rows.enrollment_link])
    expect(lookups.pushCertificate(rows.push_certificate.topic)).toEqual(rows.push_certificate)
    expect(lookups.pushCertificates()).toEqual([rows.push_certificate])
    expect(lookups.webhook('w1')).toEqual(rows.webhook)
    expect(lookups.webhooks()).toEqual([rows.webhook])
    expect(lookups.delivery('d1')).toEqual(rows.delivery)
    expect(lookups.nextDelivery('w1', 'h1')).toEqual(rows.delivery)
    expect(lookups.nextDelivery('w1', 'h2')).toBeUndefined()
    expect(lookups.nextDeliveryBeyond('w1', '')).toEqual(rows.delivery)
    expect(lookups.nextDeliveryBeyond('w1', 'h1')).toBeUndefined()
    expect(lookups.lastDelivery('w1')).toBeUndefined()
    expect(lookups.deliveriesFrom('w1', { created_at: 0, id: 'z' }, 10)).toEqual([rows.delivery])
    expect(lookups.deliveriesFrom('w1', rows.delivery, 10)).toEqual([])
    expect(lookups.endedDeliveries(99, 10)).toEqual([])
    expect(lookups.dueOutbox(50, 10)).toEqual([rows.outbox])
    expect(lookups.clock()).toEqual(rows.clock)
    expect(lookups.commandsBetween('c1', 'c1')).toEqual([lookups.command('c1')])
    expect(lookups.commandsBetween('c10', 'c2')).toEqual([])
    expect(lookups.commandsBetween('b', 'c0')).toEqual([])
    expect(lookups.commandName('c1')).toEqual(rows.command_name)
    expect(lookups.commandsNamed('{c 1}', 9)).toEqual([rows.command_name])
    expect(lookups.commandsNamed('c1', 9)).toEqual([])
    expect(lookups.incarnation()).toEqual(rows.incarnation)
    expect(lookups.backups()).toEqual([rows.backup])
    const sealed = lookups.sealed('s1')
    expect(sealed).toMatchObject({ ref: 's1', host_id: 'h1', kind: 'command', blob: null })
    expect([...(sealed?.sealed ?? [])]).toEqual([1, 2, 255])
  })

  test('of the deliveries to one webhook the first committed is next, also after it was put again', async () => {
    const store = await make()
    const { delivery } = rows
    const late = { ...delivery, id: 'a0', created_at: 9 }
    const other = { ...delivery, id: 'e0', host_id: 'h2' }
    await store.commit([sealedBody('s1'), { put: 'webhook', row: rows.webhook }])
    await store.commit([delivery, late, other].map((row) => ({ put: 'delivery', row })))
    const again = { ...delivery, attempts: 1, due_at: 77 }
    await store.commit([{ put: 'delivery', row: again }])
    expect(store.lookups.nextDelivery('w1', 'h1')).toEqual(again)
    expect(store.lookups.nextDeliveryBeyond('w1', 'h1')).toEqual(other)
    const done = { ...again, state: 'delivered', finished_at: 80, last_status: 200 } as const
    await store.commit([{ put: 'delivery', row: done }])
    expect(store.lookups.nextDelivery('w1', 'h1')).toEqual(late)
    expect(store.lookups.lastDelivery('w1')).toEqual(done)
    expect(store.lookups.endedDeliveries(80, 10)).toEqual([done])
    expect(store.lookups.deliveriesFrom('w1', done, 10)).toEqual([other, late])
  })

  test('a delivery of a webhook that is gone is not kept, nor what it would have told', async () => {
    const store = await make()
    const { delivery, webhook } = rows
    await store.commit([{ put: 'webhook', row: webhook }])
    const told = [sealedBody('s1'), { put: 'delivery', row: delivery }] as const
    await store.commit(told)
    expect(store.lookups.delivery('d1')).toEqual(delivery)
    await store.commit([
      { drop: 'delivery', id: 'd1' },
      { drop: 'sealed', ref: 's1' },
    ])
    // Tried meanwhile, and written down after everything of it was taken away.
    const tried = { ...delivery, attempts: 1 }
    expect(await store.commit([{ put: 'delivery', row: tried }])).toMatchObject({ ok: true })
    expect(store.lookups.delivery('d1')).toBeUndefined()
    await store.commit([{ drop: 'webhook', id: webhook.id }])
    expect(await store.commit(told)).toMatchObject({ ok: true })
    expect(store.lookups.delivery('d1')).toBeUndefined()
    expect(store.lookups.sealed('s1')).toBeUndefined()
  })

  test('a second certificate for one challenge is refused, the same one again is not', async () => {
    const store = await make()
    await store.commit(everything)
    const again = { ...rows.certificate, status: 'retired' } as const
    expect(await store.commit([{ put: 'certificate', row: again }])).toMatchObject({ ok: true })
    const second = { ...rows.certificate, fingerprint: 'f2' }
    expect(await store.commit([{ put: 'certificate', row: second }])).toEqual({
      ok: false,
      error: { kind: 'conflict' },
    })
    expect(store.lookups.certificate('f2')).toBeUndefined()
    expect(store.lookups.endingCertificates(99, 10)).toEqual([])
  })

  test('of a key never written there is nothing', async () => {
    const { lookups } = await make()
    const single = [lookups.hostActor('x'), lookups.host('x'), lookups.command('x')]
    expect([...single, lookups.sealed('x'), lookups.nextAlarmAt()]).toEqual(
      Array.from({ length: 5 }, () => undefined),
    )
    expect([...lookups.openCommands('x'), ...lookups.claimsOn('uuid', 'x')]).toEqual([])
  })

  test('a certificate that was ended stays so, whatever was decided on it before', async () => {
    const store = await make()
    const put = (status: CertificateRow['status']): Write => ({
      put: 'certificate',
      row: { ...rows.certificate, status },
    })
    const commit = async (status: CertificateRow['status']) =>
      (await store.commit([put(status)])).ok
    expect(await commit('active')).toBe(true)
    expect(await commit('retired')).toBe(true)
    expect(await commit('active')).toBe(false)
    expect(await commit('revoked')).toBe(true)
    expect(await commit('retired')).toBe(false)
    expect(store.lookups.certificate('f1')?.status).toBe('revoked')
  })

  test('a certificate that was retired comes back with what retired it, and a revoked one never', async () => {
    const store = await make()
    const commit = async (status: CertificateRow['status'], revives?: true) => {
      const row = { ...rows.certificate, status }
      return (await store.commit([{ put: 'certificate', row, ...(revives && { revives }) }])).ok
    }
    expect(await commit('retired')).toBe(true)
    expect(await commit('active', true)).toBe(true)
    expect(await commit('revoked')).toBe(true)
    expect(await commit('active', true)).toBe(false)
  })

  test('a put replaces the row under the same key', async () => {
    const store = await make()
    await store.commit(everything)
    const moved = { ...rows.enrollment, host_id: 'h2' }
    const agent = { ...rows.agent, revoked_at: 77 }
    const renamed = hostRow('h1', { hostname: 'mac-1', mdm: 'unenrolled', status: null })
    await store.commit([
      { put: 'enrollment', row: moved },
      { put: 'agent', row: agent },
      { put: 'host', row: renamed },
      { put: 'alarm', row: { ...rows.alarm, due_at: 5 } },
    ])
    expect(store.lookups.enrollment('E1')).toEqual(moved)
    expect(store.lookups.agent('k1')).toEqual(agent)
    expect(store.lookups.host('h1')).toEqual(renamed)
    expect(store.lookups.alarmsOf('h1')).toEqual([{ ...rows.alarm, due_at: 5 }])
  })

  describe('a fence', () => versions(open))
  describe('a fence that moves on', () => advances(open))
  fences(make)
  ownership(make)
  drops(make)
  timers(make)

  test('journal rows are numbered in the order they were committed, without gaps for refused turns', async () => {
    const store = await make()
    const journal = (host: string): Write => ({ put: 'journal', row: journalRow(host) })
    const refused: Write = { put: 'host_actor', row: actorRow('h1', 7) }
    const answers = await Promise.all([
      store.commit([journal('a'), journal('a')]),
      store.commit([journal('b'), refused]),
      store.commit([journal('c')]),
    ])
    expect(answers).toEqual([
      { ok: true, journalSeqs: [1, 2] },
      { ok: false, error: { kind: 'conflict' } },
      { ok: true, journalSeqs: [3] },
    ])
  })

  test('a turn without writes is committed like any other', async () => {
    const store = await make()
    expect(await store.commit([])).toEqual({ ok: true, journalSeqs: [] })
  })

  test('a row no table takes is a bug: the commit throws, alone', async () => {
    const store = await make()
    // Built by code that the compiler did not see.
    const broken = { ...hostRow('h9'), mdm: null } as unknown as ReturnType<typeof hostRow>
    const [bug, fine] = await Promise.allSettled([
      store.commit([...newHost('h8'), { put: 'host', row: broken }]),
      store.commit(newHost('h1')),
    ])
    expect(bug.status).toBe('rejected')
    expect(fine).toEqual({ status: 'fulfilled', value: { ok: true, journalSeqs: [] } })
    expect(store.lookups.host('h8')).toBeUndefined()
  })

  test('past ten thousand waiting turns more are refused as overloaded, and the waiting ones are done', async () => {
    const store = await make()
    const turns = Array.from({ length: 12_000 }, () => store.commit([]))
    const answers = await Promise.all(turns)
    const refused = answers.filter((answer) => !answer.ok)
    expect(refused.length).toBeGreaterThan(1_000)
    expect(new Set(refused.map((answer) => answer.error.kind))).toEqual(new Set(['overloaded']))
    expect(answers.slice(0, 10_000).every(({ ok }) => ok)).toBe(true)
    expect((await store.commit(newHost('h1'))).ok).toBe(true)
  })

  test('a closed store is unavailable, and what was asked before is still done', async () => {
    const store = await make()
    const before = store.commit(newHost('h1'))
    await Promise.all([store.close(), store.close()])
    expect((await before).ok).toBe(true)
    const after = await store.commit(newHost('h2'))
    expect(after).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  })
}

function ownership(make: () => Promise<Store>): void {
  test('a second active owner of an identifier is refused', async () => {
    const store = await make()
    await store.commit([...newHost('h1'), { put: 'claim', row: claimRow('h1') }])
    const answer = await store.commit([...newHost('h2'), { put: 'claim', row: claimRow('h2') }])
    expect(answer).toEqual({ ok: false, error: { kind: 'claim-taken' } })
    expect(store.lookups.host('h2')).toBeUndefined()
  })

  test('superseded, disputed and shared claims live beside an active one', async () => {
    const store = await make()
    await store.commit([{ put: 'claim', row: claimRow('h1') }])
    for (const status of ['superseded', 'disputed', 'shared'] as const) {
      const answer = await store.commit([{ put: 'claim', row: claimRow(status, { status }) }])
      expect(answer.ok).toBe(true)
    }
    expect(store.lookups.claimsOn('serial', 'C02XG0AAJGH5')).toHaveLength(4)
  })

  test('an identifier passes to another host within one turn', async () => {
    const store = await make()
    await store.commit([{ put: 'claim', row: claimRow('h1') }])
    const answer = await store.commit([
      { put: 'claim', row: claimRow('h1', { status: 'superseded' }) },
      { put: 'claim', row: claimRow('h2') },
    ])
    expect(answer.ok).toBe(true)
  })

  test('a dropped claim is free again', async () => {
    const store = await make()
    await store.commit([{ put: 'claim', row: claimRow('h1') }])
    await store.commit([{ drop: 'claim', kind: 'serial', value: 'C02XG0AAJGH5', host_id: 'h1' }])
    expect((await store.commit([{ put: 'claim', row: claimRow('h2') }])).ok).toBe(true)
  })
}

function drops(make: () => Promise<Store>): void {
  test('a dropped host takes everything that is only about it and leaves its history', async () => {
    const store = await make()
    await store.commit(everything)
    await store.commit([{ drop: 'host', id: 'h1' }])
    const { lookups } = store
    const single = [lookups.host('h1'), lookups.hostActor('h1'), lookups.lastSeen('h1')]
    const byKey = [
      lookups.enrollment('E1'),
      lookups.agent('k1'),
      lookups.depDevice('S1'),
      lookups.sealed('s1'),
    ]
    expect([...single, ...byKey].filter((row) => row !== undefined)).toEqual([])
    expect([...lookups.claimsOf('h1'), ...lookups.alarmsOf('h1')]).toEqual([])
    expect(lookups.command('c1')).toEqual(commandRow('c1'))
  })

  test('a host heard of by one protocol keeps when the other last spoke', async () => {
    const store = await make()
    await store.commit(everything)
    const row = { host_id: 'h1', at: 20, mdm_at: null, osquery_at: 20 }
    await store.commit([{ put: 'last_seen', row }])
    expect(store.lookups.lastSeen('h1')).toEqual({ ...row, mdm_at: rows.last_seen.mdm_at })
  })

  test('a late last-seen does not bring a dropped host back', async () => {
    const store = await make()
    await store.commit(everything)
    await store.commit([{ drop: 'host', id: 'h1' }])
    expect((await store.commit([{ put: 'last_seen', row: rows.last_seen }])).ok).toBe(true)
    expect(store.lookups.lastSeen('h1')).toBeUndefined()
  })

  // prettier-ignore
  const dropped: readonly (readonly [Write, (store: Store) => unknown])[] = [
    [{ drop: 'alarm', host_id: 'h1', name: 'expire' }, ({ lookups }) => lookups.alarmsOf('h1')[0]],
    [{ drop: 'outbox', id: 'o1', created_at: 1 }, ({ lookups }) => lookups.dueOutbox(1e9, 1)[0]],
    [{ drop: 'sealed', ref: 's1' }, ({ lookups }) => lookups.sealed('s1')],
    [{ drop: 'command_name', command_uuid: 'c1' }, ({ lookups }) => lookups.commandName('c1')],
    [{ drop: 'token', id: 't1' }, ({ lookups }) => lookups.tokens()[0]],
    [{ drop: 'enroll_secret', id: 'n1' }, ({ lookups }) => lookups.enrollSecrets()[0]],
    [{ drop: 'dep_device', serial: 'S1', host_id: 'h1' }, ({ lookups }) => lookups.depDevice('S1')],
    [{ drop: 'enrollment', key: 'E1', host_id: 'h1' }, ({ lookups }) => lookups.enrollment('E1')],
    [{ drop: 'agent', node_key_hash: 'k1', host_id: 'h1' }, ({ lookups }) => lookups.agent('k1')],
  ]
  test('a dropped row is gone, dropping it again is no fault, and the host stays', async () => {
    const store = await make()
    await store.commit(everything)
    for (const [write, read] of dropped) {
      expect(read(store)).toBeDefined()
      await store.commit([write])
      expect(read(store)).toBeUndefined()
      expect((await store.commit([write])).ok).toBe(true)
    }
    expect(store.lookups.host('h1')).toEqual(hostRow('h1'))
  })

  test('a channel that passed to another host is not dropped in the name of the former', async () => {
    const store = await make()
    await store.commit(everything)
    await store.commit([{ put: 'enrollment', row: { ...rows.enrollment, host_id: 'h2' } }])
    await store.commit([{ drop: 'enrollment', key: 'E1', host_id: 'h1' }])
    expect(store.lookups.enrollment('E1')?.host_id).toBe('h2')
  })

  test('an effect asked for again since is not dropped in the name of the former', async () => {
    const store = await make()
    await store.commit(everything)
    await store.commit([{ put: 'outbox', row: { ...rows.outbox, created_at: 2 } }])
    await store.commit([{ drop: 'outbox', id: 'o1', created_at: 1 }])
    expect(store.lookups.dueOutbox(1e9, 1)).toEqual([{ ...rows.outbox, created_at: 2 }])
  })

  test('the commands of one channel go where it goes', async () => {
    const store = await make()
    const other = commandRow('c2', { channel: 'OTHER', seq: 2 })
    await store.commit([
      { put: 'command', row: commandRow('c1') },
      { put: 'command', row: other },
    ])
    await store.commit([{ move: 'commands', from: 'h1', to: 'h2', origin: null, channel: 'OTHER' }])
    expect(store.lookups.openCommands('h1').map((row) => row.command_uuid)).toEqual(['c1'])
    expect(store.lookups.openCommands('h2')).toEqual([{ ...other, host_id: 'h2' }])
  })

  test('a merge hands over all commands, and a split only those that came with the loser', async () => {
    const store = await make()
    const other = commandRow('c2', { host_id: 'h2', origin_host_id: 'h2', seq: 2 })
    await store.commit([
      { put: 'command', row: commandRow('c1') },
      { put: 'command', row: other },
    ])
    await store.commit([{ move: 'commands', from: 'h2', to: 'h1', origin: null }])
    expect(store.lookups.openCommands('h1').map((row) => row.command_uuid)).toEqual(['c1', 'c2'])
    expect(store.lookups.command('c2')?.origin_host_id).toBe('h2')
    await store.commit([{ move: 'commands', from: 'h1', to: 'h2', origin: 'h2' }])
    expect(store.lookups.openCommands('h1').map((row) => row.command_uuid)).toEqual(['c1'])
    expect(store.lookups.openCommands('h2')).toEqual([other])
  })
}

function timers(make: () => Promise<Store>): void {
  test('alarms come due in order, and the next one is known', async () => {
    const store = await make()
    const alarm = (name: string, due: number): Write => ({
      put: 'alarm',
      row: { host_id: 'h1', name, due_at: due },
    })
    await store.commit([alarm('late', 30), alarm('soon', 10), alarm('then', 20)])
    expect(store.lookups.dueAlarms(20, 10).map(({ name }) => name)).toEqual(['soon', 'then'])
    expect(store.lookups.dueAlarms(99, 1).map(({ name }) => name)).toEqual(['soon'])
    expect(store.lookups.nextAlarmAt()).toBe(10)
  })

  test('effects come due in order, and the next one is known', async () => {
    const store = await make()
    const effect = (id: string, due: number): Write => ({
      put: 'outbox',
      row: { ...rows.outbox, id, due_at: due },
    })
    await store.commit([effect('b', 20), effect('a', 10)])
    expect(store.lookups.dueOutbox(99, 9).map(({ id }) => id)).toEqual(['a', 'b'])
    expect(store.lookups.nextOutboxAt()).toBe(10)
  })

  test('finished commands are no open ones', async () => {
    const store = await make()
    const command = (change: object): Write => ({ put: 'command', row: commandRow('c1', change) })
    await store.commit([command({})])
    await store.commit([command({ version: 2, state: 'acknowledged', open: 0, updated_at: 2 })])
    expect(store.lookups.openCommands('h1')).toEqual([])
    expect(store.lookups.command('c1')).toMatchObject({ state: 'acknowledged', version: 2 })
  })
}

const sealedBody = (ref: string): Write => ({
  put: 'sealed',
  row: { ref, host_id: '', kind: 'webhook_delivery', sealed: Buffer.from([1]), blob: null },
})
