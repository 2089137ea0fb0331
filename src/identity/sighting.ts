import type { Trust } from '../../storage/rows.ts'
import type { Claim } from './normalise.ts'

/**
 * Another agent speaks for the host. `present`: the newcomer may be its successor, which has to wait. `clone`: both
 * speak, so they run on two computers.
 */
export type Rivalry = 'present' | 'clone'

/** One channel telling us of a computer, as far as identity is concerned. */
export type Sighting = {
  readonly source: 'dep' | 'mdm' | 'osquery'
  /** How far its claims are believed. MDM without device authentication is `agent`. */
  readonly trust: Trust
  /** As `normalise` gives them: at most one of each kind. */
  readonly claims: readonly Claim[]
  /** A virtual machine's serial proves nothing about its board. */
  readonly virtual: boolean
  /** The host that the presented node key or certificate is bound to, or was minted for. */
  readonly credential?: { readonly hostId: string }
  /** The certificate is new and its challenge was minted for the host of the credential: believed of its new board. */
  readonly vouched: boolean
  /** Presents a certificate that is bound to no host yet, and was minted for none. */
  readonly newCertificate?: boolean
  /** Of a new agent: hosts, by id, that it may not join, since another agent speaks for them. */
  readonly rivals?: ReadonlyMap<string, Rivalry>
}
