import type { Result } from '../../result.ts'
import { fail, ok } from '../../result.ts'
import { shapeOf } from './json-shape.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

export type JsonLimits = { readonly bytesMax: number; readonly valuesMax: number }

export type JsonFault =
  | { readonly kind: 'too-large'; readonly bytesMax: number }
  | { readonly kind: 'too-many-values'; readonly valuesMax: number }
  | { readonly kind: 'too-many-members' }
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'not-json' }
  | { readonly kind: 'not-an-object' }
  | { readonly kind: 'duplicate-member' }

/** osquery nests six levels at most and refuses 32 in a configuration; nobody honest goes deeper. */
export const jsonDepthMax = 32

/** Members of one object: four times the most answers in a write. Far larger objects take seconds to build. */
const jsonMembersMax = 4_096

/**
 * Reads a request body as one JSON object, refusing what two readers could understand differently.
 *
 * Numbers a double cannot hold (integers beyond 2^53, `1e999`) come as their text, so nothing is rounded.
 * Bytes that are not UTF-8, such as those of a file name, become U+FFFD, and `onReplaced` is called once.
 * Linear in the body's length; depth and size are known before anything is built.
 */
export function readJson(
  bytes: Uint8Array,
  limits: JsonLimits,
  onReplaced?: () => void,
): Result<JsonObject, JsonFault> {
  if (bytes.length > limits.bytesMax) return fail({ kind: 'too-large', bytesMax: limits.bytesMax })
  const shape = shapeOf(bytes, {
    depth: jsonDepthMax,
    widest: jsonMembersMax,
    values: limits.valuesMax,
  })
  if (shape.depth > jsonDepthMax) return fail({ kind: 'too-deep' })
  if (shape.widest > jsonMembersMax) return fail({ kind: 'too-many-members' })
  if (shape.values > limits.valuesMax) {
    return fail({ kind: 'too-many-values', valuesMax: limits.valuesMax })
  }
  const text = decode(bytes, onReplaced)
  const value = parse(text, shape.wideNumbers)
  if (value === undefined) return fail({ kind: 'not-json' })
  if (!isObject(value)) return fail({ kind: 'not-an-object' })
  // A parser keeps one of two members with the same name, so fewer arrive than were written.
  if (membersOf(value) !== shape.members) return fail({ kind: 'duplicate-member' })
  return ok(value)
}

/** A member the sender wrote: never one inherited, such as `constructor`. */
export const member = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const anyBytes = new TextDecoder('utf-8')

/** A decoder never takes a quote or a bracket for a part of a bad sequence, so the structure stays as it was counted. */
function decode(bytes: Uint8Array, onReplaced: (() => void) | undefined): string {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    onReplaced?.()
    return anyBytes.decode(bytes)
  }
}

function parse(text: string, wideNumbers: boolean): Json | undefined {
  try {
    // JSON.parse makes `Json` and nothing else, and defines `__proto__` as an ordinary member.
    return (wideNumbers ? JSON.parse(text, keepWide) : JSON.parse(text)) as Json
  } catch {
    return undefined
  }
}

function keepWide(_name: string, value: unknown, token?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value
  const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)
  return exact ? value : (token?.source ?? null)
}

/** Members in the whole tree. Recursion is bounded by `jsonDepthMax`. */
function membersOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (isArray(value)) {
    for (const item of value) members += membersOf(item)
    return members
  }
  for (const name in value) members += 1 + membersOf(value[name] ?? null)
  return members
}
