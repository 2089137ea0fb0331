import type { Result } from '../../result.ts'
import { fail, ok } from '../../result.ts'
import type { OsqueryFault } from './fault.ts'
import { badMember, step } from './fault.ts'
import type { Json, JsonObject } from './json.ts'
import { isArray, isObject, member } from './json.ts'
import { answersMax } from './limits.ts'
import { shownTextOf } from './text.ts'

/** What a host answered to one query of a read. */
export type Answer = {
  /** The id we gave the query; anything at all when the agent invents one. */
  readonly id: string
  readonly rows: readonly JsonObject[]
  /** 0 is success, everything else an SQLite-like error code. */
  readonly status: number
  readonly message?: string
  readonly stats?: AnswerStats
}

/** What the query cost the host. */
export type AnswerStats = {
  readonly wall_time_ms?: number
  readonly user_time?: number
  readonly system_time?: number
  readonly memory?: number
}

/** The answers of a distributed write, and what of it could not be read. */
export type Write = {
  readonly answers: readonly Answer[]
  readonly faults: readonly OsqueryFault[]
}

/**
 * Reads the answers of a distributed write. They may come twice and for queries never asked.
 *
 * Tolerates `""` for no rows and statuses as text, as older agents write them, and an answer that has only a
 * status. An answer that cannot be read is left out and costs no other; so are those beyond 1,024. Never refuses:
 * the agent would send the same write again.
 */
export function readWrite(body: JsonObject): Write {
  const parts = { queries: {}, statuses: {}, messages: {}, stats: {} } as Parts
  const faults: OsqueryFault[] = []
  for (const name of partNames) {
    const part = member(body, name) ?? {}
    if (isObject(part)) parts[name] = part
    else faults.push(badMember(`/${name}`, 'must be an object'))
  }
  const ids = [...new Set([...Object.keys(parts.queries), ...Object.keys(parts.statuses)])]
  if (ids.length > answersMax)
    faults.push(badMember('/queries', `has more than ${answersMax} answers`))
  const answers: Answer[] = []
  for (const id of ids.slice(0, answersMax)) {
    const answer = readAnswer(id, parts)
    if (answer.ok) answers.push(answer.value)
    else faults.push(answer.error)
  }
  return { answers, faults }
}

const partNames = ['queries', 'statuses', 'messages', 'stats'] as const
type Parts = Record<(typeof partNames)[number], JsonObject>

function readAnswer(id: string, parts: Parts): Result<Answer, OsqueryFault> {
  const rows = readRows(member(parts.queries, id))
  if (rows === undefined) {
    return fail(badMember(`/queries${step(id)}`, 'must be an array of objects'))
  }
  const status = readStatus(member(parts.statuses, id))
  if (status === undefined) return fail(badMember(`/statuses${step(id)}`, 'must be an integer'))
  const message = shownTextOf(parts.messages, id)
  const stats = member(parts.stats, id)
  return ok({
    id,
    rows,
    status,
    ...(message !== undefined && { message }),
    ...(isObject(stats) && { stats: readStats(stats) }),
  })
}

function readRows(value: Json | undefined): readonly JsonObject[] | undefined {
  if (value === undefined || value === null || value === '') return []
  return isArray(value) && value.every(isObject) ? value : undefined
}

function readStatus(value: Json | undefined): number | undefined {
  if (value === undefined || value === null || value === '') return 0
  const status = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && Number.isSafeInteger(status) ? status : undefined
}

const statNames = ['wall_time_ms', 'user_time', 'system_time', 'memory'] as const

function readStats(row: JsonObject): AnswerStats {
  const stats: { [Name in (typeof statNames)[number]]?: number } = {}
  for (const name of statNames) {
    const value = member(row, name)
    const amount = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (typeof amount === 'number' && Number.isFinite(amount) && amount >= 0) stats[name] = amount
  }
  return stats
}
