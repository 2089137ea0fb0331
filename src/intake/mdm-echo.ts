// What an MDM message says, as NanoMDM and MicroMDM tell it to their webhooks.
import { setImmediate } from 'node:timers/promises'
import type { Checkin } from '../protocol/mdm/checkin.ts'
import type { Enrollment, EnrollmentType } from '../protocol/mdm/enrollment.ts'
import type { Report } from '../protocol/mdm/report.ts'

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
export async function echoBody({ message, ...of }: Echoed): Promise<Uint8Array> {
  const { enrollment } = message
  const about = {
    ...(enrollment.udid !== undefined && { udid: enrollment.udid }),
    ...(enrollment.enrollmentId !== undefined && { enrollment_id: enrollment.enrollmentId }),
    ...(Object.keys(of.params).length > 0 && { url_params: of.params }),
    ids: idsOf(enrollment),
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
            status: message.status,
            ...('commandUUID' in message && { command_uuid: message.commandUUID }),
            raw_payload: '',
          },
        }
  const text = JSON.stringify({
    topic: echoTopic(message),
    event_id: of.eventId,
    created_at: new Date(of.at).toISOString(),
    ...said,
  })
  // The payload is the last of everything, and large: it is put between the quotes without being text before.
  const end = text.length - '"}}'.length
  const [head, tail] = [text.slice(0, end), text.slice(end)]
  return Buffer.concat([Buffer.from(head), ...(await base64Of(of.bytes)), Buffer.from(tail)])
}

/** Encoded in a millisecond or so, and without a rest: three bytes are four characters. */
const pieceBytes = 3 * 262_144

async function base64Of(bytes: Uint8Array): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = []
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    if (from > 0) await setImmediate()
    const piece = bytes.subarray(from, from + pieceBytes)
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64')
    pieces.push(Buffer.from(text, 'latin1'))
  }
  return pieces
}

function idsOf({ key, deviceKey, type, channel }: Enrollment): Readonly<Record<string, string>> {
  return {
    id: key,
    type: typeNames[type],
    ...(channel === 'user' && { parent_id: deviceKey }),
  }
}

/** NanoMDM's words. */
const typeNames: Readonly<Record<EnrollmentType, string>> = {
  Device: 'Device',
  User: 'User',
  SharedIPad: 'Shared iPad',
  UserEnrollmentDevice: 'User Enrollment (Device)',
  UserEnrollment: 'User Enrollment',
}
