import type { Call } from './call.ts'
import { columnsOf } from './column.ts'
import { type Look, tableText } from './format.ts'
import { at, type Json, jsonText, listAt } from './json.ts'
import { yaml } from './yaml.ts'

/** Under the card: how it went, then what was asked and answered. */
export function story(call: Call, command: Json): string {
  const exact = { ...call, format: 'wide' } as const
  const parts = ['request', 'result', 'result_condition', 'error_chain'].flatMap((key) => {
    const value = at(command, key)
    const empty = value === undefined || value === null || jsonText(value, 0) === '[]'
    return empty ? [] : [`\n${key}:\n${yaml(value)}`]
  })
  return `\n${tableText(exact, historyLook, listAt(command, 'history'))}${parts.join('')}`
}

const historyLook: Look = {
  name: 'state',
  columns: columnsOf('AT: @at', 'STATE: ~state', 'CAUSE: cause', 'BY: cause_id'),
}
