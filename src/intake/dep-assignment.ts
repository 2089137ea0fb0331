import type { DepDevice as KeptDevice, Identity, SaidFacts } from '../../machines/host-context.ts'
import type { DepEvent } from '../../machines/host-events.ts'
import type { DepDevice } from '../protocol/dep/device.ts'

type Assignment = Extract<DepEvent, { readonly type: 'dep.assigned' }>

/** What Apple says of a device, as an event of the host that it is. */
export const assignment = (
  device: DepDevice,
  { serial, at }: { readonly serial: string; readonly at: number },
  listed: { readonly identity: Partial<Identity>; readonly quarantined: boolean },
): Assignment => ({
  type: 'dep.assigned',
  at,
  identity: listed.identity,
  quarantined: listed.quarantined,
  facts: factsOf(device),
  device: kept(device, serial, at),
})

const kept = (device: DepDevice, serial: string, at: number): KeptDevice => ({
  serial_number: serial,
  profile_status: device.profile_status ?? null,
  profile_uuid: device.profile_uuid ?? null,
  op_date: device.op_date ?? null,
  since: at,
  raw: device.raw,
})

/** Apple's `os` as the platform the other channels report. */
const platforms: Readonly<Record<string, string>> = {
  OSX: 'darwin',
  iOS: 'ios',
  iPadOS: 'ipados',
  tvOS: 'tvos',
  visionOS: 'visionos',
}

function factsOf({ model, device_family, color, asset_tag, os }: DepDevice): SaidFacts {
  const platform = os === undefined ? undefined : platforms[os]
  return {
    ...(model && { model }),
    ...(device_family && { device_family }),
    ...(color && { color }),
    ...(asset_tag && { asset_tag }),
    ...(platform && { platform }),
  }
}
