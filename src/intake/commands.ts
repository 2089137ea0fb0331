// What operators ask of computers: commands, sent once and only once, and taken back while that is possible.
import type { CommandContext } from '../../machines/command.ts'
import type { HostContext } from '../../machines/host-context.ts'
import { upgradeSnapshot } from '../../machines/versions.ts'
import type { CommandRow } from '../../storage/rows.ts'
import type { Store } from '../../storage/store.ts'
import { buildCommand, unsafeToRepeat } from '../protocol/mdm/command.ts'
import type { Dict } from '../protocol/plist/value.ts'
import { fail, ok, type Result } from '../result.ts'
import type { AskFault, Cause } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import type { Vault } from '../secrets/vault.ts'
import { wishText } from './wish-text.ts'

export type Wish = {
  readonly hostId: string
  /** Chosen by us when left out; given again with the same wish it is the same command. */
  readonly commandUUID?: string
  /** Enrollment key; the host's device channel when left out. */
  readonly channel?: string
  readonly requestType: string
  readonly payload: Dict
  readonly priority: number
  readonly expiresInMs: number
}

export type SendFault =
  | AskFault
  | { readonly kind: 'not-enrolled' }
  | { readonly kind: 'quarantined' }
  | { readonly kind: 'unknown-channel'; readonly channels: readonly string[] }
  /** The UUID belongs to a command that is not this wish. */
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
  /** Takes back what was never sent. */
  cancel(commandUUID: string, cause: Cause): Promise<Result<CommandRow, CancelFault>>
}

type CommandsOptions = {
  readonly store: Store
  readonly hosts: Hosts
  readonly vault: Vault
  readonly world: World
  /** SHA-256 as hexadecimal digits. */
  readonly digest: (bytes: Uint8Array) => string
}

export function createCommands(options: CommandsOptions): Commands {
  const { store, hosts, world } = options
  let lastSeq = 0

  /** Counts on over restarts, and two commands of one millisecond still differ. */
  function nextSeq(): number {
    lastSeq = Math.max(lastSeq + 1, world.now() * 1_000)
    return lastSeq
  }

  /** The command that has the UUID already, if it is this very wish. */
  function known(
    wish: Wish,
    commandUUID: string,
    digest: string,
  ): Result<CommandRow, SendFault> | undefined {
    const row = store.lookups.command(commandUUID)
    if (row === undefined) return undefined
    const same = row.host_id === wish.hostId && row.request_digest === digest
    return same ? ok(row) : fail({ kind: 'exists' })
  }

  async function send(wish: Wish, cause: Cause): ReturnType<Commands['send']> {
    const commandUUID = wish.commandUUID ?? world.uuid()
    const digest = options.digest(new TextEncoder().encode(wishText(wish)))
    const before = known(wish, commandUUID, digest)
    if (before !== undefined) return before.ok ? ok({ row: before.value, isNew: false }) : before
    const looked = await hosts.look(wish.hostId)
    if (!looked.ok) return looked
    const channel = channelFor(looked.value.snapshot.context, wish.channel)
    if (!channel.ok) return channel
    const asked = await hosts.ask(wish.hostId, {
      events: [
        {
          type: 'operator.enqueue',
          at: world.now(),
          commandUUID,
          channel: channel.value,
          requestType: wish.requestType,
          priority: wish.priority,
          seq: nextSeq(),
          expiresAt: world.now() + wish.expiresInMs,
          repeatable: !unsafeToRepeat(wish.requestType, wish.payload),
          requestRef: requestRefOf(commandUUID),
          requestDigest: digest,
        },
      ],
      cause,
      writes: [{ put: 'sealed', row: sealedRequest(options, wish, commandUUID) }],
    })
    const taken = asked.ok && asked.value.reply?.kind === 'done'
    // A repeat may have overtaken us: two requests with one UUID, or one that was sent twice.
    const after = known(wish, commandUUID, digest)
    if (after !== undefined) return after.ok ? ok({ row: after.value, isNew: taken }) : after
    return fail(asked.ok ? refusalOf(asked.value.reply) : asked.error)
  }

  async function cancel(commandUUID: string, cause: Cause): ReturnType<Commands['cancel']> {
    const row = store.lookups.command(commandUUID)
    if (row === undefined) return fail({ kind: 'no-such-command' })
    if (row.open === 0) return fail({ kind: 'too-late', state: row.state })
    const asked = await hosts.ask(row.host_id, {
      events: [{ type: 'operator.cancel', at: world.now(), commandUUID }],
      cause,
    })
    if (!asked.ok) return asked
    const now = store.lookups.command(commandUUID) ?? row
    return asked.value.reply?.kind === 'done'
      ? ok(now)
      : fail({ kind: 'too-late', state: now.state })
  }

  return { send, cancel }
}

/** Where a command's bytes are sealed. */
export const requestRefOf = (commandUUID: string): string => `${commandUUID}.request`

/** What the actor of a command knows, also of one that is over. */
export function commandContext(row: CommandRow): CommandContext {
  const stored = JSON.parse(row.snapshot) as { readonly [key: string]: unknown }
  // A command's snapshot, brought to the present version, has a command's context.
  return upgradeSnapshot('command', row.machine_version, stored)['context'] as CommandContext
}

function channelFor(
  { quarantined, channels }: HostContext,
  wished: string | undefined,
): Result<string, SendFault> {
  if (quarantined) return fail({ kind: 'quarantined' })
  const keys = Object.keys(channels)
  if (keys.length === 0) return fail({ kind: 'not-enrolled' })
  const device = keys.find((key) => channels[key]?.kind === 'device')
  const channel = wished ?? device
  return channel !== undefined && Object.hasOwn(channels, channel)
    ? ok(channel)
    : fail({ kind: 'unknown-channel', channels: keys })
}

function sealedRequest({ vault }: CommandsOptions, wish: Wish, commandUUID: string) {
  const { requestType, payload, hostId } = wish
  const ref = requestRefOf(commandUUID)
  const bytes = buildCommand({ commandUUID, requestType, payload })
  return {
    ref,
    host_id: hostId,
    kind: 'command.request',
    sealed: vault.seal(ref, bytes),
    blob: null,
  }
}

/** The host said no, or its state changed between our look and the turn. */
const refusalOf = (
  reply: { readonly kind: string; readonly reason?: string } | undefined,
): SendFault => (reply?.reason === 'full' ? { kind: 'full' } : { kind: 'conflict' })
