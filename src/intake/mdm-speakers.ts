// Who speaks: the certificate's host, if its body names that very host.
import type { Enrollment } from '../protocol/mdm/enrollment.ts'
import { fail, ok, type Result } from '../result.ts'
import { createAdoption } from './adoption.ts'
import { renewalRows } from './binding.ts'
import type { CertificateCredential, Credential } from './credential.ts'
import { type MdmRefusal, refusalOf } from './mdm-answer.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import { createParties, type KnownCredential, type Party } from './mdm-parties.ts'

/** A party, and the certificate it speaks with; undefined while devices are believed. */
export type Speaker = Party & { readonly fingerprint: string | undefined }

export type Speakers = {
  /** A former server's certificate becomes that of the enrollment it speaks for, if that has none yet. */
  known(
    enrollment: Enrollment,
    credential: Credential,
  ): Promise<Result<KnownCredential, MdmRefusal>>
  /** The sender of any message but Authenticate. */
  of(enrollment: Enrollment, credential: Credential): Promise<Result<Speaker, MdmRefusal>>
}

type SpeakersOptions = Pick<MdmMeans, 'hosts' | 'lookups' | 'world' | 'noteRefusal'>

export function createSpeakers(options: SpeakersOptions): Speakers {
  const { hosts, lookups, world, noteRefusal } = options
  const parties = createParties(options)
  const adopt = createAdoption(options)

  /** Its first message ends the certificate it renews. */
  async function begin(
    party: Party,
    { fingerprint }: CertificateCredential,
  ): Promise<MdmRefusal | undefined> {
    const { hostId, channel } = party
    const bound = { fingerprint, hostId, at: world.now(), cause: byDevice({ channel }) }
    const writes = renewalRows(lookups, bound)
    if (writes === undefined) return 'foreign-certificate'
    const asked = await hosts.ask(hostId, { events: [], cause: bound.cause, writes })
    return asked.ok ? undefined : refusalOf(asked.error)
  }

  const known: Speakers['known'] = async (enrollment, credential) =>
    credential.kind === 'former' ? adopt(enrollment, credential.certificate) : ok(credential)

  return {
    known,
    async of(enrollment, credential) {
      const believed = await known(enrollment, credential)
      if (!believed.ok) return believed
      const who = believed.value
      const party = await parties(enrollment, who)
      if (who.kind === 'none') {
        if (party.ok) return ok({ ...party.value, fingerprint: undefined })
        if (party.error === 'foreign-identifier')
          noteRefusal({ kind: party.error, fingerprint: null, hostId: null })
        return party
      }
      if (!party.ok) {
        noteRefusal({ ...who, kind: party.error })
        return party
      }
      const why = who.isRenewal ? await begin(party.value, who) : undefined
      return why === undefined ? ok({ ...party.value, fingerprint: who.fingerprint }) : fail(why)
    },
  }
}
