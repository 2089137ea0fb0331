// What an agent is answered when its host could not take what it said.
import { type OsqueryReply, unknownKey } from '../protocol/osquery/reply.ts'
import type { SightFault } from './sight.ts'

export const busy: OsqueryReply = { kind: 'failed', status: 503, error: 'overloaded, retry' }

/** `node_invalid` is for keys that are certainly not theirs; our own trouble asks for patience. */
export function replyTo({ kind }: SightFault): OsqueryReply {
  if (kind === 'copied-credential' || kind === 'no-such-host') return unknownKey
  if (kind === 'unidentifiable')
    return {
      kind: 'failed',
      status: 400,
      error: 'neither a hardware UUID nor a serial that tells this computer from others',
    }
  if (kind === 'agent-present')
    return {
      kind: 'failed',
      status: 429,
      error:
        'another agent speaks for this computer; a new one is taken when that one has been silent for a while, retry',
    }
  return kind === 'failed' || kind === 'set-apart'
    ? { kind: 'failed', status: 500, error: 'internal error, retry' }
    : busy
}
