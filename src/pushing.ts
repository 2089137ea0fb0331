// How devices are woken: push certificates, the connections they open, and what is pushed over those.
import { rootCertificates } from 'node:tls'
import type { Logger } from 'pino'
import type { Store } from '../storage/store.ts'
import type { Config } from './config/config.ts'
import { createApns } from './effects/apns/apns.ts'
import { createPusher, type Pusher } from './effects/apns/performer.ts'
import { createSuspicion } from './effects/apns/suspicion.ts'
import { createPushAddresses } from './intake/push-address.ts'
import { createPushCertificates, type PushCertificates } from './intake/push-certificates.ts'
import { createPushTopics } from './intake/push-topics.ts'
import { wakeTopic } from './intake/wake-topic.ts'
import type { Keep } from './keep.ts'
import type { Hosts } from './runtime/hosts.ts'
import type { World } from './runtime/world.ts'

export type Pushing = {
  readonly certificates: PushCertificates
  readonly pusher: Pusher
  /** Waits for pushes under way, a few seconds at most. */
  close(): Promise<void>
}

type PushingOptions = {
  readonly config: Pick<Config, 'apnsUrl' | 'apnsCa'>
  readonly keep: Pick<Keep, 'sealing' | 'queries'>
  readonly store: Store
  readonly world: World
  readonly hosts: Hosts
  readonly log: Pick<Logger, 'warn' | 'error'>
}

export function openPushing({ config, keep, store, world, hosts, log }: PushingOptions): Pushing {
  const { sealing, queries } = keep
  const certificates = createPushCertificates({ store, queries, live: hosts.live, sealing, world })
  const topics = createPushTopics({ store, sealing, world })
  const apns = createApns({
    endpoint: {
      url: config.apnsUrl,
      ca: config.apnsCa === undefined ? undefined : [...rootCertificates, config.apnsCa],
    },
    world,
    identityOf: topics.identityOf,
  })
  certificates.watch((topic, isReady) => {
    apns.renew(topic)
    if (!isReady) return
    const means = { lookups: store.lookups, hosts, world }
    wakeTopic(means, topic).catch((error: unknown) =>
      log.error({ err: error, topic }, 'some hosts were not told of their new push certificate'),
    )
  })
  const pusher = createPusher({
    hosts,
    world,
    apns,
    topics: {
      standing: topics.standing,
      async refuse(topic, refusal) {
        log.warn({ topic, reason: refusal.reason }, 'Apple does not take the push certificate')
        await topics.refuse(topic, refusal)
      },
    },
    suspicion: createSuspicion((topic, refusals) =>
      log.error(
        { topic, refusals },
        'Apple gives up one push token after the other: is this the certificate the devices enrolled with?',
      ),
    ),
    addressOf: createPushAddresses(sealing),
  })
  const telling = tellOfExpiry({ certificates, world, log })
  return {
    certificates,
    pusher,
    async close() {
      telling.stop()
      await apns.close()
    },
  }
}

/** Steps are days apart, so an hour late is not late. */
const lookEveryMs = 3_600_000

/** Says in the log what the console says too: at the start, and whenever the next step is reached. */
function tellOfExpiry({
  certificates,
  world,
  log,
}: Pick<Pushing, 'certificates'> & {
  readonly world: World
  readonly log: PushingOptions['log']
}): { stop(): void } {
  const told = new Map<string, string>()
  let timer: { cancel(): void } | undefined
  function look(): void {
    for (const { topic, step, isOver, sentence } of certificates.warnings()) {
      if (told.get(topic) === step) continue
      told.set(topic, step)
      log[isOver ? 'error' : 'warn']({ topic }, sentence)
    }
    timer = world.later(look, lookEveryMs)
  }
  look()
  return { stop: () => timer?.cancel() }
}
