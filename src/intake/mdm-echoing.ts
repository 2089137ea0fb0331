// Messages that webhooks are told of: the rows that tell them are written with what the message caused.
import type { Write } from '../../storage/store.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import type { Credential } from './credential.ts'
import type { MdmAnswer, MdmRefusal } from './mdm-answer.ts'
import { type EchoedMessage, echoBody, echoTopic, type Wire } from './mdm-echo.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import type { Speaker } from './mdm-speakers.ts'
import { deliveryRow, sealedKind } from './webhook-deliveries.ts'

export type Echo = {
  readonly message: EchoedMessage
  readonly wire: Wire
  readonly webhooks: readonly WebhookRow[]
}

/** Takes the message with means that write the echo into whatever commit it leads to, or into one of its own. */
export async function echoing(
  means: MdmMeans,
  echo: Echo,
  take: (means: MdmMeans) => Promise<MdmAnswer>,
): Promise<MdmAnswer> {
  const { hosts, speakers, sight } = means
  const isToken = 'messageType' in echo.message && echo.message.messageType === 'TokenUpdate'
  // A token's place in the count is known once its sender is.
  const early = isToken ? undefined : await rowsOf(means, echo)
  if (early === 'unavailable') return { kind: 'refused', why: 'unavailable' }
  let speaker: Speaker | undefined
  let isTold = false

  const answer = await take({
    ...means,
    speakers: {
      ...speakers,
      async of(enrollment, credential: Credential) {
        const found = await speakers.of(enrollment, credential)
        if (found.ok) speaker = found.value
        return found
      },
    },
    sight: (seen) => sight({ ...seen, also: (hostId) => early?.(hostId) ?? [] }),
    hosts: {
      ...hosts,
      async ask(hostId, ask) {
        const rows = early ?? (await rowsOf(means, echo, await tallyOf(means, speaker)))
        if (rows === 'unavailable')
          return { ok: false, error: { kind: 'unavailable', detail: 'the blob folder' } }
        isTold = true
        return hosts.ask(hostId, {
          ...ask,
          withReply: [...(ask.withReply ?? []), ...rows(hostId)],
        })
      },
    },
  })
  if (isTold || speaker === undefined || early === undefined || !wasHeard(answer)) return answer
  // It asked for something and changed nothing.
  const asked = await hosts.ask(speaker.hostId, {
    events: [],
    cause: byDevice(speaker),
    writes: early(speaker.hostId),
    seen: 'mdm',
  })
  return asked.ok ? answer : { kind: 'refused', why: 'unavailable' }
}

/** NanoMDM counts them; we tell the one that completes an enrolment from those that come later. */
async function tallyOf({ hosts }: MdmMeans, speaker: Speaker | undefined): Promise<number> {
  const looked = speaker && (await hosts.look(speaker.hostId))
  const channel = looked?.ok ? looked.value.snapshot.context.channels[speaker?.channel ?? ''] : null
  return channel === undefined || channel === null || channel.pushRef === null ? 1 : 2
}

/** These say no to what was asked, not to whoever asked. */
const answered: ReadonlySet<MdmRefusal> = new Set([
  'user-declined',
  'no-such-declaration',
  'unknown-endpoint',
  'unknown-token-service',
])

const wasHeard = (answer: MdmAnswer): boolean =>
  answer.kind !== 'refused' || answered.has(answer.why)

/** One delivery and its sealed body for each webhook, to be written for the host it turns out to be. */
async function rowsOf(
  { world, sealing }: MdmMeans,
  { message, wire, webhooks }: Echo,
  tally?: number,
): Promise<((hostId: string) => readonly Write[]) | 'unavailable'> {
  const at = world.now()
  const topic = echoTopic(message)
  const eventId = world.uuid().replaceAll('-', '').slice(-16)
  const bytes = await echoBody({
    ...wire,
    message,
    eventId,
    at,
    ...(tally !== undefined && { tally }),
  })
  const parts: ((hostId: string) => readonly Write[])[] = []
  for (const { id: webhookId } of webhooks) {
    const id = `msg_${world.uuid().replaceAll('-', '')}`
    const row = deliveryRow({ id, webhookId, hostId: '', topic, at, dueAt: world.steady() })
    // Under no host: what is told of one outlives it.
    const sealed = await sealing.seal({ ref: row.payload_ref, hostId: '', kind: sealedKind, bytes })
    if (!sealed.ok) return 'unavailable'
    parts.push((host_id) => [sealed.value, { put: 'delivery', row: { ...row, host_id } }])
  }
  return (hostId) => parts.flatMap((part) => part(hostId))
}
