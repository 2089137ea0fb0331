// The push client against a push service of our own: real HTTP/2 over TLS, with client certificates.
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Apns, createApns } from '../../src/effects/apns/apns.ts'
import type { PushIdentity } from '../../src/effects/apns/connect.ts'
import { type Fault, type Reason, reasons } from '../../src/effects/apns/reasons.ts'
import { ok } from '../../src/result.ts'
import {
  type ApnsServer,
  type ApnsServerOptions,
  type Delivered,
  openApnsServer,
} from '../../src/simulator/apns-server.ts'
import { realWorld } from '../../src/world.ts'
import { makeIdentity } from './identity.ts'

const topic = 'com.apple.mgmt.External.9f6c0e0a-0000-4000-8000-000000000001'
const service = makeIdentity({ commonName: 'localhost' })
const ours = makeIdentity({ uid: topic })
const renewed = makeIdentity({ uid: topic })
const stranger = makeIdentity({ commonName: 'nobody' })

type Stage = {
  readonly server: ApnsServer
  readonly apns: Apns
  readonly delivered: Delivered[]
  identity: PushIdentity
}

type StageOptions = Partial<ApnsServerOptions> & { readonly trusts?: string }

async function openStage({
  trusts = service.certificate,
  ...options
}: StageOptions = {}): Promise<Stage> {
  const delivered: Delivered[] = []
  const server = await openApnsServer({
    cert: service.certificate,
    key: service.key,
    deliver: (push) => void delivered.push(push),
    ...options,
  })
  const stage = { server, delivered, identity: ours as PushIdentity }
  const apns = createApns({
    endpoint: { url: server.url, ca: [trusts] },
    world: realWorld,
    identityOf: async () => ok(stage.identity),
  })
  onTestFinished(async () => {
    await apns.close()
    await server.close()
  })
  return Object.assign(stage, { apns })
}

const wishFor = (nth: number) => ({
  topic,
  token: Buffer.from([0xab, nth >> 8, nth & 255]),
  magic: `magic "${nth}"`,
})

test("a push tells the device its magic and no more, and brings back Apple's id", async () => {
  const { apns, delivered } = await openStage()
  const outcome = await apns.push(wishFor(1))
  expect(delivered).toEqual([
    {
      topic,
      token: 'ab0001',
      magic: 'magic "1"',
      apnsId: expect.stringMatching(/^[0-9A-F-]{36}$/),
    },
  ])
  expect(outcome).toEqual({ kind: 'pushed', apnsId: delivered[0]?.apnsId })
})

test('a thousand pushes share one connection', async () => {
  const { apns, server, delivered } = await openStage()
  const outcomes = await Promise.all(
    Array.from({ length: 1_000 }, (_, nth) => apns.push(wishFor(nth))),
  )
  expect(outcomes.filter(({ kind }) => kind !== 'pushed')).toEqual([])
  expect(new Set(delivered.map(({ token }) => token)).size).toBe(1_000)
  expect(server.connections().made).toBe(1)
})

test('no more pushes are under way at once than Apple allows', async () => {
  let underWay = 0
  let most = 0
  const { apns } = await openStage({
    streamsMax: 5,
    async answer() {
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((resolve) => setTimeout(resolve, 5))
      underWay -= 1
      return undefined
    },
  })
  await Promise.all(Array.from({ length: 40 }, (_, nth) => apns.push(wishFor(nth))))
  expect(most).toBe(5)
})

describe('what Apple says', () => {
  let next: { readonly status: number; readonly reason: string; readonly timestamp?: number; readonly retryAfter?: string } | undefined // prettier-ignore
  const stage = openLasting(() => next)

  for (const [reason, { status, fault }] of Object.entries<Reason>(reasons))
    test(`${status} ${reason} is the fault of the ${fault}`, async () => {
      const { apns } = await stage
      next = { status, reason }
      const outcome = await apns.push(wishFor(1))
      expect(outcome).toEqual(
        fault === 'service'
          ? { kind: 'unavailable', reason }
          : { kind: 'refused', reason, status, fault, deadSince: null },
      )
    })

  // prettier-ignore
  const strangers: readonly (readonly [number, Fault])[] = [
    [400, 'request'], [403, 'topic'], [404, 'request'], [410, 'address'], [429, 'service'], [500, 'service'], [502, 'service'],
  ]
  for (const [status, fault] of strangers)
    test(`an unknown reason with ${status} is the fault of the ${fault}`, async () => {
      const { apns } = await stage
      next = { status, reason: 'SomethingNew' }
      const outcome = await apns.push(wishFor(1))
      expect(outcome.kind === 'refused' ? outcome.fault : 'service').toBe(fault)
    })

  test('a dead token comes with the time since when it is', async () => {
    const { apns } = await stage
    next = { status: 410, reason: 'Unregistered', timestamp: 1_700_000_000_000 }
    expect(await apns.push(wishFor(1))).toMatchObject({ deadSince: 1_700_000_000_000 })
  })

  test('a wait that is asked for is told on, up to a day', async () => {
    const { apns } = await stage
    for (const [retryAfter, ms] of [
      ['30', 30_000],
      ['9999999', 86_400_000],
      ['soon', undefined],
    ] as const) {
      // prettier-ignore
      next = { status: 429, reason: 'TooManyRequests', retryAfter }
      expect(await apns.push(wishFor(1))).toEqual({
        kind: 'unavailable',
        reason: 'TooManyRequests',
        ...(ms !== undefined && { retryAfterMs: ms }),
      })
    }
  })

  test('a reason that is no word is not repeated to anybody', async () => {
    const { apns } = await stage
    next = { status: 400, reason: '<script>alert(1)</script>' }
    expect(await apns.push(wishFor(1))).toMatchObject({ reason: 'status 400' })
  })
})

/** One for a whole describe: reasons that end a connection are among what it says. */
async function openLasting(
  answer: () => ReturnType<NonNullable<ApnsServerOptions['answer']>>,
): Promise<{ readonly apns: Apns }> {
  const server = await openApnsServer({ cert: service.certificate, key: service.key, answer })
  const apns = createApns({
    endpoint: { url: server.url, ca: [service.certificate] },
    world: realWorld,
    identityOf: async () => ok(ours),
  })
  afterAll(async () => {
    await apns.close()
    await server.close()
  })
  return { apns }
}

describe('a connection that ends', () => {
  test('with a goodbye loses no push: those under way end, the next goes over another', async () => {
    const held = Promise.withResolvers<void>()
    const { apns, server } = await openStage({
      answer: async () => {
        await held.promise
        return undefined
      },
    })
    const first = apns.push(wishFor(1))
    await until(() => server.connections().open === 1)
    server.goAway()
    const second = apns.push(wishFor(2))
    held.resolve()
    expect((await first).kind).toBe('pushed')
    expect((await second).kind).toBe('pushed')
  })

  test('without a word has what was under way pushed again over another', async () => {
    let isFirst = true
    const { apns, server, delivered } = await openStage({
      async answer() {
        if (!isFirst) return undefined
        isFirst = false
        server.cut()
        return undefined
      },
    })
    expect((await apns.push(wishFor(1))).kind).toBe('pushed')
    expect(server.connections().made).toBe(2)
    expect(delivered.length).toBeGreaterThanOrEqual(1)
  })

  test('again and again is not opened again and again', async () => {
    const { apns, server } = await openStage({
      async answer() {
        server.cut()
        return undefined
      },
    })
    const first = await apns.push(wishFor(1))
    expect(first).toMatchObject({ kind: 'unavailable' })
    const { made } = server.connections()
    const second = await apns.push(wishFor(1))
    expect(second).toMatchObject({ kind: 'unavailable', retryAfterMs: expect.any(Number) })
    expect(server.connections().made).toBe(made)
  })

  test("for the certificate's sake refuses every push of the topic", async () => {
    const { apns, server } = await openStage({
      async answer() {
        server.goAway('BadCertificate')
        server.cut()
        return undefined
      },
    })
    const outcomes = await Promise.all([apns.push(wishFor(1)), apns.push(wishFor(2))])
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ kind: 'refused', fault: 'topic', reason: 'BadCertificate' })
  })
})

test('a push service that is not there is unavailable, and says so at once the second time', async () => {
  const { apns, server } = await openStage()
  await server.close()
  expect(await apns.push(wishFor(1))).toMatchObject({ kind: 'unavailable', reason: 'ECONNREFUSED' })
  expect(await apns.push(wishFor(1))).toMatchObject({ retryAfterMs: expect.any(Number) })
})

test('a push service whose certificate nobody vouches for gets no push', async () => {
  const { apns, delivered } = await openStage({ trusts: stranger.certificate })
  expect((await apns.push(wishFor(1))).kind).toBe('unavailable')
  expect(delivered).toEqual([])
})

test('a client with the certificate of another topic is refused', async () => {
  const stage = await openStage()
  stage.identity = stranger
  expect(await stage.apns.push(wishFor(1))).toMatchObject({
    kind: 'refused',
    reason: 'BadCertificate',
  })
})

test('another certificate takes over without a push lost, and the one before is used no more', async () => {
  const stage = await openStage({
    streamsMax: 20,
    answer: async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return undefined
    },
  })
  const pushing = Array.from({ length: 200 }, (_, nth) => stage.apns.push(wishFor(nth)))
  await until(() => stage.delivered.length > 20)
  stage.identity = renewed
  stage.apns.renew(topic)
  const outcomes = await Promise.all(pushing)
  expect(outcomes.filter(({ kind }) => kind !== 'pushed')).toEqual([])
  expect(stage.server.connections().made).toBe(2)
  await until(() => stage.server.connections().open === 1)
})

test('pushes that wait when the server stops are told so', async () => {
  const { apns } = await openStage()
  await apns.push(wishFor(1))
  await apns.close()
  expect(await apns.push(wishFor(2))).toEqual({
    kind: 'unavailable',
    reason: 'the server is stopping',
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('it never came about')
}
