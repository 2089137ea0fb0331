// Devices that were not believed, in the journal: each reason once in a while, however often it comes.
import type { JournalRow } from '../../storage/rows.ts'
import type { Lookups, Store } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { CredentialFault } from './credential.ts'
import type { MdmRefusal } from './mdm-answer.ts'
import { survivorOf } from './survivor.ts'
import { commitTold } from './told-commit.ts'

/** `hostId`: the host it concerns, as far as that is known; the certificate's own where there is one. */
export type Refusal = {
  readonly kind: CredentialFault['kind'] | MdmRefusal
  readonly fingerprint: string | null
  readonly hostId: string | null
}

export type NoteRefusal = (refusal: Refusal) => void

type RefusalsOptions = {
  readonly store: Store
  readonly live: Live
  readonly world: World
  /** Hears of every one. */
  readonly count: (kind: Refusal['kind']) => void
}

/** How long the same refusal is not noted again: a device that is refused asks every few minutes. */
const quietMs = 10 * 60_000

/** Different refusals noted within that time. Certificates that nobody issued cost nothing, rows on disk do. */
const notedMax = 200

export function createRefusals({ store, live, world, count }: RefusalsOptions): NoteRefusal {
  const noted = new Map<string, number>()

  /** Oldest first: whatever is past its time goes. */
  function forget(now: number): void {
    for (const [key, at] of noted) {
      if (now - at < quietMs) return
      noted.delete(key)
    }
  }

  return (refusal) => {
    count(refusal.kind)
    const { kind, fingerprint, hostId } = refusal
    const now = world.steady()
    forget(now)
    const key = `${kind} ${hostId ?? ''} ${fingerprint ?? ''}`
    if (noted.has(key) || noted.size >= notedMax) return
    noted.set(key, now)
    // Nobody waits for it: the device is refused whether it can be written or not.
    void commitTold({ store, live }, [
      {
        put: 'journal',
        row: rowOf({ ...refusal, hostId: hostNow(store.lookups, hostId) }, world.now()),
      },
    ])
  }
}

/** Certificates keep the name of the host they were issued for, also once that is part of another. */
function hostNow(lookups: Lookups, hostId: string | null): string | null {
  try {
    return survivorOf(lookups, hostId) ?? hostId
  } catch {
    // A row that cannot be read is no reason to answer the device otherwise.
    return hostId
  }
}

const rowOf = ({ kind, fingerprint, hostId }: Refusal, at: number): JournalRow => ({
  host_id: hostId ?? '',
  at,
  actor: 'host',
  event: 'device.refused',
  from_state: null,
  to_state: null,
  cause: 'device',
  cause_id: fingerprint?.slice(0, 16) ?? null,
  detail: JSON.stringify({ reason: kind, fingerprint }),
})
