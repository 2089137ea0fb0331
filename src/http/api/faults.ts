// Faults of the rooms below, in the words of the API.
import type { CommitFault } from '../../../storage/store.ts'
import type { Queried, QueryFault } from '../../../storage/queries.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { AskFault } from '../../runtime/ask.ts'
import type { Problem } from '../problem.ts'

const notNow: Problem = { kind: 'unavailable' }

const bug =
  'Muster failed at a host: a bug of ours. Nothing was changed, and the log names the host.'

export function askProblem(fault: AskFault | CommitFault): Problem {
  switch (fault.kind) {
    case 'no-such-host':
      return { kind: 'not-found', detail: 'No such host.' }
    case 'merged':
      return {
        kind: 'conflict',
        detail: 'The host was merged into another one.',
        more: { survivor: fault.into },
      }
    case 'conflict':
    case 'claim-taken':
      return { kind: 'conflict', detail: 'The host changed meanwhile; look again.' }
    case 'overloaded':
    case 'unavailable':
      return notNow
    case 'damaged':
      return { kind: 'damaged' }
    case 'failed':
    case 'set-apart':
      return { kind: 'internal', detail: bug }
    default:
      return fault satisfies never
  }
}

const queryProblem = ({ kind }: QueryFault): Problem => (kind === 'damaged' ? { kind } : notNow)

/** What a query answered, or the problem with it. */
export const answered = <Answer>(queried: Queried<Answer>): Result<Answer, Problem> =>
  queried.ok ? ok(queried.value) : fail(queryProblem(queried.error))

const askKinds: Readonly<Record<AskFault['kind'], true>> = {
  'no-such-host': true,
  merged: true,
  conflict: true,
  'claim-taken': true,
  overloaded: true,
  unavailable: true,
  damaged: true,
  failed: true,
  'set-apart': true,
}

/** Tells what any host may answer apart from what this act alone can. */
export const isAskFault = (fault: { readonly kind: string }): fault is AskFault =>
  Object.hasOwn(askKinds, fault.kind)
