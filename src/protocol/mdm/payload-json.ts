// A command's payload in JSON: what an operator writes, and what is shown of it in a form that can be sent back.
import { fail, ok, type Result } from '../../result.ts'
import { type JsonValue, type Path, plistToTaggedJson } from '../plist/json.ts'
import { type JsonPlistFault, jsonToPlist } from '../plist/json-payload.ts'
import { type Dict, isArray, isDict, type PlistValue } from '../plist/value.ts'
import { isDataKey } from './data-keys.ts'
import { secretMark } from './secrets.ts'

/**
 * The keys of Command beside RequestType, from JSON.
 *
 * Fails: as `jsonToPlist`; an inner RequestType, which the command's own would replace; the mark that stands where a
 * secret stood, which would become the secret.
 */
export function payloadOfJson(requestType: string, json: unknown): Result<Dict, JsonPlistFault> {
  const read = jsonToPlist(json, isDataKey(requestType))
  if (!read.ok) return read
  const payload = read.value
  if (!isDict(payload)) return fail({ pointer: '', detail: 'not an object' })
  if (Object.hasOwn(payload, 'RequestType'))
    return fail({
      pointer: '/RequestType',
      detail: 'request_type says which command it is; leave RequestType out of the payload',
    })
  const marked = pointerOfMark(payload, '')
  return marked === undefined
    ? ok(payload)
    : fail({
        pointer: marked,
        detail: `"${secretMark}" stands for a secret that is not shown: write the secret itself`,
      })
}

/** A command as it is shown: `{Command: {RequestType, …}, CommandUUID}`. */
export function commandToJson(command: PlistValue): JsonValue {
  const inner = isDict(command) ? command['Command'] : undefined
  const requestType = isDict(inner) ? inner['RequestType'] : undefined
  const isData = isDataKey(typeof requestType === 'string' ? requestType : '')
  return plistToTaggedJson(command, (path: Path) =>
    path.startsWith(commandPrefix) ? isData(path.slice(commandPrefix.length)) : false,
  )
}

const commandPrefix = 'Command/'

function pointerOfMark(value: PlistValue, pointer: string): string | undefined {
  if (value === secretMark) return pointer
  const items: readonly (readonly [string | number, PlistValue])[] = isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : isDict(value)
      ? Object.entries(value)
      : []
  for (const [key, item] of items) {
    const found = pointerOfMark(item, `${pointer}/${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
