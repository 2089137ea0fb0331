import type { Proven } from '../../intake/credential.ts'
import type { Certificate } from '../../pki/certificate.ts'
import { readMachineInfo } from '../../pki/machine-info.ts'
import { readMachineFields } from '../../protocol/mdm/machine-info.ts'
import { fail, ok, type Result } from '../../result.ts'

export type DeviceFault = {
  readonly kind: 'not-signed' | 'unknown-signer' | 'no-serial'
  readonly detail: string
}

/** Which device a signed MachineInfo comes from, as its maker vouches. */
export function provenBy(
  message: Uint8Array,
  roots: readonly Certificate[],
): Result<Proven, DeviceFault> {
  const read = readMachineInfo(message, roots)
  if (!read.ok)
    return read.error.kind === 'unknown-signer'
      ? fail({ kind: 'unknown-signer', detail: `${read.error.subject} by ${read.error.issuer}` })
      : fail({ kind: 'not-signed', detail: read.error.detail })
  const fields = readMachineFields(read.value.plist)
  if (!fields.ok) return fail({ kind: 'not-signed', detail: fields.error.kind })
  const { SERIAL, UDID } = fields.value
  return SERIAL === undefined || UDID === undefined
    ? fail({ kind: 'no-serial', detail: 'no serial or no UDID' })
    : ok({ serial: SERIAL, udid: UDID })
}
