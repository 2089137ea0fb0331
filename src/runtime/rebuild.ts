// What is listed and looked up, anew from what the actors are. For a repair, and for the test that it is never needed.
import type { Write } from '../../storage/store.ts'
import type { HostActorRow } from '../../storage/rows.ts'
import { type Actors, createActors } from './actors.ts'
import { channelWrites, hostRow } from './projection.ts'

export type Rebuilding = {
  /** The listed host, and the channel rows that follow from its snapshot. Throws when that is not understood. */
  rowsOf(stored: HostActorRow, standing: Standing): readonly Write[]
}

/** The two things about a listed host that its snapshot does not know. */
export type Standing = {
  /** Its survivor, as the merges that were not undone say. Such a host keeps no channel. */
  readonly mergedInto: string | null
  readonly at: number
}

export function createRebuilding(): Rebuilding {
  const actors: Actors = createActors()
  return {
    rowsOf({ machine_version: version, snapshot }, { mergedInto, at }) {
      const actor = actors.restore({ version, snapshot }, {})
      const host = actor.snapshot()
      actor.stop()
      return [
        { put: 'host', row: { ...hostRow(host, at), merged_into: mergedInto } },
        ...(mergedInto === null ? channelWrites(undefined, host) : []),
      ]
    },
  }
}
