// What happened outside of any host's turn, as the journal tells it.
import type { Write } from '../../storage/store.ts'
import type { Cause } from '../runtime/ask.ts'

export type Happening = { readonly event: string; readonly cause: Cause; readonly at: number }

/** A few words on what it was about, never a secret: viewers read the journal, and webhooks are told of it. */
export type Particulars = Readonly<Record<string, string | number | boolean | null>>

/** `hostId`: empty where it is about none. `particulars`: null where there is nothing more to say. */
export const happened = (
  hostId: string,
  { event, cause, at }: Happening,
  particulars: Particulars | null,
): Write => ({
  put: 'journal',
  row: {
    host_id: hostId,
    at,
    actor: 'host',
    event,
    from_state: null,
    to_state: null,
    cause: cause.kind,
    cause_id: cause.id,
    detail: particulars === null ? null : JSON.stringify(particulars),
  },
})
