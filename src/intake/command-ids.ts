// Under which id a command is stored. Usually that is its CommandUUID; but a CommandUUID need not be unique in the fleet,
// nor fit to be an id, and then the id is made of the CommandUUID and the channel.
import type { CommandRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { digestOf } from '../secrets/sealing.ts'

/** What may be the id of an actor, the key of a row and a path segment. */
const isCommandId = (text: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(text)

/** Legible characters of the CommandUUID in an id, and hexadecimal digits behind them that make it unique. */
const legibleChars = 40
const uniqueDigits = 15

/**
 * The last digit of an id. A channel may belong to one host after the other, as when a host is forgotten and its device
 * enrolls again, and each of them may have a command of that CommandUUID.
 */
const lastDigits = '0123456789abcdef'.split('')

const isMadeId = (id: string): boolean => /-[0-9a-f]{16}$/.test(id)

/** All ids that are made of a CommandUUID and a channel, but for the last digit. */
function stemOf(commandUUID: string, channel: string): string {
  const legible = commandUUID.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, legibleChars)
  const digest = digestOf(new TextEncoder().encode(`${commandUUID}\n${channel}`))
  return `${legible}-${digest.slice(0, uniqueDigits)}`
}

type Rows = Pick<Lookups, 'command' | 'commandsBetween' | 'commandName' | 'commandsNamed'>

/** Where a command is, or would be if it existed. */
export type CommandPlace = { readonly hostId: string; readonly channel: string }

const isAt = (row: CommandRow, { hostId, channel }: CommandPlace): boolean =>
  row.host_id === hostId && row.channel === channel

/** The command that a channel of a host knows by that CommandUUID; of several, one that is not over. */
export function commandAt(
  rows: Rows,
  commandUUID: string,
  place: CommandPlace,
): CommandRow | undefined {
  const found = isCommandId(commandUUID) ? rows.command(commandUUID) : undefined
  const plain =
    found !== undefined &&
    isAt(found, place) &&
    commandUuidOf(rows, found.command_uuid) === commandUUID
      ? found
      : undefined
  if (plain?.open === 1) return plain
  const stem = stemOf(commandUUID, place.channel)
  const made = rows.commandsBetween(`${stem}0`, `${stem}f`).filter((row) => isAt(row, place))
  return made.find(({ open }) => open === 1) ?? plain ?? made[0]
}

/** The host's command with that CommandUUID and request, while its CommandUUID is its id. */
export function commandOn(
  rows: Rows,
  commandUUID: string,
  { hostId, digest }: { readonly hostId: string; readonly digest: string },
): CommandRow | undefined {
  const row = isCommandId(commandUUID) ? rows.command(commandUUID) : undefined
  const isSame = row?.host_id === hostId && row.request_digest === digest
  return isSame && commandUuidOf(rows, commandUUID) === commandUUID ? row : undefined
}

/** The CommandUUID that the device of a command knows it by. */
export const commandUuidOf = (rows: Pick<Rows, 'commandName'>, id: string): string =>
  isMadeId(id) ? (rows.commandName(id)?.name ?? id) : id

/** Commands of one CommandUUID that are read at once, so that an ambiguous reference costs little. */
const namedMax = 100

/** Every command a reference fits, by its id or its CommandUUID. */
export function commandsByRef(rows: Rows, ref: string): readonly CommandRow[] {
  const byId = rows.command(ref)
  const named = rows.commandsNamed(ref, namedMax)
  return [
    ...(byId === undefined ? [] : [byId]),
    ...named.flatMap(({ command_uuid }) => rows.command(command_uuid) ?? []),
  ]
}

export type CommandIds = {
  /** Runs with an id that no other command has or is being given; with none where all are taken. */
  withNewId<Value>(
    commandUUID: string,
    channel: string,
    task: (id: string | undefined) => Promise<Value>,
  ): Promise<Value>
}

export function createCommandIds(rows: Rows): CommandIds {
  /** Ids of commands that are not durable yet. */
  const taken = new Set<string>()
  const isFree = (id: string): boolean => !taken.has(id) && rows.command(id) === undefined

  function newId(commandUUID: string, channel: string): string | undefined {
    if (isCommandId(commandUUID) && isFree(commandUUID)) return commandUUID
    const stem = stemOf(commandUUID, channel)
    return lastDigits.map((digit) => `${stem}${digit}`).find(isFree)
  }

  return {
    async withNewId(commandUUID, channel, task) {
      const id = newId(commandUUID, channel)
      if (id === undefined) return task(id)
      taken.add(id)
      try {
        return await task(id)
      } finally {
        taken.delete(id)
      }
    },
  }
}
