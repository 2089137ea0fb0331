import type { Json, JsonObject } from '../protocol/osquery/json.ts'
import { isObject, readJson } from '../protocol/osquery/json.ts'
import type { Finding } from './rules.ts'
import type { Answer } from './wire.ts'

/** What an agent may expect of the answer to one message. */
export type AgentExpectation =
  | 'accepted'
  /** Its key or identity is contested, so the server may send it to enrol anew. */
  | 'contested'
  /** Malformed, or with a secret or key that is wrong: `error` must say so. */
  | 'refused'

/** What the agent understands, whatever the status says. */
export type AgentHeard =
  | { readonly kind: 'success'; readonly reply: JsonObject }
  | { readonly kind: 'failure' }
  | { readonly kind: 'node-invalid' }

export type AgentJudgement = { readonly heard: AgentHeard; readonly findings: readonly Finding[] }

/** Agents stop reading at 8 MiB and nest no deeper than a configuration does. */
const limits = { bytesMax: 8 * 1024 * 1024, valuesMax: 1_000_000 }

/** Reads an answer as osquery does, and says what is wrong with it. Source: osquery, `remote/utility.h`. */
export function judgeAgent(answer: Answer, expectation: AgentExpectation): AgentJudgement {
  const { status, body } = answer
  const detail = `answered ${status} with ${body.length} bytes`
  if (body.length === 0) return failed({ rule: 'osquery-empty', detail })
  const read = readJson(body, limits)
  if (!read.ok || !/^application\/json\b/i.test(answer.headers['content-type'] ?? '')) {
    return failed({ rule: 'osquery-not-json', detail })
  }
  const heard = hear(read.value)
  return { heard, findings: judgeReply(answer, read.value, { heard, expectation }) }
}

const failed = (finding: Finding): AgentJudgement => ({
  heard: { kind: 'failure' },
  findings: [finding],
})

function hear(reply: JsonObject): AgentHeard {
  if (reply['node_invalid'] === true) return { kind: 'node-invalid' }
  return saysError(reply['error']) ? { kind: 'failure' } : { kind: 'success', reply }
}

const saysError = (error: Json | undefined): boolean => typeof error === 'string' && error !== ''

type Hearing = { readonly heard: AgentHeard; readonly expectation: AgentExpectation }

function judgeReply(
  { status }: Answer,
  reply: JsonObject,
  { heard, expectation }: Hearing,
): readonly Finding[] {
  const detail = `answered ${status} ${JSON.stringify(reply).slice(0, 200)}`
  const invalid = reply['node_invalid']
  if (invalid !== undefined && typeof invalid !== 'boolean') {
    return [{ rule: 'osquery-node-invalid-type', detail }]
  }
  if (status >= 400 && !saysError(reply['error'])) {
    return [{ rule: 'osquery-silent-failure', detail }]
  }
  // A server may make anyone wait, for its load or for another agent, with a failure the agent understands.
  if ((status === 503 || status === 429) && heard.kind === 'failure') return []
  if (status >= 500) return [{ rule: 'osquery-fault', detail }]
  return judgeOutcome(heard, expectation, detail)
}

function judgeOutcome(
  heard: AgentHeard,
  expectation: AgentExpectation,
  detail: string,
): readonly Finding[] {
  switch (expectation) {
    case 'accepted':
      if (heard.kind === 'node-invalid') return [{ rule: 'osquery-node-invalid', detail }]
      return heard.kind === 'failure' ? [{ rule: 'osquery-refused', detail }] : []
    case 'contested':
      return []
    case 'refused':
      return heard.kind === 'success' ? [{ rule: 'osquery-took-malformed', detail }] : []
    default:
      return expectation satisfies never
  }
}

/** A member of an object inside an answer; an empty object when it is not there. */
export const objectIn = (reply: JsonObject, name: string): JsonObject => {
  const value = reply[name]
  return isObject(value) ? value : {}
}
