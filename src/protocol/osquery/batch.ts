// A log batch or a write as bytes: whoever holds the key is listened to, whatever cannot be read.
import { readWrite, type Answer } from './distributed.ts'
import type { OsqueryFault } from './fault.ts'
import { type JsonLimits, type JsonObject, readJson } from './json.ts'
import { type LogKind, readLog } from './log.ts'
import { salvageEnvelope, salvageLog, salvageWrite, unread } from './salvage.ts'

/** What is known of a body beside what it says. */
type BodyRead = {
  /** Members that name the sender. */
  readonly envelope: JsonObject
  /** The first thing that could not be read. */
  readonly fault: OsqueryFault | undefined
  /** Whether bytes that are not UTF-8 became U+FFFD. */
  readonly isReplaced: boolean
}

/** Lines that cannot be read are among the lines, as bytes. They can be gone through once. */
export type LogBody = BodyRead & { readonly kind: LogKind; readonly lines: Iterable<JsonObject> }

/** `unread` is a line for a log, where something could not be read. */
export type WriteBody = BodyRead & {
  readonly answers: readonly Answer[]
  readonly unread: JsonObject | undefined
}

export function readLogBody(bytes: Uint8Array, limits: JsonLimits): LogBody {
  let isReplaced = false
  const json = readJson(bytes, limits, () => (isReplaced = true))
  const batch = json.ok ? readLog(json.value) : json
  const envelope = json.ok ? json.value : salvageEnvelope(bytes)
  if (batch.ok) return { envelope, isReplaced, fault: undefined, ...batch.value }
  return { envelope, isReplaced, fault: batch.error, ...salvageLog(bytes, batch.error) }
}

export function readWriteBody(bytes: Uint8Array, limits: JsonLimits): WriteBody {
  let isReplaced = false
  const json = readJson(bytes, limits, () => (isReplaced = true))
  const envelope = json.ok ? json.value : salvageEnvelope(bytes)
  const { answers, faults } = readWrite(json.ok ? json.value : salvageWrite(bytes))
  const fault = json.ok ? faults[0] : json.error
  return {
    envelope,
    isReplaced,
    fault,
    answers,
    unread: fault === undefined ? undefined : unread(bytes, fault),
  }
}
