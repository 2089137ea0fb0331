// Apple's device list, whoever fetched it: each device is a sighting of the highest trust.
import { isDamage } from '../damage.ts'
import type { DepDeviceRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { type Claim, normalise } from '../identity/normalise.ts'
import { type DepDevice, overKnown } from '../protocol/dep/device.ts'
import { fail, ok } from '../result.ts'
import type { Ask, AskFault } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import { assignment } from './dep-assignment.ts'
import type { Sight, SightFault } from './sight.ts'

export type DepOutcome = {
  readonly serial: string
  /** `unknown`: removed from the list or not in it, and no host had it. `failed`: nothing was written, send it again. */
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

/** Devices decided on at once: enough to fill a commit, few enough to keep agents waiting for some 20 ms only. */
const atOnce = 32

export function createDepIntake(options: DepIntakeOptions): DepIntake {
  return {
    async see(devices, cause) {
      const outcomes: DepOutcome[] = []
      for (let start = 0; start < devices.length; start += atOnce) {
        const batch = devices.slice(start, start + atOnce)
        outcomes.push(
          ...(await Promise.all(batch.map((device) => seeWhole(options, device, cause)))),
        )
      }
      return outcomes
    },
  }
}

/** A damaged row of one device keeps the others of the list from nothing. */
async function seeWhole(
  options: DepIntakeOptions,
  device: DepDevice,
  cause: Ask['cause'],
): Promise<DepOutcome> {
  try {
    return await seeOne(options, device, cause)
  } catch (error) {
    if (!isDamage(error)) throw error
    return { serial: device.serial_number, hostId: null, ...failed('damaged') }
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
  const { response_status: status = 'SUCCESS' } = device
  if (status !== 'SUCCESS') return notOurs({ serial, status, known })
  const whole = overKnown(device, known && rawOf(known))
  if (known !== undefined && isOldNews(whole, known))
    return { serial, hostId: known.host_id, outcome: 'unchanged' }
  if (device.op_type === 'deleted') return remove(options, { serial, known }, cause)
  return assign(options, { device: whole, claims, serial, known }, cause)
}

/** Apple names a serial number that it was asked for, and that is not in our list: a host is made or ended by the list alone. */
const notOurs = (asked: {
  readonly serial: string
  readonly status: string
  readonly known: DepDeviceRow | undefined
}): DepOutcome => ({
  serial: asked.serial,
  hostId: asked.known?.host_id ?? null,
  outcome: asked.known === undefined ? 'unknown' : 'unchanged',
  detail: `Apple answered ${asked.status.slice(0, 64)}`,
})

/** The object as it was kept. */
const rawOf = ({ raw }: DepDeviceRow): Readonly<Record<string, unknown>> =>
  JSON.parse(raw) as Readonly<Record<string, unknown>> // written from an object

/** Syncs overlap and repeat: what Apple said before, or has said already, changes nothing. */
const isOldNews = (device: DepDevice, known: DepDeviceRow): boolean =>
  (known.op_date !== null && device.op_date !== undefined && device.op_date < known.op_date) ||
  (device.op_type !== 'deleted' && JSON.stringify(device.raw) === known.raw)

type Assigned = {
  readonly device: DepDevice
  readonly claims: readonly Claim[]
  readonly serial: string
  readonly known: DepDeviceRow | undefined
}

/**
 * A serial number stays with the host it is listed with, also once an operator made that host one with another
 * and it goes by another number. Only if another host owns the number by now it goes there.
 */
async function assign(
  options: DepIntakeOptions,
  assigned: Assigned,
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const { serial, known } = assigned
  const rows = options.lookups.claimsOn('serial', serial)
  const owner = rows.find(({ status }) => status === 'active')?.host_id
  if (known === undefined || known.host_id === owner) return see(options, assigned, cause)
  const { host_id } = known
  if (owner === undefined && isFormer(options.lookups, serial, host_id))
    return hear(options, { ...assigned, host_id }, cause)
  const left = await remove(options, { serial, known }, cause)
  return left.outcome === 'removed' ? see(options, assigned, cause) : left
}

const isFormer = (lookups: Lookups, serial: string, hostId: string): boolean =>
  lookups
    .claimsOn('serial', serial)
    .some(({ host_id, status }) => host_id === hostId && status === 'superseded')

/** Tells a host of a number it no longer goes by; which host that is may have changed meanwhile. */
async function hear(
  { hosts, lookups, world }: DepIntakeOptions,
  { device, serial, host_id }: Assigned & { readonly host_id: string },
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const at = world.now()
  const heard = await hosts.together({
    hostIds: [host_id],
    decide(snapshots) {
      const isThere = lookups.depDevice(serial)?.host_id === host_id
      if (!isThere || !isFormer(lookups, serial, host_id)) return fail({ kind: 'conflict' })
      const quarantined = snapshots.get(host_id)?.context.quarantined ?? false
      const event = assignment(device, { serial, at }, { identity: {}, quarantined })
      return ok({ cause, asks: { [host_id]: { events: [event] } }, writes: [] })
    },
  })
  return heard.ok
    ? { serial, hostId: host_id, outcome: 'changed' }
    : { serial, hostId: host_id, ...failed(heard.error.kind) }
}

async function see(
  { sight, world }: DepIntakeOptions,
  { device, claims, serial }: Assigned,
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const at = world.now()
  const seen = await sight({
    sighting: { source: 'dep', trust: 'apple', claims, virtual: false, vouched: false },
    event: (listed) => assignment(device, { serial, at }, listed),
    cause,
  })
  if (!seen.ok) return { serial, hostId: null, ...failed(seen.error.kind) }
  const { hostId, created } = seen.value
  return { serial, hostId, outcome: created ? 'created' : 'changed' }
}

async function remove(
  { hosts, lookups, world }: DepIntakeOptions,
  gone: { readonly serial: string; readonly known: DepDeviceRow | undefined },
  cause: Ask['cause'],
): Promise<DepOutcome> {
  const { serial, known } = gone
  if (known === undefined) return { serial, hostId: null, outcome: 'unknown' }
  const asked = await hosts.ask(known.host_id, {
    events: [{ type: 'dep.removed', at: world.now(), serial }],
    cause,
  })
  if (!asked.ok) return { serial, hostId: known.host_id, ...failed(asked.error.kind) }
  // A merge or a split may have taken it to another host meanwhile.
  const outcome =
    lookups.depDevice(serial) === undefined ? { outcome: 'removed' as const } : failed('conflict')
  return { serial, hostId: known.host_id, ...outcome }
}

const failed = (
  kind: (AskFault | SightFault)['kind'],
): Pick<DepOutcome, 'outcome' | 'detail' | 'isLater'> => ({
  outcome: 'failed',
  detail: kind,
  isLater: kind === 'unavailable' || kind === 'overloaded' || kind === 'failed',
})
