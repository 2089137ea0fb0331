// Why a host is what it is: each word with the fact behind it, who said so and when.
import type { HostContext } from '../../../machines/host-context.ts'
import type { JournalEntry } from '../../../storage/queries.ts'
import type { HostRow } from '../../../storage/rows.ts'

type Because = {
  readonly fact: string
  /** Which channel or who said so. */
  readonly source: 'dep' | 'mdm' | 'osquery' | 'operator' | 'identity' | 'none'
  readonly atMs: number | null
  /** The journal's row, where there is one. */
  readonly seq: number | null
}

export type Why = { readonly value: string | null; readonly because: readonly Because[] }

export type Explanation = Readonly<Record<'status' | 'lifecycle' | Region, Why>>

export const regions = ['mdm', 'dep', 'osquery'] as const
export type Region = (typeof regions)[number]

type Known = {
  readonly row: HostRow
  readonly context: HostContext
  /** The last row that moved each region, where the journal still has one. */
  readonly moves: Readonly<Partial<Record<Region, JournalEntry>>>
}

export function explain(known: Known): Explanation {
  const { row } = known
  const because: RegionBecause = {
    mdm: [mdmBecause(known)],
    dep: depBecause(known),
    osquery: [osqueryBecause(known)],
  }
  return {
    status: { value: row.status, because: statusBecause(known, because) },
    lifecycle: { value: row.lifecycle, because: lifecycleBecause(row, because) },
    mdm: { value: row.mdm, because: because.mdm },
    dep: { value: row.dep, because: because.dep },
    osquery: { value: row.osquery, because: because.osquery },
  }
}

const never = (fact: string): Because => ({ fact, source: 'none', atMs: null, seq: null })

function moved(move: JournalEntry | undefined, said: Omit<Because, 'seq'>): Because {
  if (move === undefined) return { ...said, seq: null }
  const source = sourceOf(move) ?? said.source
  return { fact: said.fact, source, atMs: move.at, seq: move.seq }
}

function sourceOf({ cause, event }: JournalEntry): Because['source'] | undefined {
  if (cause === 'operator' || cause === 'identity') return cause
  const who = event.split('.', 1)[0]
  return who === 'mdm' || who === 'dep' || who === 'osquery' ? who : undefined
}

const tokenFact = (event: string | undefined): string =>
  `It sent a TokenUpdate${event === undefined || event === 'mdm.TokenUpdate' ? '' : `, then ${event}`}.`

function mdmBecause({ row, context, moves: { mdm: move } }: Known): Because {
  const atMs = context.enrolledAt ?? move?.at ?? null
  switch (row.mdm) {
    case 'unenrolled':
      return move === undefined
        ? never('The computer never sent an Authenticate.')
        : moved(move, { fact: `It ended with ${move.event}.`, source: 'mdm', atMs })
    case 'authenticated':
      return moved(move, {
        fact: 'It sent an Authenticate; no TokenUpdate has followed yet.',
        source: 'mdm',
        atMs,
      })
    case 'enrolled.awaiting_configuration':
      return moved(move, {
        fact: 'Its TokenUpdate said AwaitingConfiguration; no DeviceConfigured was acknowledged yet.',
        source: 'mdm',
        atMs,
      })
    case 'enrolled.erased':
      return moved(move, {
        fact: 'It acknowledged EraseDevice and is not back yet.',
        source: 'mdm',
        atMs,
      })
    default:
      return moved(move, {
        fact: tokenFact(move?.event),
        source: 'mdm',
        atMs,
      })
  }
}

/** One for each serial number the host is listed under. */
function depBecause({ row, context, moves: { dep: move } }: Known): readonly Because[] {
  const devices = Object.values(context.depDevices)
  if (devices.length > 0)
    return devices.map(({ serial_number, profile_status, since }) => ({
      fact: `Apple's list has serial ${serial_number}, profile ${profile_status ?? 'unknown'}.`,
      source: 'dep',
      atMs: since,
      seq: move?.seq ?? null,
    }))
  if (move === undefined) return [never("It was never in Apple's device list.")]
  const fact =
    row.dep === 'unassigned' ? `It left with ${move.event}.` : `It came with ${move.event}.`
  return [moved(move, { fact, source: 'dep', atMs: move.at })]
}

function osqueryBecause({ row, context, moves: { osquery: move } }: Known): Because {
  const agents = Object.values(context.agents)
  if (row.osquery !== 'unenrolled')
    return moved(move, {
      fact:
        agents.length === 1
          ? 'An agent holds a node key.'
          : `${agents.length} agents hold node keys.`,
      source: 'osquery',
      atMs: agents.at(-1)?.enrolledAt ?? null,
    })
  return move === undefined
    ? never('No agent ever enrolled.')
    : moved(move, {
        fact: `The last agent ended with ${move.event}.`,
        source: 'osquery',
        atMs: move.at,
      })
}

type RegionBecause = Readonly<Record<Region, readonly Because[]>>

function statusBecause({ row, context }: Known, { mdm, dep }: RegionBecause): readonly Because[] {
  switch (row.status) {
    case 'on_personal':
      return [...mdm, personalChannel(context)]
    case 'on_automatic':
    case 'on_manual':
    case 'pending':
    case 'off':
      return [...mdm, ...dep]
    case null:
    default:
      return [platformBecause(context)]
  }
}

function personalChannel({ channels }: HostContext): Because {
  const channel = Object.values(channels).find(({ type }) => type === 'UserEnrollmentDevice')
  return {
    fact: 'It enrolled with an EnrollmentID, which stands for a person instead of the hardware.',
    source: 'mdm',
    atMs: channel?.since ?? null,
    seq: null,
  }
}

function platformBecause({ facts: { platform } }: HostContext): Because {
  return platform === undefined
    ? never('Its platform is not known.')
    : {
        fact: `Its platform is ${String(platform.value)}, which knows no Apple MDM.`,
        source: platform.source,
        atMs: platform.at,
        seq: null,
      }
}

function lifecycleBecause(
  { lifecycle }: HostRow,
  { mdm, dep, osquery }: RegionBecause,
): readonly Because[] {
  switch (lifecycle) {
    case 'mdm_enrolled':
      return mdm
    case 'osquery_enrolled':
      return osquery
    case 'dep_assigned':
      return dep
    default:
      return [...mdm, ...dep, ...osquery]
  }
}
