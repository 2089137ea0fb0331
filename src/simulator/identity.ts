import type { Chance } from './chance.ts'
import { hardwareFor, osFor } from './hardware.ts'
import type { ComputerKind, Hardware, OperatingSystem } from './hardware.ts'

/** Who a simulated computer is. Nothing in it changes, whatever happens to the computer. */
export type Identity = {
  /** What the simulator calls it: never sent to the server. */
  readonly name: string
  readonly kind: ComputerKind
  readonly hostname: string
  /** Its owner named it so: people use spaces, apostrophes and their own scripts. */
  readonly deviceName: string
  /** A personal phone tells its serial to nobody. */
  readonly serial: string | undefined
  /** The hardware UUID; on Macs the MDM UDID too. */
  readonly uuid: string
  /** What MDM messages name the device by. */
  readonly mdm: MdmIdentifiers | undefined
  readonly person: Person
  readonly hardware: Hardware
  readonly os: OperatingSystem
}

/** The keys of every MDM message of the device, letter for letter. */
type MdmIdentifiers =
  | { readonly UDID: string; readonly EnrollmentID?: never }
  | { readonly EnrollmentID: string; readonly UDID?: never }

type Person = {
  readonly guid: string
  readonly shortName: string
  readonly longName: string
}

export function createIdentity(name: string, kind: ComputerKind, chance: Chance): Identity {
  const person = createPerson(chance)
  const uuid = chance.uuid()
  const hardware = hardwareFor(kind, chance)
  const tail = chance.text(serialAlphabet, 4).toLowerCase()
  return {
    name,
    kind,
    uuid,
    person,
    hardware,
    hostname: `${person.shortName}-${prefixes[kind]}-${tail}`,
    deviceName: `${person.longName.split(' ')[0] ?? ''}’s ${hardware.modelName}`,
    serial: kind === 'personal' ? undefined : serialOf(kind, chance),
    mdm: mdmIdentifiersOf(kind, uuid, chance),
    os: osFor(kind, chance),
  }
}

/** Another computer that says it has the same hardware UUID, as copied virtual machines do. */
export function cloneOf(original: Identity, name: string, chance: Chance): Identity {
  const person = createPerson(chance)
  return {
    ...original,
    name,
    person,
    hostname: `${person.shortName}-${prefixes[original.kind]}-copy`,
    serial: original.serial === undefined ? undefined : serialOf(original.kind, chance),
  }
}

const prefixes: Readonly<Record<ComputerKind, string>> = {
  mac: 'mac',
  ipad: 'ipad',
  iphone: 'iphone',
  personal: 'phone',
  linux: 'lnx',
  windows: 'win',
}

/** Apple writes serials without the letters that look like digits. */
const serialAlphabet = 'CDFGHJKLMNPQRTVWXY23456790'
const hexDigits = '0123456789ABCDEF'

function serialOf(kind: ComputerKind, chance: Chance): string {
  const length = kind === 'linux' || kind === 'windows' ? 8 : 9
  return chance.pick(['C', 'F', 'H', 'K']) + chance.text(serialAlphabet, length)
}

function mdmIdentifiersOf(
  kind: ComputerKind,
  uuid: string,
  chance: Chance,
): MdmIdentifiers | undefined {
  switch (kind) {
    case 'mac':
      return { UDID: uuid }
    case 'ipad':
    case 'iphone':
      return { UDID: `0000${chance.text('0123456789', 4)}-${chance.text(hexDigits, 16)}` }
    case 'personal':
      return { EnrollmentID: chance.text(hexDigits.toLowerCase(), 40) }
    case 'linux':
    case 'windows':
      return undefined
    default:
      return kind satisfies never
  }
}

function createPerson(chance: Chance): Person {
  const [given, family] = [chance.pick(givenNames), chance.pick(familyNames)]
  return {
    guid: chance.uuid(),
    shortName: `${given[0]}${family}`
      .toLowerCase()
      .normalize('NFD')
      .replace(/[^a-z]/g, ''),
    longName: `${given} ${family}`,
  }
}

// Not only ASCII: these names reach every page, log and query.
const givenNames = [
  'Ada', 'Bashir', 'Chiara', 'Dmitri', 'Élodie', 'Femi', 'Grace', 'Håkon', 'Ines', 'Jürgen', 'Keiko',
  'Lucía', 'Mei', 'Noor', 'Oisín', 'Priya', 'Quentin', 'Rosa', 'Søren', 'Tomás', 'Uma', 'Viktor',
] as const // prettier-ignore
const familyNames = [
  'Abara', 'Brandt', 'Costa', 'Dubois', 'Eriksen', 'Ferrari', 'Garcia', 'Hopper', 'Ito', 'Jansen',
  'Kovács', 'Lindqvist', 'Moreau', 'Novák', 'O’Brien', 'Patel', 'Rossi', 'Schmidt', 'Tanaka', 'Weber',
] as const // prettier-ignore
