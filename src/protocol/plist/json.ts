import { fail, ok, type Result } from '../../result.ts'
import { base64Of, bytesOfBase64 } from './base64.ts'
import { plistLimits } from './limits.ts'
import { dateOf, isoSeconds } from './scalar.ts'
import {
  emptyDict,
  isArray,
  isBytes,
  isDate,
  isXmlText,
  type Dict,
  type PlistValue,
} from './value.ts'

/** Structured JSON as the API shows it. Objects have no prototype. */
export type JsonValue =
  | string
  | number
  | boolean
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/**
 * A property list as JSON without loss: data as base64, dates as ISO 8601, and as strings whatever a
 * JSON number cannot say (integers beyond 2^53, NaN, the infinities).
 */
export function plistToJson(value: PlistValue): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (isBytes(value)) return base64Of(value)
  if (isDate(value)) return isoSeconds(value)
  if (isArray(value)) return value.map(plistToJson)
  const json: { [key: string]: JsonValue } = Object.create(null)
  for (const [key, item] of Object.entries(value)) json[key] = plistToJson(item)
  return json
}

/** Where a JSON payload leaves what a property list can say. */
export type JsonPlistFault = {
  /** RFC 6901, relative to the payload: empty for the payload itself. */
  readonly pointer: string
  readonly detail: string
}

/**
 * An operator's JSON payload as a property list. `{"$data": "base64"}` and `{"$date": "…Z"}` stand for the
 * two types JSON lacks; null is refused, and so is a whole number JSON has already rounded.
 *
 * Bound: depth and number of values as for property lists from devices.
 */
export function jsonToPlist(json: unknown): Result<PlistValue, JsonPlistFault> {
  const walk: Walk = { nodes: 0, fault: undefined }
  const value = convert(walk, json, { pointer: '', depth: 0 })
  if (walk.fault !== undefined) return fail(walk.fault)
  if (value === undefined) throw new Error('a payload without a value must have a fault')
  return ok(value)
}

type Walk = { nodes: number; fault: JsonPlistFault | undefined }
type Place = { readonly pointer: string; readonly depth: number }

function convert(walk: Walk, json: unknown, place: Place): PlistValue | undefined {
  walk.nodes += 1
  if (walk.nodes > plistLimits.nodesMax) {
    return refuse(walk, place, `more than ${plistLimits.nodesMax} values`)
  }
  if (typeof json === 'boolean') return json
  if (typeof json === 'number') return convertNumber(walk, json, place)
  if (typeof json === 'string') {
    return isXmlText(json) ? json : refuse(walk, place, 'a character that XML cannot carry')
  }
  return typeof json === 'object' && json !== null
    ? convertContainer(walk, json, place)
    : refuse(walk, place, 'null has no counterpart in a property list')
}

function convertNumber(walk: Walk, json: number, place: Place): number | undefined {
  return Number.isInteger(json) && !Number.isSafeInteger(json)
    ? refuse(walk, place, 'a whole number beyond 2^53, which JSON may have rounded')
    : json
}

function convertContainer(walk: Walk, json: object, place: Place): PlistValue | undefined {
  const { depthMax } = plistLimits
  if (place.depth >= depthMax) return refuse(walk, place, `more than ${depthMax} levels`)
  if (Array.isArray(json)) return convertArray(walk, json, place)
  const entries: readonly (readonly [string, unknown])[] = Object.entries(json)
  const [first] = entries
  if (first !== undefined && (first[0] === '$data' || first[0] === '$date')) {
    return entries.length === 1
      ? convertTagged(walk, first, place)
      : refuse(walk, place, `${first[0]} stands alone in its object`)
  }
  return convertDict(walk, entries, place)
}

function convertArray(
  walk: Walk,
  json: readonly unknown[],
  place: Place,
): readonly PlistValue[] | undefined {
  const items: PlistValue[] = []
  for (const [index, item] of json.entries()) {
    const value = convert(walk, item, inside(place, String(index)))
    if (value === undefined) return undefined
    items.push(value)
  }
  return items
}

function convertDict(
  walk: Walk,
  entries: readonly (readonly [string, unknown])[],
  place: Place,
): Dict | undefined {
  const dict = emptyDict()
  for (const [key, item] of entries) {
    const within = inside(place, key)
    if (!isXmlText(key)) return refuse(walk, within, 'a key with a character XML cannot carry')
    const value = convert(walk, item, within)
    if (value === undefined) return undefined
    dict[key] = value
  }
  return dict
}

function convertTagged(
  walk: Walk,
  [tag, text]: readonly [string, unknown],
  place: Place,
): PlistValue | undefined {
  const within = inside(place, tag)
  if (tag === '$data') {
    const bytes = typeof text === 'string' ? bytesOfBase64(text) : undefined
    return bytes ?? refuse(walk, within, 'not base64')
  }
  const date = typeof text === 'string' ? dateOf(text) : undefined
  return date ?? refuse(walk, within, 'not a date like 2026-01-31T12:00:00Z')
}

const inside = ({ pointer, depth }: Place, key: string): Place => ({
  pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  depth: depth + 1,
})

function refuse(walk: Walk, { pointer }: Place, detail: string): undefined {
  walk.fault ??= { pointer, detail }
}
