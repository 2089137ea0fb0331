// What a live page is about: which changes concern it, and what its drawing shows after them.
import type { JournalQuery } from '../../../storage/queries.ts'
import type { Write } from '../../../storage/store.ts'
import type { JournalLine } from '../../runtime/live.ts'
import { type Chart, chartOf } from '../../ui/diagram/chart.ts'
import { litWithParents } from '../../ui/diagram/marks.ts'
import { edgeTaken } from '../../ui/diagram/state-value.ts'
import type { PagesDeps } from './deps.ts'

export type Subject = {
  readonly asked: Omit<JournalQuery, 'limit'>
  concerns(line: JournalLine): boolean
  /** A change that leaves no line in the journal, such as a new fact. */
  touches(write: Write): boolean
  edgeOf(line: JournalLine): string | undefined
  /** For the drawing: whose it is, and everything lit in it. */
  shown(): { readonly machine: string; readonly lit: readonly string[] } | undefined
}

export const fleetSubject: Subject = {
  asked: {},
  concerns: () => true,
  touches: () => false,
  edgeOf: () => undefined,
  shown: () => undefined,
}

export function hostSubject({ machines, store }: PagesDeps, id: string): Subject {
  const chart = chartOf(machines.host.machine)
  return {
    asked: { hostIds: [id] },
    concerns: (line) => line.host_id === id,
    touches: (write) =>
      'put' in write &&
      (write.put === 'host'
        ? write.row.id === id
        : write.put === 'last_seen' && write.row.host_id === id),
    edgeOf: (line) => (line.actor === 'host' ? edgeOn(chart, line) : undefined),
    shown() {
      const row = store.lookups.host(id)
      if (row === undefined) return undefined
      const states = [`mdm.${row.mdm}`, `dep.${row.dep}`, `osquery.${row.osquery}`]
      return { machine: 'host', lit: [...litWithParents(states)] }
    },
  }
}

export function commandSubject({ machines, store }: PagesDeps, uuid: string): Subject {
  const chart = chartOf(machines.command.machine)
  return {
    asked: { actor: uuid },
    concerns: ({ actor }) => actor === uuid,
    touches: () => false,
    edgeOf: (line) => edgeOn(chart, line),
    shown() {
      const row = store.lookups.command(uuid)
      return row && { machine: 'command', lit: [row.state] }
    },
  }
}

const edgeOn = (chart: Chart, { from_state: from, to_state: to, event }: JournalLine) =>
  from === null || to === null ? undefined : edgeTaken(chart, { from, to, event })
