import type { Finding } from './rules.ts'
import type { Answer } from './wire.ts'

/** What a device may expect of the answer to one message. */
export type MdmExpectation =
  /** A well-formed message. `also` names further statuses that are an answer, such as 410. */
  | { readonly kind: 'accepted'; readonly also?: readonly number[] }
  /** The identity is contested, so the server may refuse, but not unenrol. */
  | { readonly kind: 'contested' }
  | { readonly kind: 'malformed' }

/**
 * What is wrong with the answer to a device, by its status and headers alone.
 *
 * 503 is never wrong: a full server says so. Source: Apple, "Sending MDM commands to a device".
 */
export function judgeMdm(answer: Answer, expectation: MdmExpectation): readonly Finding[] {
  const { status, headers } = answer
  if (status === 401) return [{ rule: 'mdm-401', detail: 'answered 401' }]
  if (status === 204) return [{ rule: 'mdm-204', detail: 'answered 204' }]
  if (status === 503) return []
  if (status >= 500) return [{ rule: 'mdm-fault', detail: `answered ${status}` }]
  const findings = [...judgeStatus(status, expectation)]
  if (status === 200 && !/^\d+$/.test(headers['content-length'] ?? '')) {
    findings.push({
      rule: 'mdm-content-length',
      detail: `200 with ${answer.body.length} bytes and ${headers['transfer-encoding'] ?? 'no'} transfer encoding`,
    })
  }
  return findings
}

function judgeStatus(status: number, expectation: MdmExpectation): readonly Finding[] {
  const detail = `answered ${status}`
  switch (expectation.kind) {
    case 'accepted': {
      const accepted = [200, ...(expectation.also ?? [])]
      return accepted.includes(status) ? [] : [{ rule: 'mdm-refused', detail }]
    }
    case 'contested': {
      const refused = status >= 400 && status < 500
      return status === 200 || refused ? [] : [{ rule: 'mdm-refused', detail }]
    }
    case 'malformed':
      return status === 400 ? [] : [{ rule: 'mdm-took-malformed', detail }]
    default:
      return expectation satisfies never
  }
}
