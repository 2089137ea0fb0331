// A host in memory: its live actor beside what was last saved of it.
import type { CommandSnapshot } from '../../machines/command.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { CommandRow, HostActorRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import type { Actors, CommandActor, HostActor } from './actors.ts'

export type ResidentCommand = {
  readonly actor: CommandActor
  readonly saved: CommandSnapshot
  readonly version: number
  readonly originHostId: string
}

export type Resident = {
  readonly id: string
  readonly actor: HostActor
  /** Undefined until the first commit: a host that is just being created. */
  saved: HostSnapshot | undefined
  version: number
  /** The listed columns as last written, as text; empty when not yet compared. */
  projected: string
  commands: ReadonlyMap<string, ResidentCommand>
}

/** One for all, since nearly every host awake has none. */
const noCommands: Resident['commands'] = new Map()

export const newResident = (actors: Actors, id: string, at: number): Resident => ({
  id,
  actor: actors.start(id, at),
  saved: undefined,
  version: 0,
  projected: '',
  commands: noCommands,
})

/** What the store keeps of a host, as far as waking it goes: its own row and those of its open commands. */
export type StoredHost = {
  readonly actor: HostActorRow
  readonly open: readonly CommandRow[]
}

/** However long the host's history, only its open commands are read. */
export function storedHost(lookups: Lookups, id: string): StoredHost | undefined {
  const actor = lookups.hostActor(id)
  return actor === undefined ? undefined : { actor, open: lookups.openCommands(id) }
}

/** Brings a host back from its rows. Throws when they are not understood. */
export function wake(actors: Actors, { actor: row, open }: StoredHost): Resident {
  const actor = actors.restore(
    { version: row.machine_version, snapshot: row.snapshot },
    Object.fromEntries(
      open.map((command) => [
        command.command_uuid,
        { version: command.machine_version, snapshot: command.snapshot },
      ]),
    ),
  )
  const children = actor.children()
  const commands = new Map<string, ResidentCommand>()
  for (const { command_uuid, version, origin_host_id } of open) {
    const child = children.get(command_uuid)
    if (child === undefined) continue
    const saved = child.snapshot()
    commands.set(command_uuid, { actor: child, saved, version, originHostId: origin_host_id })
  }
  return {
    id: row.host_id,
    actor,
    saved: actor.snapshot(),
    version: row.version,
    projected: '',
    commands: commands.size === 0 ? noCommands : commands,
  }
}
