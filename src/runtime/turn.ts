// One turn: a host takes its events, and what changed becomes rows.
import { type EffectAction, outboxEffects } from '../../machines/effects.ts'
import type { CommandSnapshot } from '../../machines/command.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import { dotted } from '../../machines/standing.ts'
import type { HostRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import type { CommandActor } from './actors.ts'
import type { Ask } from './ask.ts'
import { journalWrites, type MovedCommand } from './journal.ts'
import { channelWrites, commandRow, hostActorWrite, hostRow } from './projection.ts'
import type { Resident, ResidentCommand } from './resident.ts'

export type TurnOptions = {
  readonly at: number
  /** The same by the time in which things are due. */
  readonly steadyAt: number
  /** Effects somebody performs; others are not worth a row. */
  readonly performed: ReadonlySet<string>
}

/** What a turn leaves to write, and how to remember once it was written. */
export type Turned = {
  readonly snapshot: HostSnapshot
  readonly asked: readonly EffectAction[]
  readonly writes: readonly Write[]
  /** The host actor's version once these are written. */
  readonly version: number
  readonly remember: () => void
}

/** Lets a host take its events and finds what changed. Throws when a machine did. */
export function turn(resident: Resident, ask: Ask, options: TurnOptions): Turned {
  const asked = resident.actor.send(ask.events)
  const snapshot = resident.actor.snapshot()
  const commands = commandWrites(resident, options.at)
  const journal = journalWrites({
    hostId: resident.id,
    ask,
    asked,
    at: options.at,
    before: resident.saved?.value,
    after: snapshot.value,
    moved: commands.moved,
  })
  const { first = [] } = ask
  const beside: readonly Write[] = [
    ...commands.writes,
    // First what ends, then what begins: an alarm may be set again by the turn that hears of it.
    ...(ask.writes ?? []),
    ...(asked.some(({ type }) => type === 'reply') ? (ask.withReply ?? []) : []),
    ...asked.flatMap((effect) => effectWrites(resident.id, effect, options)),
    ...journal,
  ]
  const isTurn = first.length + beside.length > 0
  const host = hostWrites(resident, snapshot, { at: options.at, isTurn })
  return {
    snapshot,
    asked,
    version: host.version,
    writes: [...first, ...host.writes, ...beside],
    remember() {
      resident.saved = snapshot
      resident.version = host.version
      resident.projected = host.projected
      resident.commands = commands.next
    },
  }
}

/**
 * What a turn writes that changes its commands or rows beside them, and not the host. It was decided on the
 * whole host, so whoever decided on the same state at the same time must hear of it: one of the two is refused.
 */
export const advanceWrite = (host_id: string, version: number): Write => ({
  advance: 'host_actor',
  host_id,
  version: version + 1,
})

const isChanged = (before: HostSnapshot | undefined, after: HostSnapshot): boolean =>
  before === undefined ||
  before.context !== after.context ||
  (before.value !== after.value && dotted(before.value) !== dotted(after.value))

function hostWrites(
  resident: Resident,
  snapshot: HostSnapshot,
  { at, isTurn }: { readonly at: number; readonly isTurn: boolean },
): { readonly writes: readonly Write[]; readonly version: number; readonly projected: string } {
  const { id, saved, version, projected: listed } = resident
  if (!isChanged(saved, snapshot))
    return isTurn
      ? { writes: [advanceWrite(id, version)], version: version + 1, projected: listed }
      : { writes: [], version, projected: listed }
  const row = hostRow(snapshot, at)
  const projected = comparable(row)
  const before = resident.projected || (saved === undefined ? '' : comparable(hostRow(saved, 0)))
  return {
    version: version + 1,
    projected,
    writes: [
      hostActorWrite(snapshot, version + 1),
      ...(before === projected ? [] : [{ put: 'host', row } as const]),
      ...channelWrites(saved, snapshot),
    ],
  }
}

const comparable = ({ updated_at: _at, ...row }: HostRow): string => JSON.stringify(row)

type CommandChanges = {
  readonly writes: readonly Write[]
  readonly moved: readonly MovedCommand[]
  readonly next: ReadonlyMap<string, ResidentCommand>
}

function commandWrites(resident: Resident, at: number): CommandChanges {
  const actors = commandActors(resident)
  const changes = [...actors].flatMap(([id, actor]) => commandChange(resident, id, actor) ?? [])
  if (changes.length === 0) return { writes: [], moved: [], next: resident.commands }
  const next = new Map(resident.commands)
  for (const command of changes) {
    const { commandUUID } = command.saved.context
    if (command.saved.status === 'active') next.set(commandUUID, command)
    else next.delete(commandUUID)
  }
  return {
    next,
    writes: changes.map((command) => ({
      put: 'command',
      row: commandRow(command.saved, { ...command, hostId: resident.id }, at),
    })),
    moved: changes.flatMap(({ saved }) => {
      const { commandUUID } = saved.context
      const before = resident.commands.get(commandUUID)?.saved
      const move = { commandUUID, from: before?.value ?? null, to: saved.value }
      return hasMoved(before, saved) ? [move] : []
    }),
  }
}

/** A command may learn something and stay where it is; one that is sent once more has moved all the same. */
const hasMoved = (
  before: CommandSnapshot | undefined,
  { value, context }: CommandSnapshot,
): boolean => before?.value !== value || before.context.attempts !== context.attempts

/** The children of this turn, and those that have finished and left since they were last saved. */
function commandActors({ actor, commands }: Resident): ReadonlyMap<string, CommandActor> {
  const present = actor.children()
  if (commands.size === 0) return present
  return new Map([
    ...[...commands].map(([id, command]) => [id, command.actor] as const),
    ...present,
  ])
}

function commandChange(
  { id: hostId, commands }: Resident,
  commandUUID: string,
  actor: CommandActor,
): ResidentCommand | undefined {
  const before = commands.get(commandUUID)
  const saved = actor.snapshot()
  if (before?.saved === saved) return undefined
  return {
    actor,
    saved,
    version: (before?.version ?? 0) + 1,
    originHostId: before?.originHostId ?? hostId,
  }
}

/** Alarms, effects for the outbox and secrets to forget, as rows. */
function effectWrites(
  hostId: string,
  { type, params }: EffectAction,
  { steadyAt, performed }: TurnOptions,
): readonly Write[] {
  if (type === 'alarm.set') {
    const due_at = 'dueAt' in params ? params.dueAt : steadyAt + params.afterMs
    return [{ put: 'alarm', row: { host_id: hostId, name: params.name, due_at } }]
  }
  if (type === 'alarm.cancel') return [{ drop: 'alarm', host_id: hostId, name: params.name }]
  if (type === 'secret.drop') return [{ drop: 'sealed', ref: params.ref }]
  if (!outboxEffects.some((kind) => kind === type) || !performed.has(type)) return []
  const payload = JSON.stringify(params)
  // One row per effect and target: asking twice before it was done is asking once.
  const id = `${type}:${hostId}:${payload}`
  return [
    {
      put: 'outbox',
      row: {
        id,
        host_id: hostId,
        kind: type,
        payload,
        due_at: steadyAt,
        attempts: 0,
        created_at: steadyAt,
      },
    },
  ]
}
