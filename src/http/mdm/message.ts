import type { MessageFault } from '../../protocol/mdm/message-fault.ts'
import { fail, ok, type Result } from '../../result.ts'
import { largeBytesMin, type Reading } from '../reading/reading.ts'

/** A message, and its body as it came: reading a large one hands the bytes over and back. */
export type ReadMessage<Message> = { readonly message: Message; readonly bytes: Uint8Array }

/** The thread that reads large bodies has too much to do, or died of this one. */
export type ReadingBusy = { readonly kind: 'overloaded' | 'unavailable'; readonly detail: string }

/** Reads a body of any allowed size without keeping others waiting: of a large one, its outline. */
export async function readMessage<Message>(
  reading: Reading,
  bytes: Uint8Array,
  read: (body: Uint8Array) => Result<Message, MessageFault>,
): Promise<Result<ReadMessage<Message>, MessageFault | ReadingBusy>> {
  if (bytes.length <= largeBytesMin) return whole(read(bytes), bytes)
  const heard = await reading.turn(bytes.length, (ask) => ask('message', { bytes }))
  if (!heard.ok) return fail({ kind: heard.error, detail: 'a large body' })
  const { outline, bytes: back } = heard.value
  return outline.ok ? whole(read(outline.value), back) : outline
}

const whole = <Message>(
  message: Result<Message, MessageFault>,
  bytes: Uint8Array,
): Result<ReadMessage<Message>, MessageFault> =>
  message.ok ? ok({ message: message.value, bytes }) : message
