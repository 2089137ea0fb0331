import type { Result } from '../../result.ts'
import { fail, ok } from '../../result.ts'

export type ProfileStatus = 'empty' | 'assigned' | 'pushed' | 'removed'
export type OpType = 'added' | 'modified' | 'deleted'

/** One computer in Apple's device list. Names are Apple's; every other member of the object is in `raw`. */
export type DepDevice = {
  readonly serial_number: string
  readonly model?: string
  readonly description?: string
  readonly color?: string
  readonly asset_tag?: string
  readonly device_family?: string
  readonly os?: string
  readonly profile_status?: ProfileStatus
  readonly profile_uuid?: string
  readonly profile_assign_time?: string
  readonly profile_push_time?: string
  readonly device_assigned_date?: string
  readonly device_assigned_by?: string
  readonly mdm_migration_deadline?: string
  /** `added` where Apple leaves it out: a fetched page lists what is ours. */
  readonly op_type: OpType
  readonly op_date?: string
  /** Apple's word on the serial number it was asked for, such as `NOT_ACCESSIBLE`; in some answers only. */
  readonly response_status?: string
  /** The object as it came, for members nobody knew when this was written. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** Where the input is wrong, as a JSON pointer, and how. Fit for the API's `errors`. */
export type DeviceFault = { readonly pointer: string; readonly detail: string }

/** Apple's largest page, and largest batch of serials. */
export const devicesMax = 1_000

/** A page of wrong objects need not be described a thousand times. */
const faultsMax = 100

/**
 * Reads `{"devices": […]}` as one page of Apple's list, in order of first appearance.
 *
 * A sync page may name a device twice: per serial the latest `op_date` wins, and of equal dates the later
 * entry. Fails with every fault found, up to a hundred; then no device counts.
 */
export function readDevices(page: unknown): Result<readonly DepDevice[], readonly DeviceFault[]> {
  const listed = isRecord(page) && Object.hasOwn(page, 'devices') ? page['devices'] : undefined
  if (!Array.isArray(listed)) return fail([{ pointer: '/devices', detail: 'must be an array' }])
  if (listed.length > devicesMax) {
    return fail([{ pointer: '/devices', detail: `has more than ${devicesMax} devices` }])
  }
  const faults: DeviceFault[] = []
  const latest = new Map<string, DepDevice>()
  for (const [index, item] of listed.entries()) {
    const device = readDevice(item, (pointer, detail) =>
      faults.push({ pointer: `/devices/${index}${pointer}`, detail }),
    )
    if (device) latest.set(device.serial_number, later(device, latest.get(device.serial_number)))
  }
  return faults.length > 0 ? fail(faults.slice(0, faultsMax)) : ok([...latest.values()])
}

type Complain = (pointer: string, detail: string) => void

/** One device; undefined where it cannot be one, and `complain` has heard why. */
function readDevice(item: unknown, complain: Complain): DepDevice | undefined {
  if (!isRecord(item)) {
    complain('', 'must be an object')
    return undefined
  }
  if (Object.keys(item).length > rawMax.members) {
    complain('', `has more than ${rawMax.members} members`)
    return undefined
  }
  if (JSON.stringify(item).length > rawMax.chars) {
    complain('', `has more than ${rawMax.chars} characters`)
    return undefined
  }
  const serial = readText(item, 'serial_number', complain)
  if (serial === undefined) {
    if (clean(own(item, 'serial_number')) === '') complain('/serial_number', 'is required')
    return undefined
  }
  const profileStatus = readWord(item, 'profile_status', { words: profileStatuses, complain })
  const texts: { [Name in (typeof textNames)[number]]?: string } = {}
  for (const name of textNames) {
    const text = readText(item, name, complain)
    if (text !== undefined) texts[name] = text
  }
  return {
    serial_number: serial,
    ...texts,
    ...(profileStatus && { profile_status: profileStatus }),
    op_type: readWord(item, 'op_type', { words: opTypes, complain }) ?? 'added',
    raw: item,
  }
}

const profileStatuses = ['empty', 'assigned', 'pushed', 'removed'] as const
const opTypes = ['added', 'modified', 'deleted'] as const
const textNames = [
  'model',
  'description',
  'color',
  'asset_tag',
  'device_family',
  'os',
  'profile_uuid',
  'profile_assign_time',
  'profile_push_time',
  'device_assigned_date',
  'device_assigned_by',
  'mdm_migration_deadline',
  'op_date',
  'response_status',
] as const

/** Of one device as it came, kept whole: forty times what Apple sends. */
const rawMax = { members: 100, chars: 16_384 }

/** Apple's serials have 8 to 14 characters; descriptions are the longest text it sends. */
const charsMax = { serial_number: 64, other: 1_024 }

/** A trimmed text, absent when it is missing, null or empty: Apple sends `""` for "none". */
function readText(
  item: Readonly<Record<string, unknown>>,
  name: string,
  complain: Complain,
): string | undefined {
  const text = clean(own(item, name))
  if (text === undefined) {
    complain(`/${name}`, 'must be a string')
    return undefined
  }
  const most = name === 'serial_number' ? charsMax.serial_number : charsMax.other
  if (text.length > most) {
    complain(`/${name}`, `has more than ${most} characters`)
    return undefined
  }
  return text === '' ? undefined : text
}

const clean = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value.replaceAll('\u0000', '').toWellFormed().trim()
    : (value ?? '') === ''
      ? ''
      : undefined

function readWord<Word extends string>(
  item: Readonly<Record<string, unknown>>,
  name: string,
  { words, complain }: { readonly words: readonly Word[]; readonly complain: Complain },
): Word | undefined {
  const text = readText(item, name, complain)
  if (text === undefined) return undefined
  const word = words.find((known) => known === text)
  if (word === undefined) complain(`/${name}`, `must be one of ${words.join(', ')}`)
  return word
}

/** Members that say which profile it was; a device without a profile has none of them. */
const profileNames = ['profile_uuid', 'profile_assign_time', 'profile_push_time'] as const

/**
 * What a `modified` entry says together with what was `known`: it clears nothing that it does not name. A member that is
 * there and empty is named. Any other entry is whole, and stays as it is.
 */
export function overKnown(
  device: DepDevice,
  known: Readonly<Record<string, unknown>> | undefined,
): DepDevice {
  if (device.op_type !== 'modified' || known === undefined) return device
  const { profile_status: status } = device
  const isWithout = status === 'empty' || status === 'removed'
  const gone: ReadonlySet<string> = new Set(isWithout ? profileNames : [])
  const before = Object.entries(known).filter(([name]) => !gone.has(name))
  // Together they may have more members than one entry may: then the new ones count.
  return readDevice({ ...Object.fromEntries(before), ...device.raw }, () => {}) ?? device
}

/** Of two entries of one page the later one, over what the earlier one says of the same device. */
function later(device: DepDevice, other: DepDevice | undefined): DepDevice {
  if (other === undefined) return device
  const [first, last] = isOlder(device, other) ? [device, other] : [other, device]
  return first.op_type === 'deleted' ? last : overKnown(last, first.raw)
}

/** Whether `device` happened before the one already read. Without dates the later entry wins. */
function isOlder(device: DepDevice, known: DepDevice | undefined): boolean {
  const [here, there] = [timeOf(device.op_date), timeOf(known?.op_date)]
  return here !== undefined && there !== undefined && here < there
}

/** Apple's UTC times as text that sorts like time, with or without a fraction. */
function timeOf(date: string | undefined): string | undefined {
  const { second, fraction = '' } = utcTime.exec(date ?? '')?.groups ?? {}
  return second === undefined ? undefined : `${second}.${fraction.padEnd(9, '0')}`
}

const utcTime =
  /^(?<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))?(?:Z|\+00:?00)$/

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (item: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(item, name) ? item[name] : undefined
