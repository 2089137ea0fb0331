import type { Result } from '../../result.ts'
import { fail, ok } from '../../result.ts'
import type { OsqueryFault } from './fault.ts'
import { badMember } from './fault.ts'
import type { JsonObject } from './json.ts'
import { member } from './json.ts'

/** Ours are 43 characters; other servers' keys arrive too when agents move here, and are unknown, not malformed. */
const nodeKeyCharsMax = 512

/**
 * The node key of an authenticated message, from `Authorization: NodeKey …`, `node_key`, or both.
 *
 * Agents before 5.23.0 send only the member. Other Authorization schemes belong to proxies and say nothing.
 * Fails when there is no key, when it cannot be one, and when the two differ: then one was copied.
 */
export function readNodeKey(
  body: JsonObject,
  authorization?: string | null,
): Result<string, OsqueryFault> {
  const written = member(body, 'node_key')
  if (written !== undefined && typeof written !== 'string') {
    return fail(badMember('/node_key', 'must be a string'))
  }
  const sent = nodeKeyIn(authorization)
  if (sent !== undefined && written !== undefined && sent !== written) {
    return fail({ kind: 'two-node-keys' })
  }
  return wellFormed(sent ?? written ?? '')
}

function wellFormed(key: string): Result<string, OsqueryFault> {
  if (key === '') return fail(badMember('/node_key', 'is missing'))
  return key.length > nodeKeyCharsMax ? fail(badMember('/node_key', 'is too long')) : ok(key)
}

const nodeKeyIn = (authorization: string | null | undefined): string | undefined =>
  authorization ? schemeNodeKey.exec(authorization)?.groups?.['key'] : undefined

const schemeNodeKey = /^NodeKey +(?<key>\S+) *$/i
