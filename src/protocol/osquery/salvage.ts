// What can be saved of a log batch or a write that is not sound JSON as a whole: its agent would send it for ever.
import { detailPrefix } from './detail.ts'
import type { OsqueryFault } from './fault.ts'
import { type Json, type JsonObject, readJson } from './json.ts'
import { type MemberPart, membersIn, partsIn, tailOf } from './json-parts.ts'
import { bodyLimits } from './limits.ts'
import type { LogKind } from './log.ts'

/** The key that a body names; null where it names several, which is nobody's. */
export function salvageEnvelope(bytes: Uint8Array): JsonObject {
  const keys = membersIn(bytes)
    .filter(({ name }) => name === 'node_key')
    .map(({ value }) => valueOf(value))
  const [key] = keys
  if (key === undefined) return {}
  return { node_key: typeof key === 'string' && keys.every((other) => other === key) ? key : null }
}

export type Salvaged = { readonly kind: LogKind; readonly lines: Iterable<JsonObject> }

/**
 * The lines of a batch, each read by itself when it is asked for. A line that cannot be read is kept as bytes; so is the
 * whole batch where no lines can be told apart.
 */
export function salvageLog(bytes: Uint8Array, fault: OsqueryFault): Salvaged {
  const members = membersIn(bytes)
  const type = valueOf(members.find(({ name }) => name === 'log_type')?.value)
  const kind = type === 'result' || type === 'status' ? type : 'other'
  const lists = members.filter(({ name, value }) => name === 'data' && isList(value))
  const lines = lists.map(({ value }) => partsIn(value))
  const isWhole = lines.length > 0 && lines.every((parts) => parts !== undefined)
  if (!isWhole) return { kind, lines: [unread(bytes, fault)] }
  // What stands behind a list or behind the whole is no line, and is kept like one that cannot be read.
  const tails = [...lists.map(({ value }) => tailOf(value)), tailOf(bytes)]
  return {
    kind,
    lines: linesOf([...lines, tails].flatMap((parts) => (parts ?? []).filter(isThere))),
  }
}

const isThere = (part: Uint8Array | undefined): part is Uint8Array => part !== undefined

function* linesOf(parts: readonly Uint8Array[]): Iterable<JsonObject> {
  for (const part of parts) {
    const line = readJson(part, bodyLimits.log)
    yield line.ok ? line.value : unread(part, line.error)
  }
}

/** Bytes that cannot be read, as a line of a log. The node key is cut out: logs are no place for secrets. */
export const unread = (bytes: Uint8Array, { kind }: OsqueryFault): JsonObject => ({
  muster_unreadable: kind,
  muster_bytes: withoutKey(bytes).toString('base64'),
})

/** Latin-1 has a letter for each byte, so that everything else stays as it came. */
function withoutKey(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const cut = text.replaceAll(/(?<name>"node_key"\s*:\s*")(?:[^"\\]|\\.)*/g, '$<name>')
  return Buffer.from(cut, 'latin1')
}

/** The answers to detail queries that can be read, in the form of a write. */
export function salvageWrite(bytes: Uint8Array): JsonObject {
  const parts = membersIn(bytes).filter(({ name }) => name === 'queries' || name === 'statuses')
  return Object.fromEntries(parts.map(({ name, value }) => [name, detailsIn(value)]))
}

function detailsIn(bytes: Uint8Array): JsonObject {
  const details = membersIn(bytes).filter(({ name }) => name.startsWith(detailPrefix))
  const read = details.map(({ name, value }: MemberPart) => [name, valueOf(value)] as const)
  return Object.fromEntries(read.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

const isList = (bytes: Uint8Array): boolean => /^\s*\[/.test(startOf(bytes))

/** Blanks before a value are few. */
const startOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 64)).toString('latin1')

/** One value by itself; undefined where it is none. */
function valueOf(bytes: Uint8Array | undefined): Json | undefined {
  if (bytes === undefined) return undefined
  const whole = Buffer.concat([Buffer.from('{"value":'), bytes, Buffer.from('}')])
  const read = readJson(whole, bodyLimits['distributed/write'])
  if (!read.ok || Object.keys(read.value).length !== 1) return undefined
  return read.value['value']
}
