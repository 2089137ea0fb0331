// JSON that an operator wrote, as a property list.
import { fail, ok, type Result } from '../../result.ts'
import { bytesOfBase64 } from './base64.ts'
import { type Path, pathInside } from './json.ts'
import { plistLimits } from './limits.ts'
import { dateOf, fitInteger, realOf } from './scalar.ts'
import { type Dict, emptyDict, isXmlText, type PlistValue, WholeReal } from './value.ts'

/** Where a JSON payload leaves what a property list can say. */
export type JsonPlistFault = {
  /** RFC 6901, relative to the payload: empty for the payload itself. */
  readonly pointer: string
  readonly detail: string
}

/**
 * An operator's JSON payload as a property list. Tags stand for what JSON lacks, as `plistToTaggedJson` writes them.
 * Where `isData` says that a path holds data, a string is base64.
 *
 * Fails: null, an unknown tag, a whole number that JSON has already rounded, text that XML cannot carry.
 * Bound: depth and number of values as for property lists from devices.
 */
export function jsonToPlist(
  json: unknown,
  isData: (path: Path) => boolean = () => false,
): Result<PlistValue, JsonPlistFault> {
  const walk: Walk = { nodes: 0, fault: undefined, isData }
  const value = convert(walk, json, { pointer: '', path: '', depth: 0 })
  if (walk.fault !== undefined) return fail(walk.fault)
  if (value === undefined) throw new Error('a payload without a value must have a fault')
  return ok(value)
}

type Walk = {
  nodes: number
  fault: JsonPlistFault | undefined
  readonly isData: (path: Path) => boolean
}
type Place = { readonly pointer: string; readonly path: Path; readonly depth: number }

function convert(walk: Walk, json: unknown, place: Place): PlistValue | undefined {
  walk.nodes += 1
  if (walk.nodes > plistLimits.nodesMax) {
    return refuse(walk, place, `more than ${plistLimits.nodesMax} values`)
  }
  if (typeof json === 'boolean') return json
  if (typeof json === 'number') return convertNumber(walk, json, place)
  if (typeof json === 'string') return convertString(walk, json, place)
  return typeof json === 'object' && json !== null
    ? convertContainer(walk, json, place)
    : refuse(walk, place, 'null has no counterpart in a property list')
}

function convertString(walk: Walk, json: string, place: Place): string | Uint8Array | undefined {
  if (walk.isData(place.path))
    return bytesOfBase64(json) ?? refuse(walk, place, 'not base64, and this key takes data')
  return isXmlText(json) ? json : refuse(walk, place, 'a character that XML cannot carry')
}

function convertNumber(walk: Walk, json: number, place: Place): number | undefined {
  return Number.isInteger(json) && !Number.isSafeInteger(json)
    ? refuse(
        walk,
        place,
        'a whole number beyond 2^53, which JSON may have rounded: write {"$integer": "…"}',
      )
    : json
}

function convertContainer(walk: Walk, json: object, place: Place): PlistValue | undefined {
  const { depthMax } = plistLimits
  if (place.depth >= depthMax) return refuse(walk, place, `more than ${depthMax} levels`)
  if (Array.isArray(json)) return convertArray(walk, json, place)
  const entries: readonly (readonly [string, unknown])[] = Object.entries(json)
  const tagged = entries.find(([key]) => key.startsWith('$'))
  if (tagged === undefined) return convertDict(walk, entries, place)
  return entries.length === 1
    ? convertTagged(walk, tagged, place)
    : refuse(walk, place, `${tagged[0]} stands alone in its object`)
}

function convertArray(
  walk: Walk,
  json: readonly unknown[],
  place: Place,
): readonly PlistValue[] | undefined {
  const items: PlistValue[] = []
  for (const [index, item] of json.entries()) {
    const value = convert(walk, item, inside(place, String(index), '*'))
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

/** What each tag holds. Undefined: not that. */
const tags: Readonly<Record<string, (content: unknown) => PlistValue | undefined>> = {
  $data: (content) => (typeof content === 'string' ? bytesOfBase64(content) : undefined),
  $date: (content) => (typeof content === 'string' ? dateOf(content) : undefined),
  $real: realIn,
  $integer: (content) =>
    typeof content === 'string' && /^-?[0-9]{1,20}$/.test(content)
      ? fitInteger(BigInt(content))
      : undefined,
}

/** What a tag must hold, for whoever wrote something else. */
const tagForms: Readonly<Record<string, string>> = {
  $data: 'not base64',
  $date: 'not a date like 2026-01-31T12:00:00Z',
  $real: 'not a number, "NaN", "Infinity" or "-Infinity"',
  $integer: 'not the digits of a 64-bit integer as a string',
}

function realIn(content: unknown): PlistValue | undefined {
  const value = typeof content === 'string' ? realOf(content) : content
  if (typeof value !== 'number') return undefined
  return Number.isInteger(value) ? new WholeReal(value) : value
}

function convertTagged(
  walk: Walk,
  [tag, content]: readonly [string, unknown],
  place: Place,
): PlistValue | undefined {
  const within = { ...inside(place, tag), path: place.path }
  if (tag === '$dict') {
    const isDict = typeof content === 'object' && content !== null && !Array.isArray(content)
    return isDict
      ? convertDict(walk, Object.entries(content), within)
      : refuse(walk, within, 'not an object')
  }
  if (!Object.hasOwn(tags, tag))
    return refuse(
      walk,
      within,
      `an unknown tag; there are ${Object.keys(tags).join(', ')}, and $dict around a dictionary whose key begins with $`,
    )
  return tags[tag]?.(content) ?? refuse(walk, within, tagForms[tag] ?? 'not what the tag takes')
}

const inside = ({ pointer, path, depth }: Place, key: string, step = key): Place => ({
  pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  path: pathInside(path, step),
  depth: depth + 1,
})

function refuse(walk: Walk, { pointer }: Place, detail: string): undefined {
  walk.fault ??= { pointer, detail }
}
