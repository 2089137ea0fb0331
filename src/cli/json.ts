/** What JSON can say. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

export function parseJson(text: string): Json | undefined {
  try {
    // JSON.parse gives nothing else.
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !isList(value)

/** The member at a dotted path, such as `mdm.state`; undefined where there is none. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let found = value
  for (const key of path.split('.')) {
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined
  }
  return found
}

export function textAt(value: Json | undefined, path: string): string | undefined {
  const found = at(value, path)
  return typeof found === 'string' ? found : undefined
}

export function listAt(value: Json | undefined, path: string): readonly Json[] {
  const found = at(value, path)
  return isList(found) ? found : []
}

/**
 * Indented JSON in which no character can steer a terminal or turn text around.
 *
 * JSON leaves C1 controls and bidirectional overrides as they are; written as escapes they are the same
 * string to every parser.
 */
export const jsonText = (value: Json, indent = 2): string =>
  JSON.stringify(value, null, indent).replaceAll(unsafe, escaped)

/** Controls beyond ASCII's first 32, invisible marks, bidirectional controls, line separators, tags. */
const unsafe =
  // oxlint-disable-next-line no-control-regex -- these are what it is for
  /[\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => unit(character, index)).join('')

const unit = (text: string, index: number): string =>
  `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`
