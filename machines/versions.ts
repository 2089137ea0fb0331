// Snapshots outlive the code that wrote them. Every stored one carries its machine's version; an
// older one goes through the steps below before it is restored. Fixtures of each version are tested.

type Stored = { readonly [key: string]: unknown }

/** `steps[n]` turns a snapshot of version n + 1 into one of version n + 2. Steps are never edited, only added. */
type Machine = { readonly version: number; readonly steps: readonly ((old: Stored) => Stored)[] }

export const machineVersions = {
  host: { version: 1, steps: [] },
  command: { version: 1, steps: [] },
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
