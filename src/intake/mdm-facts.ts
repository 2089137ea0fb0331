// What MDM messages say about the computer itself.
import type { FactValue, SaidFacts } from '../../machines/host-context.ts'
import { type Dict, isDict, type PlistValue } from '../protocol/plist/value.ts'

/** Longest text kept of what a device says about itself: names are far shorter. */
const textMax = 512

type Said = { -readonly [Name in keyof SaidFacts]: FactValue }

/** Apple's key → our fact, in Authenticate and in the QueryResponses of DeviceInformation alike. */
const names = {
  DeviceName: 'hostname',
  OSVersion: 'os_version',
  BuildVersion: 'os_build',
  ModelName: 'model_name',
  ProductName: 'model',
} as const satisfies Readonly<Record<string, keyof SaidFacts>>

/** Product families by the start of their identifiers, `MacBookPro18,3` or `iPhone15,2`. */
const platforms = [
  [/^(?:Mac|iMac|Xserve|VirtualMac)/, 'darwin'],
  [/^(?:iPhone|iPod)/, 'ios'],
  [/^iPad/, 'ipados'],
  [/^AppleTV/, 'tvos'],
  [/^RealityDevice/, 'visionos'],
  [/^Watch/, 'watchos'],
] as const

/** Facts in an Authenticate message or in DeviceInformation's answers. */
export function factsOf(message: Dict): SaidFacts {
  const facts: Said = {}
  for (const [key, name] of Object.entries(names)) {
    const text = textOf(message[key])
    if (text !== undefined) facts[name] = text
  }
  const product = textOf(message['ProductName']) ?? textOf(message['Model']) ?? ''
  if (facts.model === undefined && product !== '') facts.model = product
  const platform = platforms.find(([pattern]) => pattern.test(product))?.[1]
  if (platform !== undefined) facts.platform = platform
  return facts
}

/** Facts in a command's result, whichever command it was: unknown keys say nothing. */
export function factsOfResult(result: Dict): SaidFacts {
  const answers = result['QueryResponses']
  const security = result['SecurityInfo']
  return {
    ...(isDict(answers) && factsOf(answers)),
    ...(isDict(security) && securityFacts(security)),
  }
}

const securityFacts = ({ FDE_Enabled: encrypted }: Dict): SaidFacts =>
  typeof encrypted === 'boolean' ? { disk_encrypted: encrypted } : {}

function textOf(value: PlistValue | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim().slice(0, textMax).toWellFormed()
  return text === '' ? undefined : text
}
