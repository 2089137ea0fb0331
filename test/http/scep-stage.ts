// A server with links, challenges and certificates in every condition a SCEP client may meet.
import { hashToken } from '../../src/secrets/tokens.ts'
import type { CertificateRow, CertificateStatus } from '../../storage/certificate-rows.ts'
import type { KeyPair } from '../../src/pki/certificate-issue.ts'
import { type Certificate } from '../../src/pki/certificate.ts'
import type { ScepReply } from '../../src/pki/scep-client.ts'
import { askScep, certificateOf, keyPair, scepWish } from './scep-peer.ts'
import type { HttpWorld, Json } from './world.ts'

export type Stage = {
  /** A fresh enrolment link; gives its address's secret and id. */
  link(wish?: Json): Promise<{ readonly id: string; readonly secret: string }>
  /** A challenge out of a profile downloaded by a fresh link. */
  challenge(wish?: Json): Promise<string>
  /** A certificate that was issued, and the key it is for. */
  issued(challenge?: string): Promise<Issued>
  /** The same, made the certificate of a host, in a condition. */
  standing(
    host: string,
    status: CertificateStatus,
    change?: Partial<CertificateRow>,
  ): Promise<Issued>
  /** Certificates there are on a challenge. */
  countOn(challenge: string): number
  row(certificate: Certificate): CertificateRow
}

export type Issued = { readonly certificate: Certificate; readonly key: KeyPair['privateKey'] }

export function stageOf(world: HttpWorld, authority: Certificate): Stage {
  const { store } = world.server.keep
  const spare = keyPair()

  const link: Stage['link'] = async (wish = {}) => {
    const made = await world.api('/enrollment-links', {
      method: 'POST',
      body: { name: 'a link', ...wish },
    })
    if (made.status !== 201) throw new Error(made.text)
    const { id, url } = made.json()
    return { id: String(id), secret: new URL(String(url)).pathname.split('/').at(-1) ?? '' }
  }
  const challenge: Stage['challenge'] = async (wish) => {
    const { secret } = await link(wish)
    return challengeIn((await world.ask(`/enroll/${secret}`)).text)
  }
  const row: Stage['row'] = ({ fingerprint }) => {
    const found = store.lookups.certificate(fingerprint)
    if (found === undefined) throw new Error('issued and not recorded')
    return found
  }
  const issued: Stage['issued'] = async (given) => {
    const wish = scepWish({ pair: spare, challenge: given ?? (await challenge()), authority })
    return { certificate: onlyOf(await askScep(world, wish)), key: spare.privateKey }
  }
  return {
    link,
    challenge,
    row,
    issued,
    async standing(host, status, change = {}) {
      const made = await issued()
      const kept = await store.commit([
        {
          put: 'certificate',
          row: { ...row(made.certificate), status, host_id: host, bound_at: Date.now(), ...change },
        },
      ])
      if (!kept.ok) throw new Error(kept.error.kind)
      return made
    },
    countOn(given) {
      const spent = store.lookups.challenge(hashToken(given))
      return spent?.fingerprint == null ? 0 : 1
    },
  }
}

export const challengeIn = (profile: string): string => {
  const found = /<key>Challenge<\/key>\s*<string>(?<text>[^<]+)</.exec(profile)?.groups?.['text']
  if (found === undefined) throw new Error(`no challenge in: ${profile.slice(0, 200)}`)
  return found
}

export function onlyOf(reply: ScepReply): Certificate {
  const [certificate] = reply.status === 'success' ? reply.certificates : []
  if (certificate === undefined) throw new Error(JSON.stringify(reply))
  return certificateOf(certificate.der)
}
