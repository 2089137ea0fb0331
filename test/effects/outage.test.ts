// A day without Apple, a day without a receiver: what waits goes out once when they are back, in order, not in one heap.
import { describe, expect, test, vi } from 'vitest'
import { createPusher } from '../../src/effects/apns/performer.ts'
import type { PushOutcome } from '../../src/effects/apns/reasons.ts'
import { createDeliveries } from '../../src/effects/webhooks/deliveries.ts'
import type { Post, Send } from '../../src/effects/webhooks/sender.ts'
import { mintSecret } from '../../src/effects/webhooks/signing.ts'
import { commitTold } from '../../src/intake/told-commit.ts'
import { deliveryRow, sealedKind } from '../../src/intake/webhook-deliveries.ts'
import { createWebhooks } from '../../src/intake/webhooks.ts'
import { ok } from '../../src/result.ts'
import type { Performers } from '../../src/runtime/outbox.ts'
import type { Write } from '../../storage/store.ts'
import { enqueue, enrolled } from '../machines/events.ts'
import { born, commandStates, openHouse, tell } from '../runtime/world.ts'
import { tester } from './webhook-world.ts'

// Two thousand commits to a real disk, of which a busy machine makes its own time.
vi.setConfig({ testTimeout: 120_000 })

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

describe('after a day without Apple', () => {
  test('each computer is pushed once, however much was asked of it, and not all in one minute', async () => {
    let isDown = true
    const tries: number[] = []
    const taken: { readonly token: number; readonly at: number }[] = []
    const performers: Performers = {
      'apns.push': (row) => pusher.perform(row),
    }
    const house = await openHouse({ performers })
    const { clock, hosts } = house
    const pusher = createPusher({
      hosts,
      world: clock,
      apns: {
        async push({ token }): Promise<PushOutcome> {
          tries.push(clock.now())
          if (isDown) return { kind: 'unavailable', reason: 'nobody there' }
          taken.push({ token: token[0] ?? 0, at: clock.now() })
          return { kind: 'pushed', apnsId: `apns-${taken.length}` }
        },
      },
      topics: { standing: () => ({ kind: 'ready', certificateAt: 1 }), async refuse() {} },
      addressOf: async (ref) => ok({ token: Uint8Array.of(Number(ref.split('-')[1])), magic: 'm' }),
    })
    const ids = Array.from({ length: 3 }, (_, nth) => `h${nth}`)
    const lives = (seq: number) => ({ at: clock.now(), expiresAt: clock.steady() + 7 * day, seq })
    for (const [nth, id] of ids.entries())
      await born(house, id, ...enrolledWith(`push-${nth}`), enqueue(`${id}-0`, lives(0)))
    for (let hours = 1; hours <= 24; hours += 1) {
      await house.advance(hour)
      for (const id of ids)
        if (hours % 6 === 5) await tell(house, id, enqueue(`${id}-${hours}`, lives(hours)))
    }
    // Every quarter of an hour, and anew for each wish: a push is cheap, and waiting is not.
    const anHour = tries.length / ids.length / 24.5
    expect(anHour).toBeGreaterThan(3)
    expect(anHour).toBeLessThan(8)
    await house.advance(hour / 2)
    isDown = false
    await house.advance(20 * minute)
    const first = ids.map((_id, nth) => taken.find(({ token }) => token === nth)?.at ?? 0)
    expect(Math.min(...first)).toBeGreaterThan(0)
    // Another only for those that keep silent for a quarter of an hour after it.
    const again = taken.filter(({ token, at }) => at !== first[token])
    for (const { token, at } of again)
      expect(at - (first[token] ?? 0)).toBeGreaterThanOrEqual(15 * minute)
    // What failed together does not come back together.
    expect(new Set(first.map((at) => Math.floor(at / 1_000))).size).toBe(ids.length)
    for (const id of ids)
      expect(Object.values(await commandStates(house, id))).toEqual(Array(5).fill('pushed'))
  })
})

/** With a push address by which the host can be told from others. */
const enrolledWith = (pushRef: string) =>
  enrolled.map((event) => ('pushRef' in event ? { ...event, pushRef } : event))

describe('after a day without its receiver', () => {
  test('a webhook goes on where it was: each host in order, each message once, none in one heap', async () => {
    const house = await openHouse()
    const { clock: world, sealing, hosts, store } = house
    const { live } = hosts
    const { lookups } = store
    const keep = async (writes: readonly Write[]): Promise<boolean> =>
      (await commitTold({ store, live }, writes)).ok
    const webhooks = createWebhooks({
      store,
      live,
      world,
      sealing,
      lastSeq: async () => 0,
      mint: mintSecret,
      complaintAbout: { url: () => undefined, secret: () => undefined },
    })
    const made = await webhooks.create(
      { name: 'down', kind: 'standard', url: 'https://receiver.test/', topics: [] },
      tester,
    )
    if (!made.ok) throw new Error(made.error.kind)
    const { id: webhookId } = made.value.row
    let isDown = true
    const heard: { readonly id: string; readonly at: number; readonly ok: boolean }[] = []
    const send: Send = async ({ headers }: Post) => {
      heard.push({ id: String(headers['muster-delivery']), at: world.now(), ok: !isDown })
      return isDown
        ? { kind: 'unreachable', detail: 'nobody there' }
        : { kind: 'answered', status: 200, text: '' }
    }
    const deliveries = createDeliveries({
      lookups,
      live,
      world,
      sealing,
      subscribers: webhooks,
      keep,
      send,
    })
    const ids = Array.from({ length: 3 }, (_, nth) => `h${nth}`)
    const told = async (hostId: string, nth: number): Promise<void> => {
      const id = `${hostId}/${String(nth).padStart(2, '0')}`
      const row = deliveryRow({
        id,
        webhookId,
        hostId,
        topic: 'mdm.Something',
        at: world.now(),
        dueAt: world.steady(),
      })
      const bytes = new TextEncoder().encode('{}')
      const sealed = await sealing.seal({
        ref: row.payload_ref,
        hostId: '',
        kind: sealedKind,
        bytes,
      })
      if (!sealed.ok) throw new Error('it could not be sealed')
      await keep([sealed.value, { put: 'delivery', row }])
    }
    for (let hours = 0; hours < 24; hours += 1) {
      if (hours % 3 === 0) for (const id of ids) await told(id, hours / 3)
      await house.advance(hour)
    }
    // Only the first of each host is tried, and that ever more seldom.
    expect(new Set(heard.map(({ id }) => id))).toEqual(new Set(ids.map((id) => `${id}/00`)))
    expect(heard.length / ids.length).toBeLessThan(18)
    isDown = false
    const backAt = world.now()
    await house.advance(8 * hour)
    const taken = heard.filter(({ ok: isTaken }) => isTaken)
    expect(taken).toHaveLength(8 * ids.length)
    for (const id of ids)
      expect(taken.filter((one) => one.id.startsWith(`${id}/`)).map((one) => one.id)).toEqual(
        Array.from({ length: 8 }, (_, nth) => `${id}/0${nth}`),
      )
    const first = taken.filter(({ id }) => id.endsWith('/00')).map(({ at }) => at)
    expect(new Set(first).size).toBe(ids.length)
    expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(10 * minute)
    expect(Math.min(...first)).toBeGreaterThan(backAt)
    await deliveries.stop()
  })
})
