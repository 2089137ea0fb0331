// A command that an operator wrote as a property list, of any allowed size, without keeping others waiting.
import type { Writer } from '../../intake/commands.ts'
import { readCommand } from '../../protocol/mdm/command.ts'
import type { MessageFault } from '../../protocol/mdm/message-fault.ts'
import type { Dict } from '../../protocol/plist/value.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { NamedCommand } from './jobs.ts'
import { largeBytesMin, type Reading } from './reading.ts'

export type OperatorCommand = NamedCommand & { readonly payload: Dict | Writer }

export type CommandBusy = { readonly kind: 'busy'; readonly detail: string }

/** Fails as `readCommand` does, or with `busy`. The payload of a large one stays with the thread that reads. */
export async function readOperatorCommand(
  reading: Reading,
  bytes: Uint8Array,
): Promise<Result<OperatorCommand, MessageFault | CommandBusy>> {
  if (bytes.length <= largeBytesMin) return readCommand(bytes)
  const heard = await reading.turn(bytes.length, (ask) => ask('command', { bytes }))
  if (!heard.ok) return fail({ kind: 'busy', detail })
  const { said, bytes: command } = heard.value
  return said.ok ? ok({ ...said.value, payload: writerOf(reading, command) }) : said
}

const detail = 'Too many large bodies are being read.'

const writerOf =
  (reading: Reading, command: Uint8Array): Writer =>
  async ({ commandUUID, channel, priority, expiresInMs }) => {
    const form = { commandUUID, channel, priority, expiresInMs }
    const written = await reading.turn(command.length, (ask) => ask('wish', { command, form }))
    return written.ok ? written : fail({ kind: 'unavailable', detail })
  }
