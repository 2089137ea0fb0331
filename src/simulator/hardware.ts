import type { Chance } from './chance.ts'

/** What a computer is made of. Names are those its own software reports. */
export type Hardware = {
  readonly vendor: string
  /** Apple's model identifier, or the maker's product name. */
  readonly model: string
  readonly modelName: string
  readonly cpu: string
  readonly memoryBytes: number
}

export type OperatingSystem = {
  readonly name: string
  readonly version: string
  readonly build: string
  /** osquery's `os_version.platform`. */
  readonly platform: string
  readonly platformLike: string
  /** osquery's `platform_type`: a bit mask written as text. */
  readonly platformType: string
  readonly arch: string
}

/** What a computer can be: how it is managed follows from it. */
export type ComputerKind = 'mac' | 'ipad' | 'iphone' | 'personal' | 'linux' | 'windows'

export const hardwareFor = (kind: ComputerKind, chance: Chance): Hardware =>
  chance.pick(machines[kind])

export const osFor = (kind: ComputerKind, chance: Chance): OperatingSystem =>
  chance.pick(systems[kind])

const gib = 2 ** 30

const apple = (
  model: string,
  modelName: string,
  { cpu, gibibytes }: { readonly cpu: string; readonly gibibytes: number },
): Hardware => ({ vendor: 'Apple Inc.', model, modelName, cpu, memoryBytes: gibibytes * gib })

const ipads = [
  apple('iPad16,3', 'iPad Pro', { cpu: 'Apple M4', gibibytes: 8 }),
  apple('iPad14,8', 'iPad Air', { cpu: 'Apple M2', gibibytes: 8 }),
] as const
const iphones = [
  apple('iPhone17,1', 'iPhone 16 Pro', { cpu: 'Apple A18 Pro', gibibytes: 8 }),
  apple('iPhone15,4', 'iPhone 15', { cpu: 'Apple A16', gibibytes: 6 }),
] as const

type Some<Item> = readonly [Item, ...Item[]]

const machines: Readonly<Record<ComputerKind, Some<Hardware>>> = {
  mac: [
    apple('Mac15,3', 'MacBook Pro', { cpu: 'Apple M3', gibibytes: 16 }),
    apple('Mac16,1', 'MacBook Pro', { cpu: 'Apple M4', gibibytes: 24 }),
    apple('Mac14,2', 'MacBook Air', { cpu: 'Apple M2', gibibytes: 8 }),
    apple('Mac16,10', 'Mac mini', { cpu: 'Apple M4', gibibytes: 16 }),
  ],
  ipad: ipads,
  iphone: iphones,
  personal: iphones,
  linux: [
    {
      vendor: 'LENOVO',
      model: 'ThinkPad T14 Gen 5',
      modelName: 'ThinkPad T14 Gen 5',
      cpu: 'AMD Ryzen 7 PRO 8840U',
      memoryBytes: 32 * gib,
    },
    {
      vendor: 'Dell Inc.',
      model: 'PowerEdge R660',
      modelName: 'PowerEdge R660',
      cpu: 'Intel(R) Xeon(R) Silver 4410Y',
      memoryBytes: 128 * gib,
    },
    {
      vendor: 'QEMU',
      model: 'Standard PC (Q35 + ICH9, 2009)',
      modelName: 'Standard PC',
      cpu: 'AMD EPYC-Milan Processor',
      memoryBytes: 8 * gib,
    },
  ],
  windows: [
    {
      vendor: 'Microsoft Corporation',
      model: 'Surface Laptop 6 for Business',
      modelName: 'Surface Laptop 6',
      cpu: 'Intel(R) Core(TM) Ultra 7 165H',
      memoryBytes: 16 * gib,
    },
    {
      vendor: 'HP',
      model: 'HP EliteBook 840 G11',
      modelName: 'HP EliteBook 840 G11',
      cpu: 'Intel(R) Core(TM) Ultra 5 125U',
      memoryBytes: 16 * gib,
    },
  ],
}

const macos = { name: 'macOS', platform: 'darwin', platformLike: 'darwin', platformType: '21' }
const mobile = { platform: 'ios', platformLike: 'darwin', platformType: '', arch: 'arm64' }
const phones = [
  { ...mobile, name: 'iOS', version: '26.1', build: '23B85' },
  { ...mobile, name: 'iOS', version: '18.7.2', build: '22H124' },
] as const

const systems: Readonly<Record<ComputerKind, Some<OperatingSystem>>> = {
  mac: [
    { ...macos, version: '26.1', build: '25B78', arch: 'arm64' },
    { ...macos, version: '15.7.2', build: '24G325', arch: 'arm64' },
    { ...macos, version: '14.8.1', build: '23J30', arch: 'arm64' },
  ],
  ipad: [{ ...mobile, name: 'iPadOS', version: '26.1', build: '23B85' }],
  iphone: phones,
  personal: phones,
  linux: [
    {
      name: 'Ubuntu',
      version: '24.04.3 LTS (Noble Numbat)',
      build: '',
      platform: 'ubuntu',
      platformLike: 'debian',
      platformType: '9',
      arch: 'x86_64',
    },
    {
      name: 'Debian GNU/Linux',
      version: '13 (trixie)',
      build: '',
      platform: 'debian',
      platformLike: '',
      platformType: '9',
      arch: 'x86_64',
    },
    {
      name: 'Rocky Linux',
      version: '9.6 (Blue Onyx)',
      build: '',
      platform: 'rocky',
      platformLike: 'rhel centos fedora',
      platformType: '9',
      arch: 'x86_64',
    },
  ],
  windows: [
    {
      name: 'Microsoft Windows 11 Enterprise',
      version: '10.0.26100',
      build: '26100',
      platform: 'windows',
      platformLike: 'windows',
      platformType: '2',
      arch: '64-bit',
    },
  ],
}
