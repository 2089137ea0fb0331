// Apple's device list, whoever fetched it: each device is a sighting of the highest trust.
import type { DepDevice as KeptDevice, SaidFacts } from '../../machines/host-context.ts'
import type { DepDeviceRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { type Claim, normalise } from '../identity/normalise.ts'
import type { DepDevice } from '../protocol/dep/device.ts'
import type { Ask, AskFault } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import type { Sight, SightFault } from './sight.ts'

export type DepOutcome = {
  readonly serial: string
  /** `unknown`: removed from the list, and no host had it. `failed`: nothing was written, send it again. */
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'removed' | 'unknown' | 'failed'
  readonly hostId: string | null
  readonly detail?: string
  /** It failed because the store could not take it, and later it may. */
  readonly isLater?: boolean
}

export type DepIntake = {
  /** Outcomes in the order given. Each device is durable, or `failed`, before this resolves. */
  see(devices: readonly DepDevice[], cause: Ask['cause']): Promise<readonly DepOutcome[]>
}

type DepIntakeOptions = {
  readonly hosts: Hosts
  readonly lookups: Lookups
  readonly sight: Sight
  readonly world: World
}

/** Devices decided on at once: enough to fill a commit, few enough to leave room for agents. */
const atOnce = 128

export function createDepIntake(options: DepIntakeOptions): DepIntake {
  return {
    async see(devices, cause) {
      const outcomes: DepOutcome[] = []
      for (let start = 0; start < devices.length; start += atOnce) {
        const batch = devices.slice(start, start + atOnce)
        outcomes.push(...(await Promise.all(batch.map((device) => seeOne(options, device, cause)))))
      }
      return outcomes
    },
  }
}

async function seeOne(
  options: DepIntakeOptions,
  device: DepDevice,
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const { claims } = normalise({ serial: device.serial_number })
  const [claim] = claims
  if (claim === undefined)
    return {
      serial: device.serial_number,
      hostId: null,
      outcome: 'failed',
      detail: 'not a serial number that tells one computer from others',
    }
  const serial = claim.value
  const known = options.lookups.depDevice(serial)
  if (known !== undefined && isOldNews(device, known))
    return { serial, hostId: known.host_id, outcome: 'unchanged' }
  if (device.op_type === 'deleted') return remove(options, { serial, known }, cause)
  return assign(options, { device, claims, serial }, cause)
}

/** Syncs overlap and repeat: what Apple said before, or has said already, changes nothing. */
const isOldNews = (device: DepDevice, known: DepDeviceRow): boolean =>
  (known.op_date !== null && device.op_date !== undefined && device.op_date < known.op_date) ||
  (device.op_type !== 'deleted' && JSON.stringify(device.raw) === known.raw)

type Assigned = {
  readonly device: DepDevice
  readonly claims: readonly Claim[]
  readonly serial: string
}

async function assign(
  { sight, world }: DepIntakeOptions,
  { device, claims, serial }: Assigned,
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const at = world.now()
  const seen = await sight({
    sighting: { source: 'dep', trust: 'apple', claims, virtual: false, vouched: false },
    event: ({ identity, quarantined }) => ({
      type: 'dep.assigned',
      at,
      identity,
      quarantined,
      facts: factsOf(device),
      device: kept(device, serial, at),
    }),
    cause,
  })
  if (!seen.ok) return { serial, hostId: null, ...failed(seen.error.kind) }
  const { hostId, created } = seen.value
  return { serial, hostId, outcome: created ? 'created' : 'changed' }
}

async function remove(
  { hosts, world }: DepIntakeOptions,
  gone: { readonly serial: string; readonly known: DepDeviceRow | undefined },
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const { serial, known } = gone
  if (known === undefined) return { serial, hostId: null, outcome: 'unknown' }
  const asked = await hosts.ask(known.host_id, {
    events: [{ type: 'dep.removed', at: world.now(), serial }],
    cause,
  })
  const outcome = asked.ok ? { outcome: 'removed' as const } : failed(asked.error.kind)
  return { serial, hostId: known.host_id, ...outcome }
}

const failed = (
  kind: (AskFault | SightFault)['kind'],
): Pick<DepOutcome, 'outcome' | 'detail' | 'isLater'> => ({
  outcome: 'failed',
  detail: kind,
  isLater: kind === 'unavailable' || kind === 'overloaded',
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
