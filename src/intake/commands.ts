// What operators ask of computers: commands, sent once and only once, and taken back while that is possible.
import type { CommandContext } from '../../machines/command.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import { dotted } from '../../machines/standing.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { upgradeSnapshot } from '../../machines/versions.ts'
import type { CommandRow } from '../../storage/rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { buildCommand, unsafeToRepeat } from '../protocol/mdm/command.ts'
import { wishText } from '../protocol/mdm/wish-text.ts'
import type { Dict } from '../protocol/plist/value.ts'
import { fail, ok, type Result } from '../result.ts'
import type { AskFault, Cause } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import { digestOf, type Sealing } from '../secrets/sealing.ts'
import {
  commandAt,
  type CommandIds,
  commandOn,
  commandsByRef,
  commandUuidOf,
  createCommandIds,
} from './command-ids.ts'
import { createTurnstile } from './turnstile.ts'

export type Wish = {
  readonly hostId: string
  /** Chosen by us when left out; given again for the same channel with the same wish it is the same command. */
  readonly commandUUID?: string
  /** Enrollment key; the host's device channel when left out. */
  readonly channel?: string
  readonly requestType: string
  /** The keys of Command beside RequestType, or who writes them where they are too many to do it here. */
  readonly payload: Dict | Writer
  readonly priority: number
  readonly expiresInMs: number
  /** Not to wake the device for it: it is there when the device comes. */
  readonly silent?: boolean
}

/** Writes a command whose payload only it knows. */
export type Writer = (
  form: Pick<Wish, 'channel' | 'priority' | 'expiresInMs'> & { readonly commandUUID: string },
) => Promise<Result<Written, { readonly kind: 'unavailable'; readonly detail: string }>>

export type Written = {
  /** The property list for the device. */
  readonly bytes: Uint8Array
  /** SHA-256 of the wish's text in hexadecimal, by which it is known when it is sent again. */
  readonly digest: string
  /** False for what must not run twice. */
  readonly repeatable: boolean
}

export type SendFault =
  | AskFault
  | { readonly kind: 'not-enrolled' }
  | { readonly kind: 'quarantined' }
  | { readonly kind: 'unknown-channel'; readonly channels: readonly string[] }
  /** The channel has another command of that UUID. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'full' }

export type CancelFault =
  | AskFault
  | { readonly kind: 'no-such-command' }
  /** It left already or is over; `state` says which. */
  | { readonly kind: 'too-late'; readonly state: string }

export type Commands = {
  /** `isNew` is false when the same wish was taken before. Durable once it resolves. */
  send(
    wish: Wish,
    cause: Cause,
  ): Promise<Result<{ readonly row: CommandRow; readonly isNew: boolean }, SendFault>>
  /** Every command a reference fits: its id, or the CommandUUID that several hosts may have commands of. */
  find(ref: string): readonly CommandRow[]
  /** The CommandUUID that the device knows a command by. */
  uuidOf(id: string): string
  /** Takes back what was never sent. By the id of its row. */
  cancel(id: string, cause: Cause): Promise<Result<CommandRow, CancelFault>>
}

type CommandsOptions = {
  readonly store: Store
  readonly hosts: Hosts
  readonly sealing: Sealing
  readonly world: World
}

export function createCommands(options: CommandsOptions): Commands {
  const inOrder = createTurnstile()
  const nextSeq = createSeqs(options)
  const ids = createCommandIds(options.store.lookups)
  return {
    async send(wish, cause) {
      const commandUUID = wish.commandUUID ?? options.world.uuid()
      const { payload } = wish
      const written =
        typeof payload === 'function'
          ? await payload({ ...wish, commandUUID })
          : ok(writtenHere({ ...wish, payload, commandUUID }))
      if (!written.ok) return written
      const sending: Sending = { ...wish, ...written.value, commandUUID, nextSeq, ids, cause }
      // Two requests with one UUID for one host must not both seal a body under it.
      const key = `${wish.hostId} ${commandUUID}`
      return inOrder([key], () => send(options, sending)) ?? fail({ kind: 'overloaded' })
    },
    find: (ref) => commandsByRef(options.store.lookups, ref),
    uuidOf: (id) => commandUuidOf(options.store.lookups, id),
    cancel: (id, cause) => cancel(options, id, cause),
  }
}

function writtenHere(
  wish: Wish & { readonly payload: Dict; readonly commandUUID: string },
): Written {
  return {
    bytes: buildCommand(wish),
    digest: digestOf(new TextEncoder().encode(wishText(wish))),
    repeatable: !unsafeToRepeat(wish.requestType, wish.payload),
  }
}

/** Counts on over restarts, also when the clock was put back, and two commands of one millisecond still differ. */
function createSeqs({ world, store }: Pick<CommandsOptions, 'world' | 'store'>): () => number {
  let last: number | undefined
  return () => {
    last ??= store.lookups.lastCommandSeq()
    last = Math.max(last + 1, world.now() * 1_000)
    return last
  }
}

type Sending = Wish &
  Written & {
    readonly commandUUID: string
    readonly nextSeq: () => number
    readonly ids: CommandIds
    readonly cause: Cause
  }

async function send(options: CommandsOptions, sending: Sending): ReturnType<Commands['send']> {
  const { store, hosts } = options
  const { commandUUID, hostId, digest } = sending
  // The same wish again is answered whatever became of the host since.
  const same = commandOn(store.lookups, commandUUID, { hostId, digest })
  if (same !== undefined) return ok({ row: same, isNew: false })
  const looked = await hosts.look(hostId)
  if (!looked.ok) return looked
  const channel = channelFor(looked.value.snapshot, sending.channel)
  if (!channel.ok) return channel
  const before = commandAt(store.lookups, commandUUID, { hostId, channel: channel.value })
  if (before !== undefined)
    return before.request_digest === digest
      ? ok({ row: before, isNew: false })
      : fail({ kind: 'exists' })
  return sending.ids.withNewId(commandUUID, channel.value, async (id) =>
    id === undefined
      ? fail({ kind: 'exists' })
      : enqueue(options, { ...sending, id, channel: channel.value }),
  )
}

type Enqueuing = Sending & { readonly id: string; readonly channel: string }

async function enqueue(
  { store, hosts, sealing, world }: CommandsOptions,
  enqueuing: Enqueuing,
): ReturnType<Commands['send']> {
  const { id, commandUUID, hostId, cause, bytes } = enqueuing
  const ref = requestRefOf(id)
  const sealed = await sealing.seal({ ref, hostId, kind: 'command.request', bytes })
  if (!sealed.ok) return fail({ kind: 'unavailable', detail: 'the request could not be sealed' })
  const named: readonly Write[] =
    id === commandUUID
      ? []
      : [{ put: 'command_name', row: { command_uuid: id, name: commandUUID } }]
  const asked = await hosts.ask(hostId, {
    events: [enqueueEvent(enqueuing, world)],
    cause,
    writes: [sealed.value, ...named],
  })
  if (!asked.ok) return asked
  const row = store.lookups.command(id)
  if (row !== undefined) return ok({ row, isNew: true })
  // Refused, so nobody will ever ask for what rode along.
  await store.commit([
    { drop: 'sealed', ref },
    { drop: 'command_name', command_uuid: id },
  ])
  return fail(refusalOf(asked.value.reply))
}

const enqueueEvent = (sending: Enqueuing, world: World): HostEvent => ({
  type: 'operator.enqueue',
  at: world.now(),
  commandUUID: sending.id,
  channel: sending.channel,
  requestType: sending.requestType,
  priority: sending.priority,
  seq: sending.nextSeq(),
  expiresAt: world.steady() + sending.expiresInMs,
  repeatable: sending.repeatable,
  requestRef: requestRefOf(sending.id),
  requestDigest: sending.digest,
  ...(sending.silent === true && { silent: true }),
})

async function cancel(
  { store, hosts, world }: CommandsOptions,
  id: string,
  cause: Cause,
): ReturnType<Commands['cancel']> {
  const row = store.lookups.command(id)
  if (row === undefined) return fail({ kind: 'no-such-command' })
  if (row.open === 0) return fail({ kind: 'too-late', state: row.state })
  const asked = await hosts.ask(row.host_id, {
    events: [{ type: 'operator.cancel', at: world.now(), commandUUID: id }],
    cause,
  })
  if (!asked.ok) return asked
  const now = store.lookups.command(id) ?? row
  return asked.value.reply?.kind === 'done' ? ok(now) : fail({ kind: 'too-late', state: now.state })
}

/** Where a command's bytes are sealed. */
const requestRefOf = (id: string): string => `${id}.request`

/** What the actor of a command knows, also of one that is over. */
export function commandContext(row: CommandRow): CommandContext {
  const stored = JSON.parse(row.snapshot) as { readonly [key: string]: unknown }
  // A command's snapshot, brought to the present version, has a command's context.
  return upgradeSnapshot('command', row.machine_version, stored)['context'] as CommandContext
}

function channelFor(
  { value, context: { quarantined, channels } }: HostSnapshot,
  wished: string | undefined,
): Result<string, SendFault> {
  if (quarantined) return fail({ kind: 'quarantined' })
  const keys = Object.keys(channels)
  const isErased = dotted(value.mdm) === 'enrolled.erased'
  if (keys.length === 0 || isErased) return fail({ kind: 'not-enrolled' })
  const device = keys.find((key) => channels[key]?.kind === 'device')
  const channel = wished ?? device
  return channel !== undefined && Object.hasOwn(channels, channel)
    ? ok(channel)
    : fail({ kind: 'unknown-channel', channels: keys })
}

/** The host said no, or its state changed between our look and the turn. */
const refusalOf = (
  reply: { readonly kind: string; readonly reason?: string } | undefined,
): SendFault => (reply?.reason === 'full' ? { kind: 'full' } : { kind: 'conflict' })
