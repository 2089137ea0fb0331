// How many lines of a log a host may send at once: fewer for one whose batches are beyond what is taken.
import { configBytes, defaultConfigBytes } from '../protocol/osquery/config.ts'
import type { World } from '../runtime/world.ts'

/** Lines have 1 MiB at most, since the agent drops longer ones: one alone is always taken. */
const fewerLines = [64, 8, 1] as const

const smaller: readonly Uint8Array[] = fewerLines.map((lines) => configBytes(lines))

/** After so long without a refusal a host may send as many lines as others. */
const smallForMs = 6 * 3_600_000

/** Hosts remembered; beyond that the first ones are forgotten, and remembered again with their next refusal. */
const hostsMax = 10_000

type Small = { readonly step: number; readonly at: number; isAsked: boolean }

export type BatchSizes = {
  /** A batch of the host was too large. It asks for fewer lines than its last configuration did. */
  refused(hostId: string): void
  /** The configuration of the host, rendered. */
  config(hostId: string): Uint8Array
}

export function createBatchSizes({ steady }: Pick<World, 'steady'>): BatchSizes {
  const hosts = new Map<string, Small>()
  return {
    refused(hostId) {
      const last = hosts.get(hostId)
      // An agent that was not asked yet sends the same batch again.
      const step = last === undefined ? 0 : Math.min(last.step + Number(last.isAsked), 2)
      hosts.delete(hostId)
      const [oldest] = hosts.size >= hostsMax ? hosts.keys() : []
      if (oldest !== undefined) hosts.delete(oldest)
      hosts.set(hostId, { step, at: steady(), isAsked: step === last?.step && last.isAsked })
    },
    config(hostId) {
      const small = hosts.get(hostId)
      if (small === undefined) return defaultConfigBytes
      if (steady() - small.at >= smallForMs) {
        hosts.delete(hostId)
        return defaultConfigBytes
      }
      small.isAsked = true
      return smaller[small.step] ?? defaultConfigBytes
    },
  }
}
