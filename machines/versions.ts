// Snapshots outlive the code that wrote them. Every stored one carries its machine's version; an
// older one goes through the steps below before it is restored. Fixtures of each version are tested.

type Stored = { readonly [key: string]: unknown }

/** `steps[n]` turns a snapshot of version n + 1 into one of version n + 2. Steps are never edited, only added. */
type Machine = { readonly version: number; readonly steps: readonly ((old: Stored) => Stored)[] }

export const machineVersions = {
  host: { version: 4, steps: [withAddressTimes, withDepDevices, withAgentFacts] },
  command: { version: 3, steps: [withPush, withUnreads] },
} as const satisfies Record<string, Machine>

export type MachineId = keyof typeof machineVersions

/**
 * Brings a stored snapshot to the present version.
 *
 * Throws when it was written by a newer Muster: guessing at its meaning could lose it.
 */
export function upgradeSnapshot(id: MachineId, version: number, stored: Stored): Stored {
  const machine: Machine = machineVersions[id]
  if (version > machine.version)
    throw new Error(`a ${id} snapshot of version ${version} is newer than this Muster understands`)
  return machine.steps.slice(version - 1).reduce((snapshot, step) => step(snapshot), stored)
}

type Context = { readonly [key: string]: unknown }

/** An address is taken to be as old as its channel: no word of Apple's on a dead one is older than that. */
function withAddressTimes(old: Stored): Stored {
  // What version 1 stored: a host's context with its channels by key.
  const context = old['context'] as Context & {
    readonly channels: Readonly<Record<string, Context>>
  }
  const channels = Object.entries(context.channels).map(([key, { userShortName, ...channel }]) => {
    const { since, round, ...rest } = channel
    const addressAt = channel['pushRef'] === null ? null : since
    return [key, { ...rest, addressAt, addressFault: null, userShortName, since, round }]
  })
  return { ...old, context: { ...context, channels: Object.fromEntries(channels) } }
}

/** Nothing was ever pushed before there was version 2. */
function withPush(old: Stored): Stored {
  // What version 1 stored: a command's context.
  const context = old['context'] as Context
  return {
    ...old,
    context: { ...context, silent: false, since: context['createdAt'], push: null },
  }
}

/** Until version 3 a report that could not be read was refused, and nothing was noted. */
function withUnreads(old: Stored): Stored {
  // What version 2 stored: a command's context.
  const context = old['context'] as Context
  return { ...old, context: { ...context, unreads: 0 } }
}

/** Until version 3 a host knew one device of Apple's list, or none. */
function withDepDevices(old: Stored): Stored {
  // What version 2 stored: a host's context with that device.
  const { dep, ...context } = old['context'] as Context & {
    readonly dep: (Context & { readonly serial_number: string }) | null
  }
  return { ...old, context: { ...context, depDevices: dep ? { [dep.serial_number]: dep } : {} } }
}

/** Until version 4 the later word counted, whoever said it. */
function withAgentFacts(old: Stored): Stored {
  // What version 3 stored: a host's context.
  const { facts, ...context } = old['context'] as Context
  return { ...old, context: { ...context, facts, agentFacts: {} } }
}
