// What Apple lets us wake devices with: one certificate per topic, its key sealed.
import type { PushCertificateRow } from '../../storage/certificate-rows.ts'
import type { Queries } from '../../storage/queries.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { PushCertificate } from '../pki/push-certificate.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'
import { happened, type Particulars } from './happening.ts'
import { readPushUpload, type UploadFault } from './push-upload.ts'
import { type PushWarning, pushWarnings } from './push-warnings.ts'
import { commitTold } from './told-commit.ts'

export type Upload = {
  /** PEM or PKCS#12. */
  readonly bytes: Uint8Array
  readonly password?: string | undefined
  /** Take it although enrolled hosts listen to other topics only. */
  readonly force?: boolean
}

export type KeepFault =
  | UploadFault
  | { readonly kind: 'unavailable' }
  /** No enrolled host listens to the certificate's topic. `counts` says how many listen to which. */
  | {
      readonly kind: 'unheard-topic'
      readonly topic: string
      readonly counts: Readonly<Record<string, number>>
    }

export type PushCertificates = {
  list(): readonly PushCertificateRow[]
  /** What needs somebody, for those who look: expiry within 60 days, and refusals. */
  warnings(): readonly PushWarning[]
  find(topic: string): PushCertificateRow | undefined
  /** Replaces the topic's certificate if it has one. Durable once it resolves. */
  keep(upload: Upload, cause: Cause): Promise<Result<PushCertificateRow, KeepFault>>
  /** False when the topic has none. */
  remove(topic: string, cause: Cause): Promise<Result<boolean, 'unavailable'>>
  /** Hears which topic has another certificate, or none any more, once that is durable. */
  watch(changed: (topic: string, isReady: boolean) => void): void
}

type Options = {
  readonly store: Store
  readonly queries: Pick<Queries, 'pushTopicCounts'>
  readonly live: Live
  readonly sealing: Sealing
  readonly world: World
}

export function createPushCertificates(options: Options): PushCertificates {
  const { store, world } = options
  const { lookups } = store
  const watchers: ((topic: string, isReady: boolean) => void)[] = []

  async function commit(
    writes: readonly Write[],
    topic: string,
    isReady: boolean,
  ): Promise<boolean> {
    const committed = await commitTold(options, writes)
    if (committed.ok) for (const changed of watchers) changed(topic, isReady)
    return committed.ok
  }

  return {
    list: () => lookups.pushCertificates(),
    warnings: () => pushWarnings(lookups.pushCertificates(), world.now()),
    find: (topic) => lookups.pushCertificate(topic),
    async keep({ bytes, password, force = false }, cause) {
      const opening = { nowMs: world.now(), ...(password !== undefined && { password }) }
      const read = readPushUpload(bytes, opening)
      if (!read.ok) return read
      const unheard = force ? undefined : await unheardTopic(options, read.value.topic)
      if (unheard !== undefined) return fail(unheard)
      const former = lookups.pushCertificate(read.value.topic)
      const row = rowOf(read.value, { by: cause.id ?? cause.kind, former, now: world.now() })
      const sealed = await sealedKey(options, row, read.value)
      if (!sealed.ok) return fail({ kind: 'unavailable' })
      const writes = [
        sealed.value,
        { put: 'push_certificate', row } as const,
        ...keyDrops(former),
        happened('', { event: 'push_certificate.uploaded', cause, at: world.now() }, wordsOf(row)),
      ]
      return (await commit(writes, row.topic, true)) ? ok(row) : fail({ kind: 'unavailable' })
    },
    async remove(topic, cause) {
      const former = lookups.pushCertificate(topic)
      if (former === undefined) return ok(false)
      const writes = [
        { drop: 'push_certificate', topic } as const,
        ...keyDrops(former),
        happened('', { event: 'push_certificate.deleted', cause, at: world.now() }, { topic }),
      ]
      return (await commit(writes, topic, false)) ? ok(true) : fail('unavailable')
    },
    watch: (changed) => void watchers.push(changed),
  }
}

/** A certificate of another Apple Account has another topic: with it no enrolled device could be woken. */
async function unheardTopic(
  { queries }: Options,
  topic: string,
): Promise<Exclude<KeepFault, UploadFault> | undefined> {
  const counted = await queries.pushTopicCounts({})
  if (!counted.ok) return { kind: 'unavailable' }
  const counts = counted.value
  const isHeard = Object.keys(counts).length === 0 || Object.hasOwn(counts, topic)
  return isHeard ? undefined : { kind: 'unheard-topic', topic, counts }
}

const wordsOf = ({ topic, subject, not_after }: PushCertificateRow): Particulars => ({
  topic,
  subject,
  ends: new Date(not_after).toISOString(),
})

type Coming = {
  readonly by: string
  readonly former: PushCertificateRow | undefined
  readonly now: number
}

function rowOf(
  { topic, certificate, chainPem }: PushCertificate,
  { by, former, now }: Coming,
): PushCertificateRow {
  // Never the time of the one before: what failed with that one is not known of this one.
  const at = Math.max(now, (former?.created_at ?? 0) + 1)
  return {
    topic,
    certificate: chainPem,
    // A name of its own, so that a connection that is being opened finds either of them whole.
    key_ref: `push_certificate/${topic}/${at}`,
    subject: certificate.subject,
    not_before: certificate.notBeforeMs,
    not_after: certificate.notAfterMs,
    created_at: at,
    created_by: by,
    refused_at: null,
    refused_reason: null,
  }
}

const sealedKey = (
  { sealing }: Options,
  { key_ref: ref }: PushCertificateRow,
  { key }: PushCertificate,
): ReturnType<Sealing['seal']> =>
  sealing.seal({
    ref,
    hostId: '',
    kind: 'push_certificate_key',
    bytes: Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })),
  })

const keyDrops = (row: PushCertificateRow | undefined): readonly Write[] =>
  row === undefined ? [] : [{ drop: 'sealed', ref: row.key_ref }]
