// Apple's push service: one long-lived connection per topic, opened when first needed.
import { fail, type Result } from '../../result.ts'
import type { World } from '../../runtime/world.ts'
import { connect, type Endpoint, noCertificate, type PushIdentity } from './connect.ts'
import { createLine, type Line } from './line.ts'
import type { PushOutcome } from './reasons.ts'
import type { PushWish } from './request.ts'

export type Apns = {
  /** Never rejects. Bound: 4,096 pushes of a topic wait; more are `unavailable`. */
  push(wish: PushWish): Promise<PushOutcome>
  /** The topic has another certificate, or none: no push under way is lost. */
  renew(topic: string): void
  /** Waits for pushes under way, a few seconds at most. */
  close(): Promise<void>
}

export type ApnsOptions = {
  readonly endpoint: Endpoint
  readonly world: World
  /** Asked for whenever a connection is opened. */
  readonly identityOf: (topic: string) => Promise<Result<PushIdentity, string>>
}

export function createApns({ endpoint, world, identityOf }: ApnsOptions): Apns {
  const lines = new Map<string, Line>()

  function lineOf(topic: string): Line {
    const known = lines.get(topic)
    if (known !== undefined) return known
    const line = createLine({
      world,
      async open() {
        const identity = await identityOf(topic)
        return identity.ok
          ? connect(endpoint, identity.value)
          : fail({ reason: identity.error, isOurs: identity.error === noCertificate })
      },
    })
    lines.set(topic, line)
    return line
  }

  return {
    push: (wish) => lineOf(wish.topic).push(wish),
    renew: (topic) => lines.get(topic)?.renew(),
    async close() {
      await Promise.all([...lines.values()].map((line) => line.close()))
    },
  }
}
