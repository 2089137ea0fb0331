// What an MDM message says, as NanoMDM and MicroMDM tell it to their webhooks.
import type { Checkin } from '../protocol/mdm/checkin.ts'
import type { Enrollment } from '../protocol/mdm/enrollment.ts'
import type { Report } from '../protocol/mdm/report.ts'
import { nanoIdsOf } from './nano-ids.ts'
import { sharedUuidOf } from './shared-uuid.ts'

/** A message as it came over the wire. */
export type Wire = {
  readonly bytes: Uint8Array
  /** Of the address it was sent to. */
  readonly params: Readonly<Record<string, string>>
}

export type EchoedMessage = Checkin | Report

/** `mdm.Connect` is every report; a check-in has the name of its message. */
export const echoTopic = (message: EchoedMessage): string =>
  'messageType' in message ? `mdm.${message.messageType}` : 'mdm.Connect'

export type Echoed = Wire & {
  readonly message: EchoedMessage
  /** The channel it was resolved to: what the body names beside that is nobody's word. */
  readonly channel: string
  readonly eventId: string
  readonly at: number
  /** Of a TokenUpdate: 1 when it completes an enrolment. */
  readonly tally?: number
}

/**
 * The body, tokens and all: whoever is told so is told everything a device says.
 *
 * Source: NanoMDM `service/webhook/event.json`, and its `ids`.
 */
export async function echoBody({ message, channel, ...of }: Echoed): Promise<Uint8Array> {
  const enrollment = enrollmentOn(channel, message.enrollment)
  const about = {
    ...(enrollment.udid !== undefined && { udid: enrollment.udid }),
    ...(enrollment.enrollmentId !== undefined && { enrollment_id: enrollment.enrollmentId }),
    ...(Object.keys(of.params).length > 0 && { url_params: of.params }),
    ids: nanoIdsOf(enrollment),
  }
  const said =
    'messageType' in message
      ? {
          checkin_event: {
            ...about,
            ...(of.tally !== undefined && { token_update_tally: of.tally }),
            raw_payload: '',
          },
        }
      : {
          acknowledge_event: {
            ...about,
            status: message.status === 'odd' ? message.said : message.status,
            ...('commandUUID' in message &&
              message.commandUUID !== null && {
                command_uuid: sharedUuidOf(message.commandUUID, enrollment.key),
              }),
            raw_payload: '',
          },
        }
  const text = JSON.stringify({
    topic: echoTopic(message),
    event_id: of.eventId,
    created_at: new Date(of.at).toISOString(),
    ...said,
  })
  // The payload is the last of everything, and large: it is put between the quotes without going through JSON.
  const end = text.length - '"}}'.length
  const [head, tail] = [Buffer.from(text.slice(0, end)), Buffer.from(text.slice(end))]
  const body = Buffer.allocUnsafeSlow(head.length + base64Length(of.bytes) + tail.length)
  head.copy(body)
  tail.copy(body, await writeBase64(of.bytes, body, head.length))
  return body
}

/** The enrollment under the identifier that the channel goes by. */
function enrollmentOn(channel: string, said: Enrollment): Omit<Enrollment, 'deviceKey'> {
  const { udid, enrollmentId, ...rest } = said
  const goesBy = (id: string | undefined): boolean =>
    id !== undefined && (channel === id || channel.startsWith(`${id}:`))
  if (goesBy(udid) && udid !== undefined) return { ...rest, key: channel, udid }
  if (!goesBy(enrollmentId) || enrollmentId === undefined) return { ...rest, key: channel }
  const type = rest.channel === 'user' ? 'UserEnrollment' : 'UserEnrollmentDevice'
  return { ...rest, type, key: channel, enrollmentId }
}

/** Three bytes are four characters, so that pieces of it join without a seam; each takes a millisecond or so. */
const pieceBytes = 3 * 131_072

const base64Length = ({ length }: Uint8Array): number => Math.ceil(length / 3) * 4

/** Writes from `at` on, letting others have their turn between pieces. Gives where it ended. */
async function writeBase64(bytes: Uint8Array, body: Buffer, at: number): Promise<number> {
  let end = at
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    if (from > 0) await new Promise<void>((resolve) => void setImmediate(resolve))
    const piece = bytes.subarray(from, from + pieceBytes)
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64')
    end += body.write(text, end, 'latin1')
  }
  return end
}
