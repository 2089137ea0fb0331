// What can be pushed, and with what: push certificates as those see them who push.
import type { PushCertificateRow } from '../../storage/certificate-rows.ts'
import type { Store } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'

/** Whether a topic can be pushed to now. `certificateAt` says which certificate that is true of. */
export type TopicStanding =
  | { readonly kind: 'ready'; readonly certificateAt: number }
  | {
      readonly kind: 'stopped'
      readonly reason: string
      /** Null where there is no certificate. */
      readonly certificateAt: number | null
    }

export type PushTopics = {
  standing(topic: string): TopicStanding
  /** Apple does not take its certificate: nothing is pushed with it any more. */
  refuse(
    topic: string,
    refusal: { readonly certificateAt: number; readonly reason: string },
  ): Promise<void>
  /** Certificate chain and key as PEM. Fails with a word that says why there is none. */
  identityOf(
    topic: string,
  ): Promise<Result<{ readonly certificate: string; readonly key: string }, string>>
}

type Options = {
  readonly store: Pick<Store, 'commit' | 'lookups'>
  readonly sealing: Pick<Sealing, 'open'>
  readonly world: World
}

/** Our words, beside Apple's. */
const noPushCertificate = 'NoPushCertificate'
const expiredPushCertificate = 'PushCertificateExpired'
const unreadableKey = 'PushKeyUnreadable'

export const createPushTopics = ({ store, sealing, world }: Options): PushTopics => ({
  standing: (topic) => standingOf(store.lookups.pushCertificate(topic), world.now()),
  async refuse(topic, { certificateAt, reason }) {
    const row = store.lookups.pushCertificate(topic)
    if (row?.created_at !== certificateAt || row.refused_at !== null) return
    const refused = { ...row, refused_at: world.now(), refused_reason: reason }
    await store.commit([{ put: 'push_certificate', row: refused }])
  },
  async identityOf(topic) {
    const row = store.lookups.pushCertificate(topic)
    if (row === undefined) return fail(noPushCertificate)
    const key = await sealing.open(row.key_ref)
    return key.ok
      ? ok({ certificate: row.certificate, key: Buffer.from(key.value).toString() })
      : fail(unreadableKey)
  },
})

function standingOf(row: PushCertificateRow | undefined, now: number): TopicStanding {
  if (row === undefined) return { kind: 'stopped', reason: noPushCertificate, certificateAt: null }
  const certificateAt = row.created_at
  if (row.refused_reason !== null)
    return { kind: 'stopped', reason: row.refused_reason, certificateAt }
  return row.not_after <= now
    ? { kind: 'stopped', reason: expiredPushCertificate, certificateAt }
    : { kind: 'ready', certificateAt }
}
