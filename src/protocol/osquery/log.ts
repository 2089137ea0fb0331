import type { Result } from '../../result.ts'
import { fail, ok } from '../../result.ts'
import type { OsqueryFault } from './fault.ts'
import { badMember, step } from './fault.ts'
import type { JsonObject } from './json.ts'
import { isArray, isObject, member } from './json.ts'
import { logLinesMax } from './limits.ts'

export type LogKind = 'result' | 'status' | 'other'

/** A batch as the agent buffered it. Lines keep every member they came with. */
export type LogBatch = { readonly kind: LogKind; readonly lines: readonly JsonObject[] }

/**
 * Reads a log batch: event, snapshot and `diffResults` lines alike, since none is looked into here.
 *
 * An unknown `log_type` is kept as `other`: refusing it would make the agent send it for ever.
 * Fails when `data` is not an array of objects, or has more than 65,536 lines.
 */
export function readLog(body: JsonObject): Result<LogBatch, OsqueryFault> {
  const type = member(body, 'log_type') ?? 'other'
  if (typeof type !== 'string') return fail(badMember('/log_type', 'must be a string'))
  const data = member(body, 'data') ?? []
  if (!isArray(data)) return fail(badMember('/data', 'must be an array'))
  if (data.length > logLinesMax) {
    return fail(badMember('/data', `has more than ${logLinesMax} lines`))
  }
  const lines: JsonObject[] = []
  for (const [index, line] of data.entries()) {
    if (!isObject(line)) return fail(badMember(`/data${step(index)}`, 'must be an object'))
    lines.push(line)
  }
  return ok({ kind: type === 'result' || type === 'status' ? type : 'other', lines })
}
