// The body of an MDM message, read where it delays no other request.
import { type Checkin, readCheckin } from '../../protocol/mdm/checkin.ts'
import type { MessageFault } from '../../protocol/mdm/message-fault.ts'
import { readBody } from '../../protocol/mdm/body.ts'
import { readReport, type Report, reportOf } from '../../protocol/mdm/report.ts'
import { fail, ok, type Result } from '../../result.ts'
import { largeBytesMin, type Reading } from '../reading/reading.ts'

/** A message, and its body as it came: reading a large one hands the bytes over and back. */
export type ReadMessage<Message> = { readonly message: Message; readonly bytes: Uint8Array }

/** The body as it came is there unless the thread that reads is too busy. */
export type MessageRefusal =
  | (MessageFault & { readonly bytes: Uint8Array })
  /** The thread that reads large bodies has too much to do, or died of this one. */
  | { readonly kind: 'overloaded' | 'unavailable'; readonly detail: string }

type Kinds = { readonly checkin: Checkin; readonly report: Report }

/** Reads a body of any allowed size without keeping others waiting: of a large one, its outline. */
export async function readMessage<Kind extends keyof Kinds>(
  reading: Reading,
  kind: Kind,
  bytes: Uint8Array,
): Promise<Result<ReadMessage<Kinds[Kind]>, MessageRefusal>> {
  if (bytes.length <= largeBytesMin) return whole(readers[kind](bytes), bytes)
  const heard = await reading.turn(bytes.length, (ask) => ask('message', { bytes, kind }))
  if (!heard.ok) return fail({ kind: heard.error, detail: 'a large body' })
  const { outline, bytes: back, unread } = heard.value
  return whole(outline.ok ? readers[kind](outline.value, unread) : outline, back)
}

const readers: {
  readonly [Kind in keyof Kinds]: (
    body: Uint8Array,
    unread?: string,
  ) => Result<Kinds[Kind], MessageFault>
} = {
  checkin: readCheckin,
  report(body, unread) {
    if (unread === undefined) return readReport(body)
    const outline = readBody(body)
    return outline.ok ? reportOf({ raw: outline.value, unread }) : outline
  },
}

const whole = <Message>(
  message: Result<Message, MessageFault>,
  bytes: Uint8Array,
): Result<ReadMessage<Message>, MessageFault & { readonly bytes: Uint8Array }> =>
  message.ok ? ok({ message: message.value, bytes }) : fail({ ...message.error, bytes })
