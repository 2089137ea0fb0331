// What identity did, for the journal: a host's regions may well stay as they are when it is merged or set apart.
import type { Ask } from '../runtime/ask.ts'
import type { Write } from '../../storage/store.ts'
import { happened } from './happening.ts'

export type IdentityNote = {
  readonly hostId: string
  readonly event:
    | 'identity.merged'
    | 'identity.merged_into'
    | 'identity.split'
    | 'identity.quarantined'
    | 'identity.released'
  /** The other host concerned, where there is one. */
  readonly other?: string
}

export const journalled = (
  { hostId, event, other }: IdentityNote,
  cause: Ask['cause'],
  at: number,
): Write => happened(hostId, { event, cause, at }, other === undefined ? null : { host: other })
