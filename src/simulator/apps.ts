import type { Chance } from './chance.ts'
import type { PlistKeys } from './mdm-messages.ts'

/** The apps of one device, the same ones each time it is asked: around 150, as on a Mac in use. */
export function installedApps(chance: Chance): readonly PlistKeys[] {
  const draw = chance.fork('apps')
  const count = draw.integer(130, 170)
  return Array.from({ length: count }, (_, index) => appOf(index, draw))
}

function appOf(index: number, draw: Chance): PlistKeys {
  const [vendor, name] = [draw.pick(vendors), draw.pick(words)]
  const version = `${draw.integer(1, 26)}.${draw.integer(0, 9)}.${draw.integer(0, 20)}`
  return {
    Identifier: `com.${vendor.toLowerCase()}.${name.toLowerCase()}${index}`,
    Name: `${vendor} ${name}`,
    ShortVersion: version,
    Version: `${version}.${draw.integer(100, 9_999)}`,
    BundleSize: draw.integer(200_000, 900_000_000),
    DynamicSize: draw.integer(0, 50_000_000),
    Installing: false,
    IsValidated: true,
  }
}

const vendors = [
  'Apple',
  'Acorn',
  'Bluebird',
  'Contoso',
  'Driftwood',
  'Foxglove',
  'Harbour',
  'Juniper',
] as const
const words = [
  'Notes',
  'Mail',
  'Studio',
  'Player',
  'Sync',
  'Editor',
  'Meeting',
  'Vault',
  'Draw',
  'Chat',
] as const
