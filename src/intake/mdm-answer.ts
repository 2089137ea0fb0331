import type { Dict } from '../protocol/plist/value.ts'
import type { AskFault } from '../runtime/ask.ts'
import type { SightFault } from './sight.ts'

/** What an MDM client gets. How that looks on the wire is the route's business. */
export type MdmAnswer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'command'; readonly bytes: Uint8Array }
  | { readonly kind: 'plist'; readonly value: Dict }
  | { readonly kind: 'json'; readonly value: unknown }
  /** JSON as another server wrote it. */
  | { readonly kind: 'json-bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly why: MdmRefusal }

export type MdmRefusal =
  | 'unknown-enrollment'
  /** Its certificate is not that of the host its body names. */
  | 'foreign-certificate'
  /** Beside its own identifier the body names one of another host. */
  | 'foreign-identifier'
  /** Nobody enrolled with it yet: it may say nothing but Authenticate. */
  | 'unbound-certificate'
  | 'copied-credential'
  | 'unidentifiable'
  /** Known, but not in a state that takes this message: after CheckOut only Authenticate does. */
  | 'not-enrolled'
  /** This user is not managed for this login session. */
  | 'user-declined'
  | 'no-such-declaration'
  | 'unknown-endpoint'
  | 'unknown-token-service'
  /** Ours to mend, theirs to retry. */
  | 'overloaded'
  | 'unavailable'
  | 'damaged'
  | 'failed'

export const nothing: MdmAnswer = { kind: 'nothing' }

export const refused = (why: MdmRefusal): MdmAnswer => ({ kind: 'refused', why })

/** A host that could not be asked, in the words of its device. */
export const refusalOf = ({ kind }: AskFault | SightFault): MdmRefusal => refusals[kind]

const refusals: Readonly<Record<(AskFault | SightFault)['kind'], MdmRefusal>> = {
  unidentifiable: 'unidentifiable',
  'copied-credential': 'copied-credential',
  // No agent speaks over MDM.
  'agent-present': 'failed',
  'no-such-host': 'unknown-enrollment',
  merged: 'unavailable',
  conflict: 'unavailable',
  'claim-taken': 'unavailable',
  overloaded: 'overloaded',
  unavailable: 'unavailable',
  failed: 'failed',
  // Kept, but not done: who wants to enrol must not take it for a yes.
  'set-apart': 'failed',
  damaged: 'damaged',
}
