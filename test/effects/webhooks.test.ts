// Webhooks hear of everything, in order, whatever happens to them, to others and to us.
import { execFileSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAllowList } from '../../src/effects/webhooks/allow-list.ts'
import { attemptsMax } from '../../src/effects/webhooks/attempt.ts'
import { createFeeder } from '../../src/effects/webhooks/feeder.ts'
import { createRetention } from '../../src/effects/webhooks/retention.ts'
import { openHouse, reopen } from '../runtime/world.ts'
import { type Heard, openReceiver } from './receiver.ts'
import { signedHeaders } from '../../src/effects/webhooks/signing.ts'
import { hurried, openWebhookHouse, tester, until, type WebhookHouse } from './webhook-world.ts'
import { needs } from '../programs/needs.ts'

type Told = {
  readonly type: string
  readonly timestamp: string
  readonly data: { readonly seq: number; readonly host: { readonly id: string } | null }
}
const told = ({ text }: Heard): Told => JSON.parse(text) as Told
const seqOf = (heard: Heard): number => told(heard).data.seq
const hostOf = (heard: Heard): string => told(heard).data.host?.id ?? ''
const idOf = ({ headers }: Heard): string => String(headers['webhook-id'])

test(
  'what happens to a host is told, signed so that openssl agrees',
  needs('openssl'),
  async () => {
    const receiver = await openReceiver()
    const world = await openWebhookHouse(receiver)
    await world.happened('h1', 'mdm.Authenticate')
    const { secret } = await world.made(receiver)
    const [seq] = await world.happened('h1', 'mdm.TokenUpdate')
    await until(() => receiver.heard.length === 1)
    const [heard] = receiver.heard
    if (heard === undefined) throw new Error('nothing was heard')
    expect(JSON.parse(heard.text)).toEqual({
      type: 'mdm.TokenUpdate',
      timestamp: '2026-01-01T08:00:00.000Z',
      data: {
        seq,
        host: { id: 'h1', serial: null, uuid: null, udid: null, hostname: null },
        actor: 'host',
        event: 'mdm.TokenUpdate',
        from: 'mdm.unenrolled',
        to: 'mdm.enrolled',
        cause: 'device',
        cause_id: 'D',
        detail: { why: 'because' },
      },
    })
    const { headers } = heard
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64').toString('hex')
    const mac = execFileSync(
      'openssl',
      ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key}`, '-binary'],
      {
        input: `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${heard.text}`,
      },
    )
    expect(headers['webhook-signature']).toBe(`v1,${mac.toString('base64')}`)
  },
)

test('a webhook hears of what it asked for and of nothing else', async () => {
  const receiver = await openReceiver()
  const world = await openWebhookHouse(receiver)
  await world.made({ ...receiver, topics: ['mdm.*', 'osquery.enroll'] })
  await world.happened(
    'h1',
    'mdm.Idle',
    'osquery.enroll',
    'osquery.enrolled',
    'mdmx',
    'mdm.CheckOut',
  )
  await until(() => receiver.heard.length === 3)
  await pause(30)
  expect(receiver.heard.map((heard) => told(heard).type)).toEqual([
    'mdm.Idle',
    'osquery.enroll',
    'mdm.CheckOut',
  ])
})

test('nothing is lost and nothing skipped when the process dies with messages waiting', async () => {
  let up = false
  const receiver = await openReceiver(() => (up ? 204 : 503))
  const house = await openHouse()
  const before = await openWebhookHouse({ ...receiver, house })
  await before.made(receiver)
  const seqs: number[] = []
  for (let host = 0; host < 5; host += 1)
    seqs.push(...(await before.happened(`h${host}`, 'one', 'two', 'three')))
  await until(() => receiver.heard.length >= 7)
  // The rest of this life writes nothing: its store is closed under it.
  const later = await reopen(house)
  await before.stop()
  up = true
  const failed = receiver.heard.length
  const after = await openWebhookHouse({ ...receiver, house: later })
  seqs.push(...(await after.happened('h9', 'four')))
  await until(() => new Set(receiver.heard.slice(failed).map(seqOf)).size === seqs.length)
  // What was under way when it died may come twice, under the same id.
  const heard = new Set(receiver.heard.slice(failed).map(seqOf))
  expect([...heard].toSorted((a, b) => a - b)).toEqual(seqs)
  const ids = new Set(receiver.heard.map((one) => `${seqOf(one)} ${idOf(one)}`))
  expect(ids.size).toBe(seqs.length)
})

test('of each host everything is told in order, whatever fails on the way', async () => {
  const here = readAllowList('127.0.0.1')
  if (!here.ok) throw new Error(here.error)
  const world = await openWebhookHouse({ allows: here.value, speed: 20_000 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('h1', 'h2', 'h3'), { minLength: 4, maxLength: 12 }),
      fc.array(fc.constantFrom(200, 200, 500, 302, 404), { minLength: 8, maxLength: 8 }),
      async (hostIds, statuses) => {
        const answers: { readonly seq: number; readonly host: string; readonly ok: boolean }[] = []
        const receiver = await openReceiver((heard, count) => {
          // Fewer refusals than make a dead letter.
          const status = count > 9 ? 200 : (statuses[(count * 7) % statuses.length] ?? 200)
          answers.push({ seq: seqOf(heard), host: hostOf(heard), ok: status === 200 })
          return status
        })
        const { id } = await world.made(receiver)
        for (const hostId of hostIds) await world.happened(hostId, 'mdm.Something')
        await until(() => answers.filter(({ ok }) => ok).length === hostIds.length)
        for (const host of new Set(hostIds)) {
          const of = answers.filter((answer) => answer.host === host)
          // Tried again and again until it is taken, and only then the next.
          expect(of.map(({ seq }) => seq)).toEqual(
            of.map(({ seq }) => seq).toSorted((a, b) => a - b),
          )
          const taken = of.filter(({ ok }) => ok).map(({ seq }) => seq)
          expect(new Set(taken).size).toBe(taken.length)
        }
        await world.webhooks.remove(id, tester)
      },
    ),
    { numRuns: 5 },
  )
})

test('a host whose message fails waits alone', async () => {
  const receiver = await openReceiver((heard) => (hostOf(heard) === 'bad' ? 500 : 200))
  const world = await openWebhookHouse({ ...receiver, speed: 1 })
  await world.made(receiver)
  await world.happened('bad', 'one', 'two')
  await world.happened('good', 'one', 'two', 'three')
  await until(() => receiver.heard.filter((heard) => hostOf(heard) === 'good').length === 3)
  expect(receiver.heard.filter((heard) => hostOf(heard) === 'bad')).toHaveLength(1)
})

test('a message that a receiver refuses while it takes others is given up, and what waits behind it goes on', async () => {
  const typeOf = (heard: Heard): string => told(heard).type
  const receiver = await openReceiver((heard) => (typeOf(heard) === 'poison' ? 500 : 200))
  const world = await openWebhookHouse(receiver)
  const { id } = await world.made(receiver)
  await world.happened('one', 'poison', 'behind')
  // Other hosts go on, as they do in a fleet.
  let isOver = false
  const others = (async () => {
    while (!isOver) {
      await world.happened('other', 'news')
      await pause(5)
    }
  })()
  await until(() => receiver.heard.some((heard) => typeOf(heard) === 'behind'))
  isOver = true
  await others
  expect(receiver.heard.filter((heard) => typeOf(heard) === 'poison')).toHaveLength(6)
  const rows = world.house.store.lookups.deliveriesFrom(id, { created_at: 0, id: '' }, 10)
  const [poison] = rows.filter(({ topic }) => topic === 'poison')
  expect(poison).toMatchObject({ state: 'failed', attempts: 6, last_status: 500 })
  expect(poison?.last_error).toContain('while it took other messages')
  await world.webhookDeliveries.replay(id, poison?.id ?? '', tester)
  await until(() => receiver.heard.filter((heard) => typeOf(heard) === 'poison').length === 7)
})

test('a receiver that is down for hours makes no dead letter', async () => {
  let isDown = false
  const receiver = await openReceiver(() => (isDown ? 503 : 200))
  const world = await openWebhookHouse(receiver)
  const { id } = await world.made(receiver)
  await world.happened('one', 'before')
  await until(() => receiver.heard.length === 1)
  isDown = true
  await world.happened('one', 'during', 'behind')
  await world.happened('other', 'during')
  // Eight tries of each take some twenty minutes, more than a message that is refused alone has.
  await until(() => receiver.heard.length >= 17)
  isDown = false
  await until(() => {
    const rows = world.house.store.lookups.deliveriesFrom(id, { created_at: 0, id: '' }, 10)
    return rows.length === 4 && rows.every(({ state }) => state === 'delivered')
  })
})

test('a webhook that never answers keeps no other waiting', async () => {
  const silent = await openReceiver(() => 'never')
  const lively = await openReceiver()
  const allows: typeof silent.allows = (to) => silent.allows(to) || lively.allows(to)
  const world = await openWebhookHouse({ allows, speed: 1 })
  await world.made(silent)
  await world.made(lively)
  const hosts = Array.from({ length: 40 }, (_, index) => `h${index}`)
  for (const host of hosts) await world.happened(host, 'one')
  await until(() => lively.heard.length === hosts.length)
  // As many as may be under way at once, and each of them is still.
  expect(silent.heard.length).toBeLessThanOrEqual(4)
  expect(silent.heard.length).toBeGreaterThan(0)
}, 4_000)

test('410 switches a webhook off, visibly, and it goes on from there when it is switched on', async () => {
  let answer = 410
  const receiver = await openReceiver(() => answer)
  const world = await openWebhookHouse(receiver)
  const { id } = await world.made(receiver)
  await world.happened('h1', 'one', 'two')
  await until(() => world.webhooks.find(id)?.enabled === 0)
  expect(world.webhooks.find(id)?.disabled_reason).toContain('410')
  const journal = await world.house.opened.queries.listJournal({
    events: ['webhook.switched_off'],
    limit: 10,
  })
  expect(journal).toMatchObject({ value: { items: [{ host_id: '', cause: 'effect' }] } })
  await world.happened('h1', 'three')
  await pause(50)
  expect(receiver.heard).toHaveLength(1)
  answer = 200
  expect(await world.webhooks.update(id, { enabled: true }, tester)).toMatchObject({ ok: true })
  await until(() => receiver.heard.length === 3)
  expect(receiver.heard.map((heard) => told(heard).type)).toEqual(['one', 'two', 'three'])
})

test('a receiver that is down for days costs a message its life, in sight, and the next one goes on', async () => {
  let up = false
  const receiver = await openReceiver(() => (up ? 200 : 500))
  const world = await openWebhookHouse({ ...receiver, speed: 2_000_000 })
  const { id } = await world.made(receiver)
  await world.happened('h1', 'lost')
  await until(() => world.house.store.lookups.lastDelivery(id) !== undefined)
  expect(world.house.store.lookups.lastDelivery(id)).toMatchObject({
    state: 'failed',
    last_status: 500,
    last_error: 'said so',
    topic: 'lost',
  })
  expect(receiver.heard.length).toBeLessThanOrEqual(attemptsMax)
  expect(receiver.heard.length).toBeGreaterThan(5)
  up = true
  await world.happened('h1', 'found')
  await until(() => receiver.heard.some((heard) => told(heard).type === 'found'))
})

test('what was sent can be sent again: one, all since a time, and the journal from a seq', async () => {
  const receiver = await openReceiver()
  const world = await openWebhookHouse(receiver)
  const { id } = await world.made(receiver)
  const { lookups } = world.house.store
  const seqs = await world.happened('h1', 'one', 'two', 'three')
  const idle = () => lookups.nextDelivery(id, 'h1') === undefined
  await until(() => receiver.heard.length === 3 && idle())
  const ids = receiver.heard.map(idOf)

  expect(await world.webhookDeliveries.replay(id, ids[1] ?? '', tester)).toMatchObject({ ok: true })
  await until(() => receiver.heard.length === 4 && idle())
  expect(idOf(receiver.heard[3] as Heard)).toBe(ids[1])

  expect(await world.webhookDeliveries.replaySince(id, 0, tester)).toEqual({ ok: true, value: 3 })
  await until(() => receiver.heard.length === 7 && idle())
  expect(receiver.heard.slice(4).map(idOf)).toEqual(ids)

  await world.webhookDeliveries.replayJournal(id, seqs[0] ?? 0, tester)
  await until(() => receiver.heard.length === 9 && idle())
  expect(receiver.heard.slice(7).map(idOf)).toEqual(ids.slice(1))

  expect(await world.webhookDeliveries.replay(id, 'no such', tester)).toMatchObject({
    error: { kind: 'no-such-delivery' },
  })
})

test('a secret that was replaced signs along for its time and is forgotten after it', async () => {
  const receiver = await openReceiver()
  const world = await openWebhookHouse(receiver)
  const { id, secret: first } = await world.made(receiver)
  const { lookups } = world.house.store
  const refOf = (): string => lookups.webhook(id)?.secret_ref ?? ''
  const rotated = async (graceMs: number): Promise<string> => {
    const done = await world.webhooks.rotate(id, { graceMs }, tester)
    if (!done.ok) throw new Error(done.error.kind)
    return done.value.secret
  }
  const signedBy = (heard: Heard, secrets: readonly string[]): readonly string[] =>
    secrets.map((secret) => {
      const message = { id: idOf(heard), body: new TextEncoder().encode(heard.text) }
      const at = Number(heard.headers['webhook-timestamp']) * 1_000
      return signedHeaders('standard', message, { secret, at })['webhook-signature'] ?? ''
    })
  const signatures = (heard: Heard): readonly string[] =>
    String(heard.headers['webhook-signature']).split(' ')

  const firstRef = refOf()
  const second = await rotated(7 * 86_400_000)
  await world.happened('h1', 'meanwhile')
  await until(() => receiver.heard.length === 1)
  const [both] = receiver.heard as [Heard]
  expect(signatures(both)).toEqual(signedBy(both, [second, first]))
  expect(lookups.sealed(firstRef)).toBeDefined()

  // A third one: the first is worth nothing any more, and the second for a moment.
  const secondRef = refOf()
  const third = await rotated(1)
  expect(lookups.sealed(firstRef)).toBeUndefined()
  await until(() => lookups.webhook(id)?.former_secret_ref === null)
  expect(lookups.sealed(secondRef)).toBeUndefined()
  await world.happened('h1', 'afterwards')
  await until(() => receiver.heard.length === 2)
  const [, alone] = receiver.heard as [Heard, Heard]
  expect(signatures(alone)).toEqual(signedBy(alone, [third]))

  const thirdRef = refOf()
  await rotated(86_400_000)
  await world.webhooks.remove(id, tester)
  expect(lookups.sealed(thirdRef)).toBeUndefined()
})

test('a test goes out through all the usual ways', async () => {
  const receiver = await openReceiver()
  const world = await openWebhookHouse(receiver)
  const { id } = await world.made(receiver)
  expect(await world.webhookDeliveries.test(id, tester)).toMatchObject({ ok: true })
  await until(() => receiver.heard.length === 1)
  expect(told(receiver.heard[0] as Heard)).toMatchObject({
    type: 'webhook.test',
    data: { webhook: 'a receiver' },
  })
  await world.webhooks.update(id, { enabled: false }, tester)
  expect(await world.webhookDeliveries.test(id, tester)).toMatchObject({
    error: { kind: 'switched-off' },
  })
})

test('of what is over only the newest is kept, and a deleted webhook leaves nothing behind', async () => {
  const receiver = await openReceiver()
  const world = await openWebhookHouse(receiver)
  const { id } = await world.made(receiver)
  const { store, queries } = world.house.opened
  await world.happened('h1', ...Array.from({ length: 12 }, (_, index) => `event ${index}`))
  await until(() => store.lookups.lastDelivery(id)?.topic === 'event 11')
  const keep = async (writes: Parameters<typeof store.commit>[0]) => (await store.commit(writes)).ok
  const { lookups } = store
  const few = { lookups, queries, world: hurried(1_000), keep, kept: 5 }
  const retention = createRetention(few)
  const kept = async () => {
    const page = await queries.listDeliveries({ webhookId: id, limit: 50 })
    return page.ok ? page.value.items : []
  }
  await until(() => store.lookups.deliveriesFrom(id, { created_at: 0, id: '' }, 50).length <= 5)
  await retention.stop()
  const rest = await kept()
  expect(rest.map(({ topic }) => topic)).toContain('event 11')
  for (const { payload_ref } of rest) expect(store.lookups.sealed(payload_ref)).toBeDefined()

  expect(await world.webhooks.remove(id, tester)).toEqual({ ok: true, value: undefined })
  expect(await kept()).toEqual([])
  expect(store.lookups.sealed(`webhook/${id}`)).toBeUndefined()
  for (const { payload_ref } of rest) expect(store.lookups.sealed(payload_ref)).toBeUndefined()
  expect(await world.webhooks.remove(id, tester)).toMatchObject({
    error: { kind: 'no-such-webhook' },
  })
})

test('a webhook for which too much waits is switched off, and says so', async () => {
  const receiver = await openReceiver(() => 500)
  const world = await openWebhookHouse({ ...receiver, speed: 1 })
  const { id } = await world.made({ ...receiver, kind: 'nanomdm' })
  for (let count = 0; count < 3; count += 1) await world.webhookDeliveries.test(id, tester)
  const { opened, sealing, hosts } = world.house
  const feeder = createFeeder({
    lookups: opened.store.lookups,
    queries: opened.queries,
    live: hosts.live,
    world: hurried(1),
    sealing,
    subscribers: world.webhooks,
    heapMax: 2,
  })
  await until(() => world.webhooks.find(id)?.enabled === 0)
  expect(world.webhooks.find(id)?.disabled_reason).toBe('more than 2 deliveries waited for it')
  await feeder.stop()
})

test('an address that may never be reached is refused when the webhook is made', async () => {
  const world = await openWebhookHouse({ allows: () => false })
  const wish = { name: 'x', kind: 'standard', topics: [] } as const
  const make = (more: object): ReturnType<WebhookHouse['webhooks']['create']> =>
    world.webhooks.create({ ...wish, url: 'https://example.com/', ...more }, tester)
  expect(await make({ url: 'ftp://example.com/' })).toMatchObject({ error: { member: 'url' } })
  expect(await make({ secret: 'short' })).toMatchObject({ error: { member: 'secret' } })
  for (let count = 0; count < 32; count += 1) expect(await make({})).toMatchObject({ ok: true })
  expect(await make({})).toMatchObject({ error: { kind: 'full', most: 32 } })
})
