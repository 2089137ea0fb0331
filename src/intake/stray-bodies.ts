// Bodies of reports that belong to no command, as they came: kept sealed for people to look at.
import type { Write } from '../../storage/store.ts'
import type { Result } from '../result.ts'
import { digestOf, type Sealing } from '../secrets/sealing.ts'

/** Kept per host; later ones replace earlier. */
const bodiesMax = 16

/** The write that keeps the body; the same body has the same place. */
export async function keptStray(
  { sealing }: { readonly sealing: Pick<Sealing, 'seal'> },
  hostId: string,
  bytes: Uint8Array,
): Promise<Result<Write, 'unavailable'>> {
  const slot = Number.parseInt(digestOf(bytes).slice(0, 8), 16) % bodiesMax
  return sealing.seal({ ref: `stray/${hostId}/${slot}`, hostId, kind: 'stray_report', bytes })
}
