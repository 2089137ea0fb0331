// Whom a certificate speaks for. In memory for all that poll, so that a poll reads no row.
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { Credential, CredentialFault, Presented, Proven } from './credential.ts'
import { createKeyIndex } from './key-index.ts'
import { isExpiredUnused, isLiving } from './living-certificates.ts'
import { createSurvivors } from './survivor.ts'

export type DeviceRegistry = (presented: Presented) => Result<Credential, CredentialFault>

type DeviceRegistryOptions = {
  readonly lookups: Lookups
  readonly live: Live
  readonly world: World
  /** Whether another server's authority issued it, whose fleet is being taken over. */
  readonly isFormer: (presented: Presented) => boolean
}

/** What is remembered of a row; the certificate itself is remembered with its verdict. */
type Entry = Omit<CertificateRow, 'der'>

/** The chain was checked before; here is everything that changes: dates, revocation, and whose it is. */
export function createDeviceRegistry(options: DeviceRegistryOptions): DeviceRegistry {
  const { lookups, live, world } = options
  const survivorOf = createSurvivors(lookups, live)
  const entries = createKeyIndex<Entry>({
    live,
    lookUp: (fingerprint) => entryOf(lookups.certificate(fingerprint)),
    changed: (write) =>
      'put' in write && write.put === 'certificate'
        ? [write.row.fingerprint, entryOf(write.row) ?? null]
        : undefined,
  })

  /** Revoking a link is for what was given away by it and is nobody's yet. */
  const isLinkRevoked = (linkId: string | null): boolean =>
    linkId !== null && typeof lookups.enrollmentLink(linkId)?.revoked_at === 'number'

  type End = 'retired' | 'revoked' | 'expired-unused'

  /** Of one that waits for its first Authenticate. */
  const endOfUnused = (entry: Entry): End | undefined => {
    if (isExpiredUnused(entry, world.steady())) return 'expired-unused'
    return isLinkRevoked(entry.link_id) ? 'revoked' : undefined
  }

  function endOf(entry: Entry): End | undefined {
    const { status, renews } = entry
    if (status === 'issued' && renews === null) return endOfUnused(entry)
    const former = status === 'issued' && renews !== null ? entries.get(renews) : undefined
    if (isLiving({ status, renews }, former)) return undefined
    return status === 'revoked' || former?.status === 'revoked' ? 'revoked' : 'retired'
  }

  function credentialOf(entry: Entry): Result<Credential, CredentialFault> {
    const ofHost = entry.host_id ?? entry.vouched_host_id
    const hostId = ofHost === null ? null : survivorOf(ofHost)
    const fault = (kind: CredentialFault['kind']) =>
      fail({ kind, fingerprint: entry.fingerprint, hostId: hostId ?? null })
    const end = endOf(entry)
    if (end !== undefined) return fault(end)
    if (hostId === undefined) return fault('host-gone')
    const isRenewal = entry.status === 'issued' && entry.renews !== null
    return ok({
      kind: 'certificate',
      fingerprint: entry.fingerprint,
      hostId,
      bound: entry.status === 'active' || isRenewal,
      isRenewal,
      proven: provenIn(entry),
    })
  }

  return (presented) => {
    const { fingerprint } = presented.certificate
    const entry = entries.get(fingerprint)
    const kind = untimely(presented, world.now())
    if (kind !== undefined) return fail({ kind, fingerprint, hostId: entry?.host_id ?? null })
    if (entry !== undefined) return credentialOf(entry)
    return options.isFormer(presented)
      ? ok({ kind: 'former', certificate: presented.certificate })
      : fail({ kind: 'unknown-certificate', fingerprint, hostId: null })
  }
}

const entryOf = (row: CertificateRow | undefined): Entry | undefined => {
  if (row === undefined) return undefined
  const { der: _, ...entry } = row
  return entry
}

function untimely(
  { certificate }: Presented,
  now: number,
): 'not-yet-valid' | 'expired' | undefined {
  if (now < certificate.notBeforeMs) return 'not-yet-valid'
  return now > certificate.notAfterMs ? 'expired' : undefined
}

/** The column is ours: JSON of this type, or nothing. */
const provenIn = ({ proven }: Entry): Proven | null =>
  proven === null ? null : (JSON.parse(proven) as Proven)
