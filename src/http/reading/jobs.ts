// What the reading thread is asked, and what it answers.
import type { Written } from '../../intake/commands.ts'
import type { GivenCommand } from '../../protocol/mdm/command.ts'
import type { CommandWish } from '../../protocol/mdm/wish-text.ts'
import type { MessageFault } from '../../protocol/mdm/message-fault.ts'
import type { LogBody, WriteBody } from '../../protocol/osquery/batch.ts'
import type { JsonLimits, JsonObject } from '../../protocol/osquery/json.ts'
import type { Result } from '../../result.ts'
import type { ShownBody } from './kept-body.ts'

/** Each job by name: what goes there, what comes back. Bytes are handed over, not copied. */
export type Jobs = {
  /** An MDM message: as it came, and a property list that says what is near its root. */
  readonly message: readonly [
    { readonly bytes: Uint8Array; readonly kind: 'checkin' | 'report' },
    {
      readonly bytes: Uint8Array
      readonly outline: Result<Uint8Array, MessageFault>
      /** Why a strict reader refuses the body, where it does and the outline was found all the same. */
      readonly unread?: string
    },
  ]
  /** A batch of log lines; they stay in the thread until `lines` asks for them. */
  readonly log: readonly [
    { readonly bytes: Uint8Array; readonly limits: JsonLimits },
    Omit<LogBody, 'lines'>,
  ]
  /** The lines of the body read last, each with `received` added, one JSON object a line. */
  readonly lines: readonly [{ readonly received: JsonObject }, Uint8Array]
  /** Answers to detail queries alone, as much of them as is looked at. What cannot be read stays there for `lines`. */
  readonly write: readonly [
    { readonly bytes: Uint8Array; readonly limits: JsonLimits },
    Omit<WriteBody, 'unread'>,
  ]
  /** A command an operator wrote: as it came, and what it is. */
  readonly command: readonly [
    { readonly bytes: Uint8Array },
    { readonly bytes: Uint8Array; readonly said: Result<NamedCommand, MessageFault> },
  ]
  /** The same command once more, as the device and whoever compares wishes get it. Its bytes are copied. */
  readonly wish: readonly [{ readonly command: Uint8Array; readonly form: WishForm }, Written]
  /** A kept property list as JSON. */
  readonly shown: readonly [{ readonly bytes: Uint8Array; readonly isRevealed: boolean }, ShownBody]
  /** A kept property list as it came, or built anew without its secrets where it has any. */
  readonly bare: readonly [{ readonly bytes: Uint8Array }, { readonly bytes: Uint8Array | null }]
}

export type JobName = keyof Jobs

/** A command without its payload. */
export type NamedCommand = Omit<GivenCommand, 'payload'>

export type WishForm = Omit<CommandWish, 'requestType' | 'payload'> & {
  readonly commandUUID: string
}

export type ToThread = {
  readonly [Name in JobName]: { readonly job: Name; readonly ask: Jobs[Name][0] }
}[JobName]

export type FromThread =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string }
