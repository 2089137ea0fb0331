import type { ErrorChainItem as KeptItem } from '../../machines/command.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import type { CommandRow } from '../../storage/rows.ts'
import type { CommandReport, ErrorChainItem, OddReport, Report } from '../protocol/mdm/report.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Ask } from '../runtime/ask.ts'
import { digestOf } from '../secrets/sealing.ts'
import { keptStray } from './stray-bodies.ts'
import { commandAt } from './command-ids.ts'
import type { Credential } from './credential.ts'
import { type MdmAnswer, type MdmRefusal, nothing, refusalOf, refused } from './mdm-answer.ts'
import { factsOfResult } from './mdm-facts.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import type { Party } from './mdm-parties.ts'
import type { Turnstile } from './turnstile.ts'

/** Error chains are a handful of items; more, or longer texts, help nobody. */
const chainMax = 16
const chainTextMax = 1_000

/** Commands passed over in one answer since what they ask for is lost: the others end at the next Idle. */
const lostMax = 64

/** A report, with what was read of it and as it came. */
type Reported = {
  readonly party: Party
  readonly message: CommandReport
  readonly body: Uint8Array
  /** Of the command it is about; the reported CommandUUID where the channel has no such command. */
  readonly id: string
}

type OddlyReported = Omit<Reported, 'message' | 'id'> & { readonly message: OddReport }

type Told = Pick<Ask, 'events' | 'withReply'>

type TakeReport = (message: Report, body: Uint8Array, credential: Credential) => Promise<MdmAnswer>

/** Takes a report and answers with the channel's next command: in one turn, durable before the answer. */
export function createReports(means: MdmMeans, inOrder: Turnstile): TakeReport {
  return async (message, body, credential) => {
    const speaker = await means.speakers.of(message.enrollment, credential)
    if (!speaker.ok) return refused(speaker.error)
    const party = speaker.value
    if (message.status === 'odd') return oddly(means, { party, message, body })
    // A second report of one command must find the first durable: else its body would replace the result.
    if (message.status !== 'Idle') {
      // Another device's command of the same CommandUUID goes by another id.
      const own = commandAt(means.lookups, message.commandUUID, party)
      const id = own?.command_uuid ?? message.commandUUID
      const report = { party, message, body, id }
      const answer = inOrder([id], () => reported(means, report))
      return answer ?? refused('overloaded')
    }
    const at = means.world.now()
    return converse(means, party, { events: [{ type: 'mdm.Idle', at, channel: party.channel }] })
  }
}

/** It does not say how which command went: kept, journalled and answered like an Idle. */
async function oddly(means: MdmMeans, { party, message, body }: OddlyReported): Promise<MdmAnswer> {
  const { commandUUID, reason } = message
  const own = commandUUID === null ? undefined : commandAt(means.lookups, commandUUID, party)
  const event: HostEvent = {
    type: 'mdm.unread_report',
    at: means.world.now(),
    channel: party.channel,
    commandUUID: own?.open === 1 ? own.command_uuid : null,
    reason,
  }
  const kept = await keptStray(means, party.hostId, body)
  return kept.ok
    ? converse(means, party, { events: [event], withReply: [kept.value] })
    : refused('unavailable')
}

async function reported(means: MdmMeans, report: Reported): Promise<MdmAnswer> {
  const command = means.lookups.command(report.id)
  const isOpen =
    command?.open === 1 &&
    command.host_id === report.party.hostId &&
    command.channel === report.party.channel
  const told = isOpen ? await aboutOpen(means, report) : await aboutStray(means, report, command)
  return told.ok ? converse(means, report.party, told.value) : refused(told.error)
}

/** Commands whose payload is lost end here one after the other, so that they block none behind them. */
async function converse(means: MdmMeans, party: Party, told: Told): Promise<MdmAnswer> {
  let next = told
  for (let passed = 0; passed < lostMax; passed += 1) {
    const heard = await once(means, party, next)
    if (!('lost' in heard)) return heard
    const at = means.world.now()
    next = {
      events: [
        { type: 'request.lost', at, commandUUID: heard.lost },
        { type: 'mdm.Idle', at, channel: party.channel },
      ],
    }
  }
  return refused('failed')
}

/** The answer, or the command whose payload can never be read again. */
async function once(
  means: MdmMeans,
  party: Party,
  told: Told,
): Promise<MdmAnswer | { readonly lost: string }> {
  const cause = byDevice(party)
  const asked = await means.hosts.ask(party.hostId, { ...told, cause, seen: 'mdm' })
  // It is kept for people to look at, and would come again for ever.
  if (!asked.ok && asked.error.kind === 'set-apart') return nothing
  if (!asked.ok) return refused(refusalOf(asked.error))
  const { reply } = asked.value
  if (reply === undefined) return refused('not-enrolled')
  if (reply.kind !== 'command') return nothing
  const request = await means.sealing.open(`${reply.commandUUID}.request`)
  if (request.ok) return { kind: 'command', bytes: request.value }
  // Blob storage that cannot be read now says nothing about the command: it waits.
  return request.error === 'unavailable' ? refused('unavailable') : { lost: reply.commandUUID }
}

async function aboutOpen(
  { sealing, world }: MdmMeans,
  { party, message, body, id }: Reported,
): Promise<Result<Told, MdmRefusal>> {
  const { status } = message
  const shared = { at: world.now(), channel: party.channel, commandUUID: id }
  if (status === 'NotNow') return ok({ events: [{ type: 'mdm.NotNow', ...shared }] })
  const resultRef = `${id}.result`
  const sealed = await sealing.seal({
    ref: resultRef,
    hostId: party.hostId,
    kind: 'command.result',
    bytes: body,
  })
  if (!sealed.ok) return fail('unavailable')
  const event: HostEvent = {
    type: `mdm.${status}`,
    ...shared,
    facts: factsOfResult(message.raw),
    resultRef,
    resultDigest: digestOf(body),
    ...(message.unread !== undefined && { unread: message.unread }),
    errorChain: message.errorChain.slice(0, chainMax).map(keptItem),
  }
  return ok({ events: [event], withReply: [sealed.value] })
}

/** Late, doubled, another host's or nobody's: journalled, kept, and never an error to the device. */
async function aboutStray(
  { sealing, world }: MdmMeans,
  { party, message, body }: Reported,
  command: CommandRow | undefined,
): Promise<Result<Told, MdmRefusal>> {
  const { commandUUID, status } = message
  const standing = standingOf(command, party)
  const digest = digestOf(body)
  const isRepeat = standing === 'finished' && command?.snapshot.includes(digest) === true
  const event: HostEvent = {
    type: 'mdm.stray_report',
    at: world.now(),
    channel: party.channel,
    commandUUID,
    status,
    standing,
    differs: standing === 'finished' && status !== 'NotNow' && !isRepeat,
  }
  if (isRepeat || standing === 'foreign') return ok({ events: [event] })
  const sealed = await keptStray({ sealing }, party.hostId, body)
  return sealed.ok ? ok({ events: [event], withReply: [sealed.value] }) : sealed
}

function standingOf(
  command: CommandRow | undefined,
  { hostId, channel }: Party,
): 'finished' | 'foreign' | 'unknown' {
  if (command === undefined) return 'unknown'
  return command.host_id === hostId && command.channel === channel ? 'finished' : 'foreign'
}

const keptItem = (item: ErrorChainItem): KeptItem => ({
  ErrorCode: Number(item.ErrorCode ?? 0),
  ErrorDomain: clipped(item.ErrorDomain),
  LocalizedDescription: clipped(item.LocalizedDescription),
  ...(item.USEnglishDescription !== undefined && {
    USEnglishDescription: clipped(item.USEnglishDescription),
  }),
})

const clipped = (text = ''): string => text.slice(0, chainTextMax).toWellFormed()
