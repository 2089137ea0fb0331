// A report of which not even the Status can be read, or that is too large: kept, and noted at its host.
import type { Enrollment } from '../protocol/mdm/enrollment.ts'
import type { Credential } from './credential.ts'
import type { MdmMeans } from './mdm-means.ts'
import { keptStray } from './stray-bodies.ts'

export type Unread = {
  readonly credential: Credential
  /** As it came; null where it was not read to its end. */
  readonly body: Uint8Array | null
  readonly reason: string
  /** Who speaks, where the body says so. */
  readonly enrollment?: Enrollment | undefined
}

/** The device is refused whether this can be noted or not. */
export const createUnread =
  (means: MdmMeans) =>
  async (unread: Unread): Promise<void> => {
    const sender = await senderOf(means, unread)
    if (sender === undefined) return
    const { body, reason, credential } = unread
    const { hostId, channel } = sender
    const kept = body === null ? undefined : await keptStray(means, hostId, body)
    await means.hosts.ask(hostId, {
      events: [
        {
          type: 'mdm.unread_report',
          at: means.world.now(),
          channel,
          commandUUID: null,
          reason: reason.slice(0, reasonMax),
        },
      ],
      cause: { kind: 'device', id: channel ?? causeId(credential) },
      seen: 'mdm',
      ...(kept?.ok === true && { withReply: [kept.value] }),
    })
  }

type Sender = { readonly hostId: string; readonly channel: string | null }

/** Known by its certificate; where devices are believed, by what the body says. */
async function senderOf(
  { speakers }: MdmMeans,
  { credential, enrollment }: Unread,
): Promise<Sender | undefined> {
  const speaker = enrollment && (await speakers.of(enrollment, credential))
  if (speaker?.ok === true) return speaker.value
  if (credential.kind !== 'certificate' || !credential.bound) return undefined
  return credential.hostId === null ? undefined : { hostId: credential.hostId, channel: null }
}

const causeId = (credential: Credential): string | null =>
  credential.kind === 'certificate' ? credential.fingerprint.slice(0, 16) : null

/** One sentence of ours. */
const reasonMax = 300
