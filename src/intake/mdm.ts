// What an MDM client says becomes events of its host, and what the host answers becomes its reply.
import type { Checkin } from '../protocol/mdm/checkin.ts'
import type { Report } from '../protocol/mdm/report.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import type { Credential } from './credential.ts'
import type { MdmAnswer } from './mdm-answer.ts'
import { createCheckins } from './mdm-checkin.ts'
import { type EchoedMessage, echoTopic, type Wire } from './mdm-echo.ts'
import { echoing } from './mdm-echoing.ts'
import type { MdmMeans } from './mdm-means.ts'
import { createSpeakers } from './mdm-speakers.ts'
import { createReports } from './mdm-report.ts'
import { createUnread, type Unread } from './mdm-unread.ts'
import { createTurnstile } from './turnstile.ts'

export type MdmIntake = MdmHearing & {
  /** Notes a report that could not be read. */
  unread(unread: Unread): Promise<void>
  /** The same for one message as it came: webhooks that want to hear of it are told with what it caused. */
  hearing(wire: () => Wire): MdmHearing
}

export type MdmHearing = {
  checkin(message: Checkin, credential: Credential): Promise<MdmAnswer>
  /** `body` is the report as it came: it is kept, sealed, as the command's result. */
  report(message: Report, body: Uint8Array, credential: Credential): Promise<MdmAnswer>
}

type MdmIntakeOptions = Omit<MdmMeans, 'speakers' | 'noteRefusal'> &
  Partial<Pick<MdmMeans, 'noteRefusal'>> & {
    /** Webhooks that want to hear of messages with this topic, as NanoMDM tells them. */
    readonly echoesOf?: (topic: string) => readonly WebhookRow[]
  }

export function createMdmIntake(options: MdmIntakeOptions): MdmIntake {
  const noted = { noteRefusal: () => {}, ...options }
  const means: MdmMeans = { ...noted, speakers: createSpeakers(noted) }
  const inOrder = createTurnstile()
  const hearingWith = (spoken: MdmMeans): MdmHearing => ({
    checkin: createCheckins(spoken),
    report: createReports(spoken, inOrder),
  })
  const plain = hearingWith(means)
  const echoesOf = options.echoesOf ?? (() => [])

  async function told(
    message: EchoedMessage,
    wire: () => Wire,
    take: (hearing: MdmHearing) => Promise<MdmAnswer>,
  ): Promise<MdmAnswer> {
    const webhooks = echoesOf(echoTopic(message))
    if (webhooks.length === 0) return take(plain)
    const echo = { message, wire: wire(), webhooks }
    return echoing(means, echo, async (echoed) => take(hearingWith(echoed)))
  }

  return {
    ...plain,
    unread: createUnread(means),
    hearing: (wire) => ({
      checkin: async (message, credential) =>
        told(message, wire, async (hearing) => hearing.checkin(message, credential)),
      report: async (message, body, credential) =>
        told(message, wire, async (hearing) => hearing.report(message, body, credential)),
    }),
  }
}
