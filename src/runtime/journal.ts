// What the journal says about a turn: every state that changed, and every note a machine made.
import type { EffectAction } from '../../machines/effects.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import { dotted } from '../../machines/standing.ts'
import type { JournalRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import type { Ask } from './ask.ts'

export type MovedCommand = {
  readonly commandUUID: string
  readonly from: string | null
  readonly to: string
}

type Happened = {
  readonly hostId: string
  readonly ask: Ask
  readonly asked: readonly EffectAction[]
  readonly at: number
  readonly before: HostSnapshot['value'] | undefined
  readonly after: HostSnapshot['value']
  readonly moved: readonly MovedCommand[]
}

type Line = Pick<JournalRow, 'actor' | 'event'> &
  Partial<Pick<JournalRow, 'from_state' | 'to_state' | 'detail'>>

/** Where a host begins, so that its first line already tells from where it came. */
const initial: HostSnapshot['value'] = {
  mdm: 'unenrolled',
  dep: 'unassigned',
  osquery: 'unenrolled',
}

const regions = ['mdm', 'dep', 'osquery'] as const

export function journalWrites(happened: Happened): readonly Write[] {
  const { hostId, ask, at } = happened
  const event = ask.events[0]?.type ?? 'none'
  const lines: readonly Line[] = [
    ...hostLines(happened, event),
    ...happened.moved.map(({ commandUUID, from, to }) => ({
      actor: commandUUID,
      event,
      from_state: from,
      to_state: to,
    })),
    ...happened.asked.flatMap((effect) =>
      effect.type === 'note'
        ? [
            {
              actor: effect.params.actor ?? 'host',
              event: effect.params.event,
              detail: JSON.stringify(effect.params.detail),
            },
          ]
        : [],
    ),
  ]
  return lines.map((line) => ({
    put: 'journal',
    row: {
      host_id: hostId,
      at,
      from_state: null,
      to_state: null,
      detail: null,
      ...line,
      cause: ask.cause.kind,
      cause_id: ask.cause.id,
    },
  }))
}

/** One line per region that moved: `mdm.authenticated` to `mdm.enrolled.ready`. */
function hostLines({ before = initial, after }: Happened, event: string): readonly Line[] {
  if (before === after) return []
  return regions.flatMap((region) => {
    const from = dotted(before[region])
    const to = dotted(after[region])
    return from === to
      ? []
      : [{ actor: 'host', event, from_state: `${region}.${from}`, to_state: `${region}.${to}` }]
  })
}
