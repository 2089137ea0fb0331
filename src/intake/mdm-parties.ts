// Who an MDM message is from: the host, and the channel as that host knows it.
import type { Lookups } from '../../storage/store.ts'
import type { Enrollment } from '../protocol/mdm/enrollment.ts'
import type { Live } from '../runtime/live.ts'
import type { Credential } from './credential.ts'
import { createKeyIndex } from './key-index.ts'

export type Party = {
  readonly hostId: string
  /** Enrollment key: the device's, or the device's and the user's. */
  readonly channel: string
}

/**
 * Finds the host of every message but Authenticate: by the enrollment key it names, wire form.
 *
 * A macOS CheckOut under User Enrolment may name a UDID beside its EnrollmentID, so either is tried.
 * Undefined when no host has such an enrollment, or when the certificate belongs to another host.
 */
export type Parties = (enrollment: Enrollment, credential: Credential) => Party | undefined

export function createParties(lookups: Lookups, live: Live): Parties {
  const hostIds = createKeyIndex<string>({
    live,
    lookUp: (key) => lookups.enrollment(key)?.host_id,
    changed(write) {
      if ('put' in write && write.put === 'enrollment') return [write.row.key, write.row.host_id]
      if ('drop' in write && write.drop === 'enrollment') return [write.key, null]
      return undefined
    },
  })
  return (enrollment, credential) => {
    for (const deviceKey of deviceKeysOf(enrollment)) {
      const hostId = hostIds.get(deviceKey)
      if (hostId === undefined) continue
      if (credential.kind === 'certificate' && credential.hostId !== hostId) return undefined
      const user = enrollment.key.slice(enrollment.deviceKey.length)
      return { hostId, channel: deviceKey + user }
    }
    return undefined
  }
}

const deviceKeysOf = ({ deviceKey, enrollmentId }: Enrollment): readonly string[] =>
  enrollmentId === undefined || enrollmentId === deviceKey ? [deviceKey] : [deviceKey, enrollmentId]
