// What osquery's tables say about the computer, in our own names.
import type { FactName, FactValue, SaidFacts } from '../../machines/host-context.ts'
import type { Facts } from '../protocol/osquery/detail.ts'
import type { Enroll } from '../protocol/osquery/enroll.ts'

type Said = { -readonly [Name in keyof SaidFacts]: FactValue }

type MaySay = { readonly [Name in FactName]?: FactValue | undefined }

/** Only what is known: an absent fact must not overwrite one that another channel gave. */
function said(facts: MaySay): SaidFacts {
  const known: Said = {}
  for (const [name, value] of Object.entries(facts))
    if (value !== undefined && value !== '') known[name as FactName] = value // a key of MaySay
  return known
}

export const factsOfDetails = (facts: Facts): SaidFacts =>
  said({
    hostname: facts.computer_name ?? facts.hostname,
    hardware_vendor: facts.hardware_vendor,
    model: facts.hardware_model,
    cpu_brand: facts.cpu_brand,
    physical_memory_bytes: facts.physical_memory_bytes,
    os_name: facts.os_name,
    os_version: facts.os_version,
    os_build: facts.os_build,
    platform: facts.platform === 'unknown' ? undefined : facts.platform,
    disk_encrypted: facts.disk_encrypted,
    booted_at:
      facts.booted_at_ms === undefined ? undefined : new Date(facts.booted_at_ms).toISOString(),
    osquery_version: facts.osquery_version,
  })

export const factsOfEnroll = (message: Enroll): SaidFacts =>
  said({
    ...hardwareFacts(message.systemInfo ?? {}),
    os_name: message.osVersion?.name,
    os_version: message.osVersion?.version,
    os_build: message.osVersion?.build,
    platform: message.platform === 'unknown' ? undefined : message.platform,
    osquery_version: message.osqueryInfo?.version,
  })

const hardwareFacts = (system: NonNullable<Enroll['systemInfo']>): MaySay => ({
  hostname: system.computer_name ?? system.hostname,
  hardware_vendor: system.hardware_vendor,
  model: system.hardware_model,
  cpu_brand: system.cpu_brand,
  physical_memory_bytes: numberOf(system.physical_memory),
})

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
