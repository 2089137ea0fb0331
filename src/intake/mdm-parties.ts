// Who an MDM message is from: the host, and the channel as that host knows it.
import { normalise } from '../identity/normalise.ts'
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

export type PartyFault =
  | 'unknown-enrollment'
  | 'foreign-certificate'
  | 'unbound-certificate'
  /** Beside its own identifier the body names one of another host. */
  | 'foreign-identifier'

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

  /** A body may name an identifier nobody knows beside the one it is enrolled under, but none of another host. */
  function namesAnother({ udid, enrollmentId }: Enrollment, party: Party): boolean {
    if (udid === undefined || enrollmentId === undefined) return false
    const { claims } = normalise({ udid, enrollmentId })
    const owners = [udid, enrollmentId]
      .map((key) => hostIds.get(key))
      .concat(
        claims.flatMap(({ kind, value }) =>
          lookups
            .claimsOn(kind, value)
            .filter(isActive)
            .map((claim) => claim.host_id),
        ),
      )
    return owners.some((owner) => owner !== undefined && owner !== party.hostId)
  }

  const checked = (enrollment: Enrollment, party: Party): Result<Party, PartyFault> =>
    namesAnother(enrollment, party) ? fail('foreign-identifier') : ok(party)

  return async (enrollment, credential) => {
    const user = enrollment.key.slice(enrollment.deviceKey.length)
    const keys = deviceKeysOf(enrollment)
    if (credential.kind === 'none') {
      const deviceKey = keys.find((key) => hostIds.get(key) !== undefined)
      const hostId = deviceKey && hostIds.get(deviceKey)
      return hostId === undefined
        ? fail('unknown-enrollment')
        : checked(enrollment, { hostId, channel: `${deviceKey}${user}` })
    }
    const { hostId, bound } = credential
    if (hostId === null || !bound) return fail('unbound-certificate')
    for (const deviceKey of keys)
      if (await isEnrolledAs(hostId, deviceKey))
        return checked(enrollment, { hostId, channel: deviceKey + user })
    return fail('foreign-certificate')
  }
}

const isActive = ({ status }: { readonly status: string }): boolean => status === 'active'

export const deviceKeysOf = ({ deviceKey, enrollmentId }: Enrollment): readonly string[] =>
  enrollmentId === undefined || enrollmentId === deviceKey ? [deviceKey] : [deviceKey, enrollmentId]
