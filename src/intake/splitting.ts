// Taking a merge back: the host that was merged away lives again, with what is its own by now.
import { expiryAlarm } from '../../machines/command.ts'
import { pushAlarm } from '../../machines/waking.ts'
import type { FactName, HostContext } from '../../machines/host-context.ts'
import type { HostEvent, Parts } from '../../machines/host-events.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { MergeRow } from '../../storage/rows.ts'
import type { Lookups, Write } from '../../storage/store.ts'
import { knownForSplit } from '../identity/known.ts'
import { type Split, split } from '../identity/split.ts'
import { type Undo, undoOf } from '../identity/undo.ts'
import { fail, ok, type Result } from '../result.ts'
import type { AskFault } from '../runtime/ask.ts'
import type { Joint } from '../runtime/together.ts'
import { partedRows } from './binding.ts'
import { journalled } from './identity-journal.ts'
import { partsOf, settleEvent } from './parts.ts'
import { freshOf, type ReconcileMeans } from './reconcile-means.ts'
import type { ReconcileFault, ReconcileOptions, SplitPlan } from './reconcile-type.ts'

type SplitOptions = ReconcileOptions & { readonly mergeId?: string }

export async function splitHost(
  means: ReconcileMeans,
  hostId: string,
  options: SplitOptions,
): Promise<Result<SplitPlan, ReconcileFault>> {
  const { store, hosts } = means
  const merge = mergeOf(store.lookups, hostId, options.mergeId)
  if (merge === undefined) return fail({ kind: 'no-such-merge' })
  const undo = undoOf(merge)
  const plan = planOf(store.lookups, merge, undo)
  if (options.dryRun) return ok(plan)
  const joined = await hosts.together({
    hostIds: [undo.survivorId, undo.loserId],
    revived: undo.loserId,
    decide: (snapshots) => decide({ means, merge, undo, options }, snapshots),
  })
  return joined.ok ? ok(plan) : joined
}

/** The merge that is asked for, or the latest that still holds. */
const mergeOf = (
  lookups: Lookups,
  hostId: string,
  mergeId: string | undefined,
): MergeRow | undefined =>
  lookups
    .mergesOf(hostId)
    .filter(({ id, undone_at }) => undone_at === null && (mergeId ?? id) === id)
    .toSorted((one, other) => other.at - one.at)[0]

type Splitting = {
  readonly means: ReconcileMeans
  readonly merge: MergeRow
  readonly undo: Undo
  readonly options: SplitOptions
}

function decide(
  { means, merge, undo, options }: Splitting,
  snapshots: ReadonlyMap<string, HostSnapshot>,
): Result<Joint, AskFault> {
  const { lookups } = means.store
  const survivor = snapshots.get(undo.survivorId)
  const loser = snapshots.get(undo.loserId)
  const known = knownForSplit(undo, lookups)
  if (survivor === undefined || loser === undefined || !known.hosts.has(undo.survivorId))
    return fail({ kind: 'no-such-host' })
  const fresh = freshOf(means)
  const done = split(merge, known, fresh)
  const parts = partsFor(survivor, undo)
  const standing = standingsBack({ survivor, loser, undo }, parts)
  const reopened = (hostId: string): Parts['agents'] => reopenedAgents(undo, done, hostId)
  const at = fresh.atMs
  const release: HostEvent = { type: 'identity.release', at, parts }
  return ok({
    cause: options.cause,
    asks: {
      [undo.survivorId]: {
        events: [
          release,
          {
            type: 'identity.absorb',
            at,
            parts: { mdm: standing.survivor, depDevices: {}, agents: reopened(undo.survivorId) },
          },
          settleEvent(listedAs(done, undo.survivorId), at, {
            forget: factsFrom(survivor.context, loser.context),
          }),
        ],
      },
      // What it knew of its channels when it was merged may be old: it takes over what they are now.
      [undo.loserId]: {
        events: [
          { type: 'identity.release', at, parts: partsOf(loser) },
          {
            type: 'identity.absorb',
            at,
            parts: {
              ...parts,
              mdm: standing.loser,
              agents: { ...parts.agents, ...reopened(undo.loserId) },
            },
          },
          settleEvent(listedAs(done, undo.loserId), at),
        ],
      },
    },
    writes: [
      ...splitNotes(undo, options.cause, at),
      ...done.writes,
      // A standing that comes back as it was makes no difference that the runtime would write down.
      ...enrollmentRows(undo.loserId, standing.loser),
      // Commands sent since the merge go where their channel goes: nobody else could report on them.
      ...Object.keys(parts.mdm?.channels ?? {}).map((channel): Write => {
        return { move: 'commands', from: undo.survivorId, to: undo.loserId, origin: null, channel }
      }),
      ...alarmsBack(lookups, undo, parts),
      ...partedRows(lookups, { merge, isTheirs: parts.mdm !== null }, { at, cause: options.cause }),
    ],
  })
}

function listedAs(done: Split, hostId: string): Split['settled'][number] {
  const listed = done.settled.find((settled) => settled.hostId === hostId)
  if (listed === undefined) throw new Error('a split settles both hosts')
  return listed
}

/** What of the survivor came from the other host, as it is now. */
function partsFor(survivor: HostSnapshot, undo: Undo): Parts {
  const { mdm, depDevices, agents } = partsOf(survivor)
  const theirKeys = undo.agents.before
    .filter(({ host_id }) => host_id === undo.loserId)
    .map(({ node_key_hash }) => node_key_hash)
  const isTheirs = Object.keys(mdm?.channels ?? {}).some((key) => undo.enrollmentKeys.includes(key))
  return {
    mdm: isTheirs ? mdm : null,
    depDevices: entriesNamed(depDevices, undo.depSerials),
    agents: entriesNamed(agents, theirKeys),
  }
}

const entriesNamed = <Entry>(
  entries: Readonly<Record<string, Entry>>,
  names: readonly string[],
): Readonly<Record<string, Entry>> =>
  Object.fromEntries(Object.entries(entries).filter(([name]) => names.includes(name)))

type Parted = {
  readonly survivor: HostSnapshot
  readonly loser: HostSnapshot
  readonly undo: Undo
}

/**
 * Two MDM lives were made one, so one of them ended there, and its device was never told: it cannot enrol
 * again by itself. With the other gone it comes back.
 */
function standingsBack(
  { survivor, loser, undo }: Parted,
  { mdm: theirs }: Parts,
): { readonly survivor: Parts['mdm']; readonly loser: Parts['mdm'] } {
  if (theirs !== null) return { survivor: undo.replacedMdm ?? null, loser: theirs }
  const isOurs = partsOf(survivor).mdm !== null
  return { survivor: null, loser: isOurs ? partsOf(loser).mdm : null }
}

const enrollmentRows = (host_id: string, mdm: Parts['mdm']): readonly Write[] =>
  Object.values(mdm?.channels ?? {}).map(({ key, kind: channel, type, since }) => ({
    put: 'enrollment',
    row: { key, host_id, channel, type, created_at: since },
  }))

/** Agents whose keys the merge had ended and the split opens again. */
const reopenedAgents = (undo: Undo, done: Split, hostId: string): Parts['agents'] =>
  Object.fromEntries(
    undo.agents.before
      .filter((row) => row.host_id === hostId && done.restored.includes(row.node_key_hash))
      .map((row) => [
        row.node_key_hash,
        {
          keyHash: row.node_key_hash,
          instance: row.instance,
          enrolledAt: row.enrolled_at,
          expiresAt: row.expires_at,
          detailAt: row.detail_at,
        },
      ]),
  )

const splitNotes = (
  { survivorId, loserId }: Undo,
  cause: ReconcileOptions['cause'],
  at: number,
): readonly Write[] => [
  journalled({ hostId: survivorId, event: 'identity.split', other: loserId }, cause, at),
  journalled({ hostId: loserId, event: 'identity.split', other: survivorId }, cause, at),
]

/** Facts the survivor has word for word from the other host. */
const factsFrom = (survivor: HostContext, loser: HostContext): readonly FactName[] =>
  (Object.keys(survivor.facts) as FactName[]).filter((name) => {
    const [ours, theirs] = [survivor.facts[name], loser.facts[name]]
    return (
      ours?.value === theirs?.value && ours?.at === theirs?.at && ours?.source === theirs?.source
    )
  })

/** Open commands go back with their timers, and channels with theirs. */
function alarmsBack(
  lookups: Lookups,
  { survivorId, loserId, origins }: Undo,
  { mdm }: Parts,
): readonly Write[] {
  const channels = Object.keys(mdm?.channels ?? {})
  const theirs = lookups
    .openCommands(survivorId)
    .filter((row) => origins.includes(row.origin_host_id) || channels.includes(row.channel))
    .map(({ command_uuid }) => expiryAlarm(command_uuid))
  const names = new Set([...theirs, ...channels.map((channel) => pushAlarm(channel))])
  return lookups
    .alarmsOf(survivorId)
    .filter(({ name }) => names.has(name))
    .flatMap((alarm): readonly Write[] => [
      { drop: 'alarm', host_id: survivorId, name: alarm.name },
      { put: 'alarm', row: { ...alarm, host_id: loserId } },
    ])
}

function planOf(lookups: Lookups, merge: MergeRow, undo: Undo): SplitPlan {
  const theirs = undo.claims.before.filter(({ host_id }) => host_id === undo.loserId)
  return {
    merge_id: merge.id,
    host: undo.survivorId,
    restored: undo.loserId,
    moves: {
      claims: theirs.map(({ kind, value }) => ({ kind, value })),
      channels: undo.enrollmentKeys,
      dep_serials: undo.depSerials,
      agents: undo.agents.before.filter(({ host_id }) => host_id === undo.loserId).length,
      open_commands: lookups
        .openCommands(undo.survivorId)
        .filter(({ origin_host_id }) => undo.origins.includes(origin_host_id))
        .map(({ command_uuid }) => command_uuid),
    },
  }
}
