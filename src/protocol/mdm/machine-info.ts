import { fail, ok, type Result } from '../../result.ts'
import { readBody } from './body.ts'
import { type Fields, type Form, readFields } from './fields.ts'
import type { MessageFault } from './message-fault.ts'

/**
 * What a device says of itself before it is enrolled, under Apple's key names. Without serial and UDID when a
 * person enrols a device of their own.
 *
 * Fails: not a property list of that shape. Source: Apple device-management, `other/machineinfo`.
 */
export function readMachineFields(bytes: Uint8Array): Result<MachineFields, MessageFault> {
  const body = readBody(bytes)
  if (!body.ok) return body
  const fields = readFields(body.value, form)
  if (!fields.ok) return fields
  const { SERIAL, UDID } = fields.value
  return SERIAL === '' || UDID === ''
    ? fail({ kind: 'bad-value', detail: 'an identifier is empty' })
    : ok(fields.value)
}

export type MachineFields = Fields<typeof form>

const form = {
  UDID: 'string',
  SERIAL: 'string',
  PRODUCT: 'string',
  VERSION: 'string',
  OS_VERSION: 'string',
} as const satisfies Form
