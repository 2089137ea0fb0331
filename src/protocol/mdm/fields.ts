import { fail, ok, type Result } from '../../result.ts'
import { type Dict, isBytes, isDict, type PlistValue } from '../plist/value.ts'
import type { MessageFault } from './message-fault.ts'

/** A key's type on the wire; `!` marks one that must be there. */
export type FieldForm = Wire | `${Wire}!`
type Wire = 'string' | 'boolean' | 'data' | 'dict'

export type Form = { readonly [key: string]: FieldForm }

type Value<Kind> = Kind extends 'string' | 'string!'
  ? string
  : Kind extends 'boolean' | 'boolean!'
    ? boolean
    : Kind extends 'data' | 'data!'
      ? Uint8Array
      : Dict

/** The values a form promises, under Apple's key names. */
export type Fields<F extends Form> = {
  readonly [Key in keyof F as F[Key] extends `${string}!` ? Key : never]: Value<F[Key]>
} & {
  readonly [Key in keyof F as F[Key] extends `${string}!` ? never : Key]?: Value<F[Key]>
}

/** Takes the keys of a form out of a message. Unknown keys are nobody's business here. */
export function readFields<F extends Form>(dict: Dict, form: F): Result<Fields<F>, MessageFault> {
  const fields: { [key: string]: PlistValue } = {}
  for (const [key, kind] of Object.entries(form)) {
    const value = dict[key]
    const required = kind.endsWith('!')
    if (value === undefined) {
      if (required) return fail({ kind: 'missing-key', detail: `${key} is missing` })
      continue
    }
    if (!isOf(value, kind))
      return fail({ kind: 'wrong-type', detail: `${key} is no ${wire(kind)}` })
    const detail = complaint(key, value, required)
    if (detail !== undefined) return fail({ kind: 'bad-value', detail })
    fields[key] = value
  }
  // Every key of the form was checked against its own type above.
  return ok(fields as Fields<F>)
}

function isOf(value: PlistValue, kind: FieldForm): boolean {
  switch (wire(kind)) {
    case 'data':
      return isBytes(value)
    case 'dict':
      return isDict(value)
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
  }
}

function complaint(key: string, value: PlistValue, required: boolean): string | undefined {
  if (typeof value === 'string' && value.length > fieldCharsMax) {
    return `${key} is longer than ${fieldCharsMax}`
  }
  const empty = value === '' || (isBytes(value) && value.length === 0)
  return required && empty ? `${key} is empty` : undefined
}

const wire = (kind: FieldForm): Wire => kind.replace('!', '') as Wire

/** Names, topics, versions, digests: the longest is an HTTP digest of a few hundred characters. */
const fieldCharsMax = 4096
