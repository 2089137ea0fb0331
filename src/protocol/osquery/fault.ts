import { unreachable } from '../../result.ts'
import type { JsonFault } from './json.ts'

/** Why a message was not understood. All of them are the sender's to fix. */
export type OsqueryFault =
  | JsonFault
  /** A known member has a type or size it cannot have. `pointer` is a JSON pointer into the body. */
  | { readonly kind: 'bad-member'; readonly pointer: string; readonly detail: string }
  /** Header and body name two different node keys. */
  | { readonly kind: 'two-node-keys' }

export const badMember = (pointer: string, detail: string): OsqueryFault => ({
  kind: 'bad-member',
  pointer,
  detail,
})

/** One sentence for the reply's `error` member. It never repeats what was sent. */
export function faultText(fault: OsqueryFault): string {
  switch (fault.kind) {
    case 'too-large':
      return `the body is larger than ${fault.bytesMax} bytes`
    case 'too-many-values':
      return `the body has more than ${fault.valuesMax} values`
    case 'too-deep':
      return 'the body is nested too deeply'
    case 'not-utf8':
      return 'the body is not UTF-8'
    case 'not-json':
      return 'the body is not JSON'
    case 'not-an-object':
      return 'the body is not a JSON object'
    case 'duplicate-member':
      return 'the body names a member twice'
    case 'bad-member':
      return `${fault.pointer} ${fault.detail}`
    case 'two-node-keys':
      return 'the Authorization header and node_key differ'
    default:
      return unreachable(fault)
  }
}

/** One step of a JSON pointer, escaped and cut short: ids in it come from the sender. */
export const step = (name: string | number): string =>
  `/${String(name).slice(0, 64).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`
