// What the server said to the world, held against what is durable at the moment it says so.
import type { HostContext } from '../../machines/host-context.ts'
import type { MdmAnswer } from '../../src/intake/mdm-answer.ts'
import type { OsqueryReply } from '../../src/protocol/osquery/reply.ts'
import { unsafeToRepeat } from '../../src/protocol/mdm/command.ts'
import { dictOf } from '../../src/protocol/plist/value.ts'
import { hashToken } from '../../src/secrets/tokens.ts'
import type { CommandRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import type { Hardware } from './computer.ts'
import { commandIn, type Outcome, type Speaker } from './mdm-client.ts'

export type Witness = {
  checkedIn(messageType: string, who: Speaker, answer: MdmAnswer): void
  /** A report is on its way into the server. */
  reporting(outcome: Outcome | undefined): void
  reported(who: Speaker, outcome: Outcome | undefined, answer: MdmAnswer): void
  agentAnswered(answer: OsqueryReply): void
  commandTaken(commandUUID: string): void
  commandCancelled(commandUUID: string): void
  /** Commands an operator was told are taken. */
  readonly taken: ReadonlySet<string>
  /** When each computer last had its conversation brought to an end. */
  servedAt(who: Hardware): number
}

type WitnessOptions = {
  readonly lookups: Lookups
  readonly now: () => number
  readonly violate: (what: string) => void
  /** Clones enrol under one key: what one of them says of the command of another is nobody's result. */
  readonly sharesKeys: boolean
}

export function createWitness({ lookups, now, violate, sharesKeys }: WitnessOptions): Witness {
  const sends = new Map<string, number>()
  const notNows = new Map<string, number>()
  const settled = new Set<string>()
  const taken = new Set<string>()
  const served = new Map<string, number>()
  const count = (counts: Map<string, number>, key: string): number => {
    const next = (counts.get(key) ?? 0) + 1
    counts.set(key, next)
    return next
  }
  const contextOf = (hostId: string): HostContext | undefined => {
    const row = lookups.hostActor(hostId)
    if (row === undefined) return undefined
    return (JSON.parse(row.snapshot) as { readonly context: HostContext }).context
  }

  function refusedByBug(answer: MdmAnswer): boolean {
    if (answer.kind === 'refused' && answer.why === 'failed') violate('a device was told: failed')
    return answer.kind === 'refused'
  }

  function handedOut(commandUUID: string): void {
    const times = count(sends, commandUUID)
    const row = lookups.command(commandUUID)
    if (row === undefined) return violate(`${commandUUID} was sent and is not durable`)
    if (settled.has(commandUUID))
      violate(`${commandUUID} was sent after its result was acknowledged`)
    const allowed = 1 + (notNows.get(commandUUID) ?? 0)
    if (isUnsafe(row) && times > allowed)
      violate(`${commandUUID} must not run twice and was sent twice`)
    if (row.state !== 'sent') violate(`${commandUUID} was sent and is ${row.state}`)
    const { context } = JSON.parse(row.snapshot) as {
      readonly context: { readonly attempts: number }
    }
    if (context.attempts < times) violate(`${commandUUID} was sent more often than recorded`)
  }

  function settle(who: Speaker, { commandUUID }: Outcome): void {
    const row = lookups.command(commandUUID)
    const isForeign = sharesKeys && row?.host_id !== lookups.enrollment(who.key)?.host_id
    if (isForeign) return
    if (row === undefined || (row.open === 1 && row.channel === who.key))
      violate(`the report on ${commandUUID} was acknowledged and is not durable`)
    settled.add(commandUUID)
  }

  return {
    taken,
    servedAt: ({ name }) => served.get(name) ?? 0,
    checkedIn(messageType, { key }, answer) {
      if (refusedByBug(answer)) return
      const enrollment = lookups.enrollment(key)
      if (messageType === 'Authenticate' && enrollment === undefined)
        violate(`the Authenticate of ${key} was acknowledged and is not durable`)
      if (messageType !== 'TokenUpdate' || enrollment === undefined) return
      const channel = contextOf(enrollment.host_id)?.channels[key]
      if (channel?.pushRef == null || lookups.sealed(channel.pushRef) === undefined)
        violate(`the TokenUpdate of ${key} was acknowledged and is not durable`)
    },
    reporting(outcome) {
      if (outcome?.status === 'NotNow') count(notNows, outcome.commandUUID)
    },
    reported(who, outcome, answer) {
      if (refusedByBug(answer)) return
      if (outcome !== undefined && outcome.status !== 'NotNow') settle(who, outcome)
      if (answer.kind === 'command') handedOut(commandIn(answer.bytes))
      else served.set(who.name, now())
    },
    agentAnswered(answer) {
      if (answer.kind === 'failed' && answer.status === 500) violate('an agent was told: 500')
      if (answer.kind !== 'enrolled') return
      if (lookups.agent(hashToken(answer.nodeKey)) === undefined)
        violate('an agent was given a key that is not durable')
    },
    commandTaken(commandUUID) {
      taken.add(commandUUID)
      if (lookups.command(commandUUID) === undefined)
        violate(`${commandUUID} was taken and is not durable`)
    },
    commandCancelled(commandUUID) {
      if (lookups.command(commandUUID)?.state !== 'cancelled')
        violate(`${commandUUID} was cancelled and is not durably so`)
    },
  }
}

const isUnsafe = ({ request_type }: CommandRow): boolean => unsafeToRepeat(request_type, dictOf({}))
