import type { Chance } from './chance.ts'
import { run } from './command-results.ts'
import type { Deliveries, ReportStatus } from './deliveries.ts'
import type { Device } from './device.ts'
import { readCommand } from './mdm-command.ts'
import type { MdmCommand } from './mdm-command.ts'
import { report } from './mdm-messages.ts'
import type { PlistKeys } from './mdm-messages.ts'
import type { MdmExpectation } from './mdm-rules.ts'
import type { Answer, WireRequest } from './wire.ts'
import type { World } from './world.ts'
import { accuse } from './world.ts'

/** One of a device's channels to the server, with what it has not managed to say yet. */
export type Channel = {
  readonly identifiers: PlistKeys
  readonly deliveries: Deliveries
  /** A report whose answer never came: it is said again before anything else. */
  unreported: Report | undefined
}

type Report = {
  readonly commandUUID: string
  readonly status: ReportStatus
  readonly request: WireRequest
}

/** How a device talks: sends a message, judges the answer and gives it back if it was a 200. */
export type Say = (
  request: WireRequest,
  expectation?: MdmExpectation,
) => Promise<Answer | undefined>

export type Talk = {
  readonly device: Device
  readonly world: World
  readonly chance: Chance
  readonly say: Say
  /** Push topic of the profile it enrolled with. */
  readonly topic: () => string
}

/** A server that never runs out of commands must not keep a device talking for ever. */
const commandsPerConversationMax = 200

/**
 * One conversation: from Idle, or a report still owed, until the server has nothing more.
 *
 * Source: Apple, "Handling NotNow status responses"; at most one command in flight per channel.
 */
export async function converse(channel: Channel, talk: Talk): Promise<void> {
  let owed = channel.unreported
  for (let turn = 0; turn < commandsPerConversationMax; turn += 1) {
    const request = owed?.request ?? report('Idle', channel.identifiers)
    const answer = await exchange(channel, talk, { owed, request })
    const command = answer && received(channel, talk, { request, answer })
    if (!command) return
    owed = react(channel, talk, command)
    if (!owed) return
  }
}

type Message = { readonly owed: Report | undefined; readonly request: WireRequest }

/** Sends one message, and for a report sees to it that it is not lost. */
async function exchange(
  channel: Channel,
  talk: Talk,
  { owed, request }: Message,
): Promise<Answer | undefined> {
  channel.unreported = owed
  const answer = await talk.say(request)
  if (!answer || !owed) return answer
  channel.deliveries.reported(owed.commandUUID, owed.status)
  channel.unreported = undefined
  if (!talk.chance.happens(talk.world.rates.repeatReport)) return answer
  // The connection broke while the answer was on its way: whatever it held, the device never saw.
  received(channel, talk, { request, answer })
  return talk.say(request)
}

/** The command in an answer, checked against all this channel was sent before. */
function received(
  { deliveries }: Channel,
  { world, device }: Talk,
  { request, answer }: { readonly request: WireRequest; readonly answer: Answer },
): MdmCommand | undefined {
  const by = { computer: device.identity.name, request }
  const read = readCommand(answer.body)
  if (!read.ok) {
    accuse(world, by, [read.error])
    return undefined
  }
  if (read.value) accuse(world, by, deliveries.delivered(read.value))
  return read.value
}

/** Does what it was told, or not, and says what it will report. Nothing when the report gets lost. */
function react(channel: Channel, talk: Talk, command: MdmCommand): Report | undefined {
  const { device, world, chance } = talk
  const outcome = outcomeOf(command, talk)
  const keys =
    outcome === 'Acknowledged'
      ? run(command.requestType, command.command, device)
      : excuses[outcome]
  if (chance.happens(world.rates.lostReply) && outcome !== 'NotNow') return undefined
  const { commandUUID } = command
  const owed: Report = {
    commandUUID,
    status: outcome,
    request: report(outcome, { ...channel.identifiers, CommandUUID: commandUUID, ...keys }),
  }
  channel.unreported = owed
  return owed
}

function outcomeOf({ requestType }: MdmCommand, { world, chance }: Talk): ReportStatus {
  const { notNow, error, formatError } = world.rates
  const busy = chance.happens(notNow)
  const failing = chance.happens(error)
  const confused = chance.happens(formatError)
  if (busy && !neverPostponed.has(requestType)) return 'NotNow'
  if (confused) return 'CommandFormatError'
  return failing ? 'Error' : 'Acknowledged'
}

/** What a Mac does even in Power Nap. Source: Apple, "Handling NotNow status responses". */
const neverPostponed: ReadonlySet<string> = new Set([
  'DeviceLock',
  'EraseDevice',
  'RestartDevice',
  'ShutDownDevice',
  'DeleteUser',
])

const excuses: Readonly<Record<Exclude<ReportStatus, 'Acknowledged'>, PlistKeys>> = {
  NotNow: {},
  CommandFormatError: {
    ErrorChain: [
      {
        ErrorCode: 12_001,
        ErrorDomain: 'MCMDMErrorDomain',
        LocalizedDescription: 'Die Anfrage hat ein ungültiges Format.',
        USEnglishDescription: 'The request is malformed.',
      },
    ],
  },
  Error: {
    ErrorChain: [
      {
        ErrorCode: 12_021,
        ErrorDomain: 'MCMDMErrorDomain',
        LocalizedDescription: 'Befehl fehlgeschlagen.',
        USEnglishDescription: 'The command failed.',
      },
      {
        ErrorCode: -1_009,
        ErrorDomain: 'NSURLErrorDomain',
        LocalizedDescription: 'The Internet connection appears to be offline.',
      },
    ],
  },
}
