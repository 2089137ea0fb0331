// JSON as people give it: in any encoding their editor or shell writes, and with the place of a mistake.
import { parse, type ParseError, printParseErrorCode } from 'jsonc-parser'
import { fail, ok, type Result } from '../result.ts'
import type { Fault } from './fault.ts'
import { type Json, parseJson } from './json.ts'

/** JSON in UTF-8 or, with a byte order mark, in UTF-16, as PowerShell writes it. `name` begins the sentence of a failure. */
export function jsonOfBytes(bytes: Uint8Array, name: string): Result<Json, Fault> {
  const text = textOfBytes(bytes)
  return text === undefined
    ? fail({ kind: 'usage', detail: `${name} is neither UTF-8 nor UTF-16 with a byte order mark.` })
    : jsonOfText(text, name)
}

export function jsonOfText(text: string, name: string): Result<Json, Fault> {
  const json = parseJson(text)
  if (json !== undefined) return ok(json)
  if (text.trim() === '') return fail({ kind: 'usage', detail: `${name} is empty, not JSON.` })
  const errors: ParseError[] = []
  parse(text, errors, { disallowComments: true, allowTrailingComma: false })
  const [first] = errors
  const detail =
    first === undefined
      ? `${name} is not JSON.`
      : `${name} is not JSON: line ${lineOf(text, first.offset)}, column ${columnOf(text, first.offset)}: ${sentenceOf(first)}.`
  return fail({ kind: 'usage', detail })
}

/** Undefined when the bytes are not text in the encoding that they begin with. */
function textOfBytes(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const encoding = isUtf16 ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8'
  try {
    // The decoder takes the mark away.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

const columnOf = (text: string, offset: number): number =>
  offset - text.lastIndexOf('\n', offset - 1)

/** `PropertyNameExpected` as "property name expected". */
const sentenceOf = ({ error }: ParseError): string =>
  printParseErrorCode(error)
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase()
