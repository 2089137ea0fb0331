import type { Store } from '../../../storage/store.ts'
import type { Commands } from '../../intake/commands.ts'
import type { MdmIntake } from '../../intake/mdm.ts'
import type { Tokens } from '../../intake/tokens.ts'
import type { Result } from '../../result.ts'
import type { Cause } from '../../runtime/ask.ts'
import type { Reading } from '../reading/reading.ts'

/** How a push that was tried now ended, in the words of NanoMDM's scripts: Apple's id, or a sentence. */
export type PushedNow =
  | { readonly kind: 'pushed'; readonly apnsId: string }
  /** This channel cannot be pushed to. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** No push of its topic can succeed: there is no certificate, or Apple refuses it. */
  | { readonly kind: 'topic-failed'; readonly reason: string }

export type StoredPushCertificate = { readonly topic: string; readonly notAfterMs: number }

/** What the routes work with that NanoMDM's scripts call. */
export type CompatDeps = {
  readonly lookups: Store['lookups']
  readonly tokens: Pick<Tokens, 'find'>
  readonly commands: Commands
  /** For commands that take too long to read where everybody waits. */
  readonly reading: Reading
  readonly migrate: MdmIntake['checkin']
  push(target: { readonly hostId: string; readonly channel: string }): Promise<PushedNow>
  /** Takes concatenated PEM, certificate and unencrypted key. Fails with a sentence. */
  storePushCertificate(
    pem: Uint8Array,
    cause: Cause,
  ): Promise<
    Result<StoredPushCertificate, { readonly kind: 'bad' | 'unavailable'; readonly detail: string }>
  >
  pushCertificate(topic: string): StoredPushCertificate | undefined
}
