// Who is speaking, in NanoMDM's words.
import type { Enrollment, EnrollmentType } from '../protocol/mdm/enrollment.ts'

export type NanoIds = { readonly id: string; readonly type: string; readonly parent_id?: string }

export const nanoIdsOf = ({
  key,
  type,
  channel,
}: Pick<Enrollment, 'key' | 'type' | 'channel'>): NanoIds => ({
  id: key,
  type: typeNames[type],
  ...(channel === 'user' && { parent_id: key.slice(0, key.indexOf(':')) }),
})

const typeNames: Readonly<Record<EnrollmentType, string>> = {
  Device: 'Device',
  User: 'User',
  SharedIPad: 'Shared iPad',
  UserEnrollmentDevice: 'User Enrollment (Device)',
  UserEnrollment: 'User Enrollment',
}
