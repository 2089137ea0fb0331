// Property lists as JSON: for people to read, and with tags so that it can be sent back.
import { base64Of } from './base64.ts'
import { isoSeconds } from './scalar.ts'
import { type Dict, isArray, isBytes, isDate, isWholeReal, type PlistValue } from './value.ts'

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
  if (typeof value !== 'object') return scalarToJson(value)
  if (isBytes(value)) return base64Of(value)
  if (isDate(value)) return isoSeconds(value)
  if (isWholeReal(value)) return value.value
  if (isArray(value)) return value.map(plistToJson)
  const json: { [key: string]: JsonValue } = Object.create(null)
  for (const [key, item] of Object.entries(value)) json[key] = plistToJson(item)
  return json
}

function scalarToJson(value: string | number | bigint | boolean): JsonValue {
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

/** Where a value stands in a payload: its keys joined by `/`, `*` for each item of an array. */
export type Path = string

export const pathInside = (path: Path, key: string): Path => (path === '' ? key : `${path}/${key}`)

/**
 * A payload as JSON that `jsonToPlist` turns into the same payload.
 *
 * What JSON lacks is an object with one tag: `$data`, `$date`, `$real` for a whole real and what is no finite number,
 * `$integer` beyond 2^53, `$dict` around a dictionary whose own key begins with `$`. Where `isData` says that a path
 * holds data, it is plain base64.
 */
export function plistToTaggedJson(
  value: PlistValue,
  isData: (path: Path) => boolean,
  path: Path = '',
): JsonValue {
  if (isBytes(value)) return isData(path) ? base64Of(value) : { $data: base64Of(value) }
  if (isDate(value)) return { $date: isoSeconds(value) }
  if (isWholeReal(value)) return { $real: value.value }
  if (typeof value !== 'object') return taggedScalar(value)
  if (isArray(value))
    return value.map((item) => plistToTaggedJson(item, isData, pathInside(path, '*')))
  return taggedDict(value, isData, path)
}

function taggedScalar(value: string | number | bigint | boolean): JsonValue {
  if (typeof value === 'bigint') return { $integer: value.toString() }
  return typeof value === 'number' && !Number.isFinite(value) ? { $real: String(value) } : value
}

function taggedDict(dict: Dict, isData: (path: Path) => boolean, path: Path): JsonValue {
  const json: { [key: string]: JsonValue } = Object.create(null)
  for (const [key, item] of Object.entries(dict))
    json[key] = plistToTaggedJson(item, isData, pathInside(path, key))
  return Object.keys(json).some((key) => key.startsWith('$')) ? { $dict: json } : json
}
