// What a host is called: the product's four names for its life, and the word Fleet's users know.
import type { HostSnapshot } from './host.ts'

export type Lifecycle = 'mdm_enrolled' | 'osquery_enrolled' | 'dep_assigned' | 'unenrolled'
export type Status = 'on_personal' | 'on_automatic' | 'on_manual' | 'pending' | 'off'

type Standing = Pick<HostSnapshot, 'value' | 'context'>

/** An erased computer is managed no more; it may come back by enrolling anew. */
const isMdmEnrolled = ({ value }: Standing): boolean =>
  typeof value.mdm === 'object' && 'enrolled' in value.mdm && value.mdm.enrolled !== 'erased'
const isAssigned = ({ value }: Standing): boolean => value.dep === 'assigned'

/** The strongest of what a host is. */
export function lifecycleOf(host: Standing): Lifecycle {
  if (isMdmEnrolled(host)) return 'mdm_enrolled'
  if (host.value.osquery === 'enrolled') return 'osquery_enrolled'
  return isAssigned(host) ? 'dep_assigned' : 'unenrolled'
}

/** How it came under management; null where MDM does not apply, as on Linux and Windows. */
export function statusOf(host: Standing): Status | null {
  if (isMdmEnrolled(host)) {
    const types = Object.values(host.context.channels).map(({ type }) => type)
    if (types.includes('UserEnrollmentDevice')) return 'on_personal'
    return isAssigned(host) ? 'on_automatic' : 'on_manual'
  }
  if (isAssigned(host)) return 'pending'
  return mdmApplies(host) ? 'off' : null
}

/** Platforms that know no Apple MDM. An unknown platform may still turn out to be Apple's. */
const withoutMdm: ReadonlySet<unknown> = new Set(['linux', 'windows', 'freebsd'])

const mdmApplies = ({ context }: Standing): boolean =>
  !withoutMdm.has(context.facts.platform?.value)

/** A state value as the API and the journal write it: `enrolled.ready`. */
export const dotted = (value: string | object): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([state, inner]) => `${state}.${dotted(inner as string | object)}`)
        .join(' ')
