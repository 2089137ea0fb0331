// Messages that webhooks are told of: the rows that tell them are written with what the message caused.
import type { Write } from '../../storage/store.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import type { Credential } from './credential.ts'
import type { MdmAnswer, MdmRefusal } from './mdm-answer.ts'
import { type Echoed, type EchoedMessage, echoBody, echoTopic, type Wire } from './mdm-echo.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import type { Speaker } from './mdm-speakers.ts'
import { deliveryRow, sealedKind } from './webhook-deliveries.ts'

export type Echo = {
  readonly message: EchoedMessage
  readonly wire: Wire
  readonly webhooks: readonly WebhookRow[]
}

/**
 * Takes the message with means that write the echo into whatever commit it leads to, or into one of its own.
 *
 * Receivers hear of the party that the message was resolved to, and of a quarantined host nothing: it claims to be
 * another.
 */
export async function echoing(
  means: MdmMeans,
  echo: Echo,
  take: (means: MdmMeans) => Promise<MdmAnswer>,
): Promise<MdmAnswer> {
  const { hosts, speakers, sight } = means
  const { message } = echo
  // Which host an Authenticate is about is decided in its commit, so its rows are there before.
  const isAuthenticate = 'messageType' in message && message.messageType === 'Authenticate'
  const early = isAuthenticate
    ? await rowsOf(means, { ...echo, channel: message.enrollment.deviceKey })
    : noRows
  if (early === 'unavailable') return { kind: 'refused', why: 'unavailable' }
  let speaker: Speaker | undefined
  let isTold = false

  /** What is told of the speaker; nothing while it is quarantined. */
  async function rowsFor(hostId: string): Promise<readonly Write[] | 'unavailable'> {
    if (speaker === undefined || (await isQuarantined(means, hostId))) return []
    const isToken = 'messageType' in message && message.messageType === 'TokenUpdate'
    const rows = await rowsOf(means, {
      ...echo,
      channel: speaker.channel,
      ...(isToken && { tally: await tallyOf(means, speaker) }),
    })
    return rows === 'unavailable' ? rows : rows(hostId)
  }

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
    sight: (seen) =>
      sight({ ...seen, also: ({ hostId, quarantined }) => (quarantined ? [] : early(hostId)) }),
    hosts: {
      ...hosts,
      async ask(hostId, ask) {
        const rows = await rowsFor(hostId)
        if (rows === 'unavailable')
          return { ok: false, error: { kind: 'unavailable', detail: 'the blob folder' } }
        isTold = true
        return hosts.ask(hostId, { ...ask, withReply: [...(ask.withReply ?? []), ...rows] })
      },
    },
  })
  if (isTold || speaker === undefined || !wasHeard(answer)) return answer
  // It asked for something and changed nothing.
  const rows = await rowsFor(speaker.hostId)
  if (rows === 'unavailable') return { kind: 'refused', why: 'unavailable' }
  const asked = await hosts.ask(speaker.hostId, {
    events: [],
    cause: byDevice(speaker),
    writes: rows,
    seen: 'mdm',
  })
  return asked.ok ? answer : { kind: 'refused', why: 'unavailable' }
}

const noRows = (): readonly Write[] => []

async function isQuarantined({ hosts }: MdmMeans, hostId: string): Promise<boolean> {
  const looked = await hosts.look(hostId)
  return looked.ok && looked.value.snapshot.context.quarantined
}

/** NanoMDM counts them; we tell the one that completes an enrolment from those that come later. */
async function tallyOf({ hosts }: MdmMeans, speaker: Speaker): Promise<number> {
  const looked = await hosts.look(speaker.hostId)
  const channel = looked.ok ? looked.value.snapshot.context.channels[speaker.channel] : null
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
  { message, wire, webhooks, channel, tally }: Echo & Pick<Echoed, 'channel' | 'tally'>,
): Promise<((hostId: string) => readonly Write[]) | 'unavailable'> {
  const at = world.now()
  const topic = echoTopic(message)
  const eventId = world.uuid().replaceAll('-', '').slice(-16)
  const bytes = await echoBody({
    ...wire,
    message,
    channel,
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
