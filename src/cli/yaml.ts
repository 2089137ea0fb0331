import { isList, isObject, type Json, jsonText } from './json.ts'

/**
 * JSON as YAML 1.2 that YAML 1.1 readers understand alike, ending in a line break.
 *
 * Text is bare only where no reader could take it for something else; otherwise it is a JSON string,
 * which YAML reads as such.
 */
export const yaml = (value: Json): string => `${block(value, '').replace(/^\n/, '')}\n`

function block(value: Json, indent: string): string {
  if (isList(value)) return value.length === 0 ? '[]' : items(value, indent)
  if (isObject(value)) return Object.keys(value).length === 0 ? '{}' : members(value, indent)
  return typeof value === 'string' ? scalar(value) : jsonText(value)
}

const items = (list: readonly Json[], indent: string): string =>
  list
    .map((item) => {
      const inner = block(item, `${indent}  `)
      return `\n${indent}- ${inner.replace(/^\n */, '')}`
    })
    .join('')

const members = (object: Readonly<Record<string, Json>>, indent: string): string =>
  Object.entries(object)
    .map(([key, value]) => {
      const inner = block(value, isList(value) ? indent : `${indent}  `)
      return `\n${indent}${scalar(key)}:${inner.startsWith('\n') ? '' : ' '}${inner}`
    })
    .join('')

const scalar = (text: string): string =>
  isBare.test(text) && !isWord.test(text) ? text : jsonText(text)

/** Begins with a letter, so it is no number, date or time; holds neither `: ` nor ` #`. */
const isBare = /^[A-Za-z_][\w./@+-]*(?: [\w./@+-]+)*$/
const isWord = /^(?:true|false|yes|no|on|off|null|y|n)$/i
