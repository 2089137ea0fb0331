// A large command in the thread that reads: looked at first, written for its device once it is known for whom it is.
import { hash } from 'node:crypto'
import type { Written } from '../../intake/commands.ts'
import { buildCommand, readCommand, unsafeToRepeat } from '../../protocol/mdm/command.ts'
import type { MessageFault } from '../../protocol/mdm/message-fault.ts'
import { wishText } from '../../protocol/mdm/wish-text.ts'
import { ok, type Result } from '../../result.ts'
import type { NamedCommand, WishForm } from './jobs.ts'

export function namedCommand(bytes: Uint8Array): Result<NamedCommand, MessageFault> {
  const read = readCommand(bytes)
  if (!read.ok) return read
  const { payload: _, ...named } = read.value
  return ok(named)
}

/** Throws for what `namedCommand` does not take: whoever asks has asked that before. */
export function writtenCommand(bytes: Uint8Array, form: WishForm): Written {
  const read = readCommand(bytes)
  if (!read.ok) throw new Error(`a command that was read is none: ${read.error.kind}`)
  const { requestType, payload } = read.value
  const wish = { ...form, requestType, payload }
  return {
    bytes: buildCommand(wish),
    digest: hash('sha256', new TextEncoder().encode(wishText(wish)), 'hex'),
    repeatable: !unsafeToRepeat(requestType, payload),
  }
}
