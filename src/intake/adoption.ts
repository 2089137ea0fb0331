// Taking over the fleet of another server: its certificates become those of the enrollments they speak for.
import type { Certificate } from '../pki/certificate.ts'
import type { Enrollment } from '../protocol/mdm/enrollment.ts'
import { fail, ok, type Result } from '../result.ts'
import { adoptionRows } from './binding.ts'
import type { CertificateCredential } from './credential.ts'
import { hadCertificate } from './living-certificates.ts'
import { type MdmRefusal, refusalOf } from './mdm-answer.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import { deviceKeysOf } from './mdm-parties.ts'
import { createTurnstile } from './turnstile.ts'

/**
 * Believes whoever speaks first for an enrollment that never had a certificate: one that was revoked made no room for
 * another. That is a guess, and the reason why adoption is off unless an operator names the former authority.
 */
export type Adopt = (
  enrollment: Enrollment,
  certificate: Certificate,
) => Promise<Result<CertificateCredential, MdmRefusal>>

type AdoptionOptions = Pick<MdmMeans, 'hosts' | 'lookups' | 'world' | 'noteRefusal'>

export function createAdoption({ hosts, lookups, world, noteRefusal }: AdoptionOptions): Adopt {
  const inOrder = createTurnstile()

  async function adopt(
    certificate: Certificate,
    { hostId, channel }: { readonly hostId: string; readonly channel: string },
  ): Promise<Result<CertificateCredential, MdmRefusal>> {
    const { fingerprint } = certificate
    if (hadCertificate(lookups, hostId)) {
      noteRefusal({ kind: 'foreign-certificate', fingerprint, hostId })
      return fail('foreign-certificate')
    }
    const cause = byDevice({ channel })
    const adopted = { hostId, at: world.now(), cause }
    const writes = adoptionRows(certificate, adopted)
    const asked = await hosts.ask(hostId, { events: [], cause, writes })
    return asked.ok ? ok(credentialFor(fingerprint, hostId)) : fail(refusalOf(asked.error))
  }

  return async (enrollment, certificate) => {
    const rows = deviceKeysOf(enrollment).flatMap((key) => lookups.enrollment(key) ?? [])
    const hostId = rows[0]?.host_id
    if (hostId === undefined) {
      const { fingerprint } = certificate
      noteRefusal({ kind: 'unknown-enrollment', fingerprint, hostId: null })
      return fail('unknown-enrollment')
    }
    const party = { hostId, channel: enrollment.deviceKey }
    return inOrder([hostId], () => adopt(certificate, party)) ?? fail('overloaded')
  }
}

const credentialFor = (fingerprint: string, hostId: string): CertificateCredential => ({
  kind: 'certificate',
  fingerprint,
  hostId,
  bound: true,
  isRenewal: false,
  proven: null,
})
