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
  if (fault.kind === 'too-large') return `the body is larger than ${fault.bytesMax} bytes`
  if (fault.kind === 'too-many-values') return `the body has more than ${fault.valuesMax} values`
  if (fault.kind === 'bad-member') return `${fault.pointer} ${fault.detail}`
  return sentences[fault.kind]
}

const sentences: Readonly<
  Record<Exclude<OsqueryFault['kind'], 'too-large' | 'too-many-values' | 'bad-member'>, string>
> = {
  'too-many-members': 'an object in the body has too many members',
  'too-deep': 'the body is nested too deeply',
  'not-json': 'the body is not JSON',
  'not-an-object': 'the body is not a JSON object',
  'duplicate-member': 'the body names a member twice',
  'two-node-keys': 'the Authorization header and node_key differ',
}

/** One step of a JSON pointer, escaped and cut short: ids in it come from the sender. */
export const step = (name: string | number): string =>
  `/${String(name).slice(0, 64).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`
