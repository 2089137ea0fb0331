// What must hold of the durable rows after every turn, from rows alone: nothing here asks the runtime.
import type { CommandSnapshot } from '../../machines/command.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { CommandRow, HostActorRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import { hostFaults } from './host-oracles.ts'
import type { DurableRows } from './model-store.ts'

export type Oracles = {
  /** After each durable turn. */
  applied(writes: readonly Write[]): void
  /** An effect is about to leave the process. */
  performing(outboxId: string): void
  /** As far as the time by which things are due was ever written down to have come. */
  markedAt(): number
  /** The process died: what it meant to do and did not write down will never be done. */
  died(): void
}

type OracleOptions = {
  readonly rows: DurableRows
  /** The latest by which anything may be due. */
  readonly latestAt: () => number
  readonly violate: (what: string) => void
  /** Two computers may enrol under one key, as clones do. */
  readonly sharesKeys: boolean
}

type Put<Kind> = Extract<Write, { readonly put: Kind }>

const reportedStates: ReadonlySet<string> = new Set(['acknowledged', 'error', 'format_error'])

export function createOracles(options: OracleOptions): Oracles {
  const { rows, latestAt, violate } = options
  const lastSeqs = new Map<string, number>()
  const versions = new Map<string, number>()
  const commands = new Map<string, CommandRow>()
  /** Effects asked for since they were last begun. */
  const owed = new Set<string>()
  let markedAt = 0

  function ofWrite(write: Write): void {
    if ('move' in write) return
    if ('advance' in write) return ofTurn(write)
    if ('drop' in write) {
      if (write.drop === 'host') versions.delete(write.id)
      return
    }
    if (write.put === 'outbox') owed.add(write.row.id)
    if (write.put === 'clock') markedAt = Math.max(markedAt, write.row.at)
    if (write.put === 'host_actor') ofTurn(write.row)
    if (write.put === 'command') ofCommand(write)
    if (write.put === 'claim') ofClaim(write)
  }

  function ofTurn({ host_id, version }: Pick<HostActorRow, 'host_id' | 'version'>): void {
    const before = versions.get(host_id) ?? 0
    if (version !== before + 1) violate(`${host_id} went from version ${before} to ${version}`)
    versions.set(host_id, version)
  }

  function ofCommand({ row }: Put<'command'>): void {
    const before = commands.get(row.command_uuid)
    if (before === undefined) ofSeq(row)
    const from = before?.version ?? 0
    if (row.version !== from + 1)
      violate(`${row.command_uuid} went from version ${from} to ${row.version}`)
    if (before?.open === 0)
      violate(`${row.command_uuid} was ${before.state} and became ${row.state}`)
    ofCommandRow(row)
  }

  /** A command moves as its host's turn says, which was decided on what that host was then and is refused if it moved on. */
  function ofFences(writes: readonly Write[]): void {
    const fenced = new Set(
      writes.flatMap((write) => {
        if ('advance' in write) return [write.host_id]
        return 'put' in write && write.put === 'host_actor' ? [write.row.host_id] : []
      }),
    )
    for (const write of writes)
      if ('put' in write && write.put === 'command' && !fenced.has(write.row.host_id))
        violate(`${write.row.command_uuid} is ${write.row.state}, whatever became of its host`)
  }

  /** What a host is asked for later is offered later, whatever the clock did meanwhile. */
  function ofSeq({ command_uuid, host_id, seq }: CommandRow): void {
    if (seq <= (lastSeqs.get(host_id) ?? 0))
      violate(`${command_uuid} is numbered before a command that was there first`)
    lastSeqs.set(host_id, seq)
  }

  function ofCommandRow(row: CommandRow): void {
    const { command_uuid, state, expires_at } = row
    // It may have been later when the timer fired than it is now.
    if (state === 'expired' && latestAt() < expires_at)
      violate(`${command_uuid} expired ${expires_at - latestAt()} ms early`)
    // Nothing damages what is stored here.
    if (state === 'failed') violate(`${command_uuid} lost its payload`)
    const snapshot = JSON.parse(row.snapshot) as CommandSnapshot
    const open = snapshot.status === 'active' ? 1 : 0
    if (snapshot.value !== state || open !== row.open)
      violate(`the row of ${command_uuid} says ${state} and its snapshot ${snapshot.value}`)
  }

  /** At most one live host owns an identifier. */
  function ofClaim({ row: { kind, value } }: Put<'claim'>): void {
    const owners = rows.lookups.claimsOn(kind, value).filter(({ status }) => status === 'active')
    if (owners.length > 1) violate(`${owners.length} hosts own the ${kind} ${value}`)
    for (const { host_id } of owners)
      if (rows.lookups.host(host_id)?.merged_into !== null)
        violate(`${kind} ${value} is owned by ${host_id}, which is no live host`)
  }

  /** A result's body is written with the report that ends its command, and never again. */
  function ofResults(writes: readonly Write[]): void {
    for (const write of writes)
      if ('put' in write && write.put === 'sealed' && write.row.kind === 'command.result') {
        const before = commands.get(write.row.ref.replace(/\.result$/, ''))
        // One that expired just before keeps what its device says all the same.
        if (before !== undefined && reportedStates.has(before.state))
          violate(`a second result was written to ${write.row.ref}`)
      }
  }

  /** A command for a channel that sleeps must wake it. */
  function ofWaking(writes: readonly Write[]): void {
    for (const write of writes) {
      if (!('put' in write && write.put === 'command' && write.row.version === 1)) continue
      const { host_id, channel, command_uuid } = write.row
      const id = `apns.push:${host_id}:${JSON.stringify({ channel })}`
      const isAsleep = !isBusy(write.row) && hasAddress(write.row)
      if (isAsleep && rows.tables.outbox.get(id) === undefined)
        violate(`${command_uuid} was taken and nobody wakes its channel`)
    }
  }

  const isBusy = ({ host_id, channel }: CommandRow): boolean =>
    [...commands.values()].some(
      (other) =>
        other.host_id === host_id &&
        other.channel === channel &&
        (other.state === 'sent' || other.state === 'pushed'),
    )

  function hasAddress({ host_id, channel }: CommandRow): boolean {
    const actor = rows.lookups.hostActor(host_id)
    const { context } = JSON.parse(actor?.snapshot ?? '{}') as Partial<HostSnapshot>
    return (context?.channels[channel]?.pushRef ?? null) !== null
  }

  function remember(writes: readonly Write[]): void {
    for (const write of writes)
      if ('move' in write)
        for (const row of rows.tables.commands.where(({ host_id }) => host_id === write.to))
          commands.set(row.command_uuid, row)
      else if ('put' in write && write.put === 'command')
        commands.set(write.row.command_uuid, write.row)
  }

  return {
    applied(writes) {
      for (const write of writes) ofWrite(write)
      ofFences(writes)
      ofResults(writes)
      ofWaking(writes)
      remember(writes)
      for (const hostId of touched(writes))
        for (const fault of hostFaults(rows.lookups, hostId, options.sharesKeys)) violate(fault)
    },
    performing(outboxId) {
      if (rows.tables.outbox.get(outboxId) === undefined)
        violate(`${outboxId} was performed and is not durable`)
      owed.delete(outboxId)
    },
    markedAt: () => markedAt,
    died() {
      for (const id of owed)
        if (rows.tables.outbox.get(id) !== undefined) continue
        else if (rows.lookups.host(id.split(':')[1] ?? '') === undefined) owed.delete(id)
        else violate(`${id} was asked for, not performed, and is forgotten`)
    },
  }
}

const ofOneHost: ReadonlySet<string> = new Set([
  'host_actor',
  'command',
  'alarm',
  'enrollment',
  'dep_device',
  'agent',
])

const touched = (writes: readonly Write[]): ReadonlySet<string> =>
  new Set(writes.flatMap((write) => hostsOf(write)))

function hostsOf(write: Write): readonly string[] {
  if ('move' in write) return [write.from, write.to]
  if ('host_id' in write) return [write.host_id]
  if ('drop' in write) return write.drop === 'host' ? [write.id] : []
  if (write.put === 'host') return [write.row.id]
  return ofOneHost.has(write.put) && 'host_id' in write.row ? [write.row.host_id ?? ''] : []
}
