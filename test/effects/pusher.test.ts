import { expect, test } from 'vitest'
import { createPusher } from '../../src/effects/apns/performer.ts'
import { createPushAddresses } from '../../src/intake/push-address.ts'
import { fail } from '../../src/result.ts'
import { openHouse } from '../runtime/world.ts'
import { rows } from '../storage/everything.ts'

test('a host that cannot be looked at now fails its own push, and is tried again by itself', async () => {
  const { hosts, clock: world, sealing } = await openHouse()
  const pusher = createPusher({
    hosts: { ...hosts, look: async () => fail({ kind: 'overloaded' }) },
    world,
    apns: { push: async () => ({ kind: 'pushed', apnsId: 'x' }) },
    topics: { standing: () => ({ kind: 'ready', certificateAt: 1 }), async refuse() {} },
    addressOf: createPushAddresses(sealing),
  })
  const reason = 'the host is overloaded'
  expect(await pusher.pushNow({ hostId: 'h', channel: 'c' })).toEqual({ kind: 'failed', reason })
  const row = { ...rows.outbox, payload: JSON.stringify({ channel: 'c' }) }
  expect(await pusher.perform(row)).toEqual({ kind: 'again', reason })
})
