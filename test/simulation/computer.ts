// A computer's MDM client: enrols, comes for work, does it, and reports; its answers and ours get lost.
import type { Credential } from '../../src/intake/credential.ts'
import type { MdmAnswer } from '../../src/intake/mdm-answer.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { dictOf } from '../../src/protocol/plist/value.ts'
import type { Actor } from './actor.ts'

export type Hardware = { readonly name: string; readonly serial: string; readonly uuid: string }

/** How a computer behaves, by the seed; the end of a run makes it well-behaved. */
export type Manners = {
  notNow: number
  error: number
  /** Authenticates anew out of the blue, as a wiped computer does. */
  reenrol: number
  checkOut: number
  /** Repeats a report whose answer did not arrive, instead of coming back idle. */
  repeats: number
  /** Pause between two sessions. */
  pauseMs: number
}

type Status = 'Acknowledged' | 'Error' | 'NotNow' | 'CommandFormatError'
export type Outcome = {
  readonly commandUUID: string
  readonly status: Status
  readonly run: number
}

const none: Credential = { kind: 'none' }
const utf8 = new TextEncoder()

export function startComputer(hardware: Hardware, manners: Manners, actor: Actor): void {
  const { dice, network, witness } = actor
  const device = { UDID: hardware.uuid }
  let runs = 0

  const rest = (then: () => void, ms = manners.pauseMs): void =>
    void actor.schedule.after(dice.between(ms / 2, ms * 1.5), `${hardware.name} wakes`, then)

  function checkin(message: object, then: (answer: MdmAnswer | undefined) => void): void {
    const read = readCheckin(dictOf({ Topic: 'com.apple.mgmt.sim', ...device, ...message }))
    if (!read.ok) throw new Error(read.error.detail)
    const { value } = read
    network.call({
      tag: `${hardware.name} ${value.messageType}`,
      ask: (doors) => doors.mdm.checkin(value, none),
      answered: (answer) => witness.checkedIn(value.messageType, hardware, answer),
      done: then,
    })
  }

  function authenticate(): void {
    const message = {
      MessageType: 'Authenticate',
      SerialNumber: hardware.serial,
      DeviceName: `Mac ${hardware.name}`,
      OSVersion: `26.${dice.between(0, 3)}`,
    }
    checkin(message, (answer) => (answer?.kind === 'nothing' ? token() : rest(authenticate)))
  }

  function token(): void {
    const secrets = { Token: new Uint8Array([1, 2, 3]), PushMagic: 'magic' }
    checkin({ MessageType: 'TokenUpdate', ...secrets }, (answer) => {
      if (answer?.kind === 'nothing') rest(session)
      else rest(isOver(answer) ? authenticate : token)
    })
  }

  /** Told that it is not enrolled, a computer has nothing left but to begin again. */
  const isOver = (answer: MdmAnswer | undefined): boolean =>
    answer?.kind === 'refused' &&
    (answer.why === 'not-enrolled' || answer.why === 'unknown-enrollment')

  function session(): void {
    if (dice.chance(manners.reenrol)) return authenticate()
    if (dice.chance(manners.checkOut))
      return checkin({ MessageType: 'CheckOut' }, () => rest(authenticate, manners.pauseMs * 3))
    report(undefined)
  }

  function report(outcome: Outcome | undefined): void {
    const message = outcome === undefined ? { Status: 'Idle' } : wire(outcome)
    const read = readReport(dictOf({ ...device, ...message }))
    if (!read.ok) throw new Error(read.error.detail)
    const body = utf8.encode(JSON.stringify(message))
    network.call({
      tag: `${hardware.name} ${message.Status} ${outcome?.commandUUID ?? ''}`,
      ask(doors) {
        witness.reporting(outcome)
        return doors.mdm.report(read.value, body, none)
      },
      answered: (answer) => witness.reported(hardware, outcome, answer),
      done: (answer) => answered(outcome, answer),
    })
  }

  function answered(outcome: Outcome | undefined, answer: MdmAnswer | undefined): void {
    if (answer?.kind === 'command') {
      const ordered = commandIn(answer.bytes)
      rest(() => report(obey(ordered)), 1_000)
    } else if (isOver(answer)) rest(authenticate)
    else if (answer?.kind === 'nothing') rest(session)
    // It did what it was told and does not know whether we heard of it.
    else if (outcome !== undefined && dice.chance(manners.repeats))
      rest(() => report(outcome), 5_000)
    else rest(session)
  }

  function obey(commandUUID: string): Outcome {
    if (dice.chance(manners.notNow)) return { commandUUID, status: 'NotNow', run: runs }
    runs += 1
    const status = dice.chance(manners.error) ? 'Error' : 'Acknowledged'
    return { commandUUID, status, run: runs }
  }

  rest(authenticate)
}

/** Each run of a command has another result, so that a second one can be told from a repeat. */
const wire = ({ commandUUID, status, run }: Outcome) => ({
  Status: status,
  CommandUUID: commandUUID,
  QueryResponses: dictOf({ DeviceName: `run ${run}` }),
})

export function commandIn(bytes: Uint8Array): string {
  const found = /<key>CommandUUID<\/key>\s*<string>([^<]+)</.exec(new TextDecoder().decode(bytes))
  if (found?.[1] === undefined) throw new Error('a command without a UUID')
  return found[1]
}
