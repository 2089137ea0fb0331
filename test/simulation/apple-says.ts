// What Apple's push service makes of a push: it takes most, and gives some addresses up.
import type { HostEvent } from '../../machines/host-events.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { OutboxRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'

export function appleSays(
  lookups: Lookups,
  { host_id, payload }: OutboxRow,
  { at, apnsId }: { readonly at: number; readonly apnsId: string },
): HostEvent {
  const { channel } = JSON.parse(payload) as { readonly channel: string }
  if (!apnsId.startsWith('0')) return { type: 'apns.pushed', at, channel, apnsId }
  const actor = lookups.hostActor(host_id)
  // A stored snapshot has the context and the value of a live one.
  const { context } = JSON.parse(actor?.snapshot ?? '{}') as Partial<HostSnapshot>
  return {
    type: 'apns.refused',
    at,
    channel,
    reason: 'Unregistered',
    status: 410,
    fault: 'address',
    addressAt: context?.channels[channel]?.addressAt ?? null,
    certificateAt: 1,
    deadSince: null,
  }
}
