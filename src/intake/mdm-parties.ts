// Who an MDM message is from: the host, and the channel as that host knows it.
import type { Enrollment } from '../protocol/mdm/enrollment.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Credential } from './credential.ts'
import { createKeyIndex } from './key-index.ts'
import type { MdmMeans } from './mdm-means.ts'

export type Party = {
  readonly hostId: string
  /** Enrollment key: the device's, or the device's and the user's. */
  readonly channel: string
}

/** What may be known of a sender once certificates of former servers are dealt with. */
export type KnownCredential = Exclude<Credential, { readonly kind: 'former' }>

/**
 * Finds the host of every message but Authenticate: of a certificate it is the one it is bound to, and the body must
 * name an enrollment of that host; without one it is the host of the enrollment key, wire form.
 *
 * A macOS CheckOut under User Enrolment may name a UDID beside its EnrollmentID, so either is tried.
 */
export type Parties = (
  enrollment: Enrollment,
  credential: KnownCredential,
) => Promise<Result<Party, PartyFault>>

export type PartyFault = 'unknown-enrollment' | 'foreign-certificate' | 'unbound-certificate'

export function createParties({ lookups, hosts }: Pick<MdmMeans, 'lookups' | 'hosts'>): Parties {
  const hostIds = createKeyIndex<string>({
    live: hosts.live,
    lookUp: (key) => lookups.enrollment(key)?.host_id,
    changed(write) {
      if ('put' in write && write.put === 'enrollment') return [write.row.key, write.row.host_id]
      if ('drop' in write && write.drop === 'enrollment') return [write.key, null]
      return undefined
    },
  })

  /** Two hosts may be enrolled under one key, of which the row names one: the other's actor knows it too. */
  async function isEnrolledAs(hostId: string, deviceKey: string): Promise<boolean> {
    if (hostIds.get(deviceKey) === hostId) return true
    const looked = await hosts.look(hostId)
    return looked.ok && Object.hasOwn(looked.value.snapshot.context.channels, deviceKey)
  }

  return async (enrollment, credential) => {
    const user = enrollment.key.slice(enrollment.deviceKey.length)
    const keys = deviceKeysOf(enrollment)
    if (credential.kind === 'none') {
      const deviceKey = keys.find((key) => hostIds.get(key) !== undefined)
      const hostId = deviceKey && hostIds.get(deviceKey)
      return hostId === undefined
        ? fail('unknown-enrollment')
        : ok({ hostId, channel: `${deviceKey}${user}` })
    }
    const { hostId, bound } = credential
    if (hostId === null || !bound) return fail('unbound-certificate')
    for (const deviceKey of keys)
      if (await isEnrolledAs(hostId, deviceKey)) return ok({ hostId, channel: deviceKey + user })
    return fail('foreign-certificate')
  }
}

export const deviceKeysOf = ({ deviceKey, enrollmentId }: Enrollment): readonly string[] =>
  enrollmentId === undefined || enrollmentId === deviceKey ? [deviceKey] : [deviceKey, enrollmentId]
