// What speaks MDM on a computer, for the device or for one of its users: comes for work, does it, and reports.
import type { Credential } from '../../src/intake/credential.ts'
import type { MdmAnswer } from '../../src/intake/mdm-answer.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { dictOf } from '../../src/protocol/plist/value.ts'
import type { Actor } from './actor.ts'

/** A channel as the server knows it. */
export type Speaker = {
  readonly name: string
  /** Enrollment key. */
  readonly key: string
  /** What each of its messages says about who it is. */
  readonly identifiers: Readonly<Record<string, string>>
}

/** How a client behaves, by the seed; the end of a run makes it well-behaved. */
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

export type MdmClient = {
  rest(then: () => void, ms?: number): void
  checkin(message: object, then: (answer: MdmAnswer | undefined) => void): void
  /** One session: idle, then command after command; `after` hears how it ended. */
  session(after: { readonly over: () => void; readonly done: () => void }): void
}

const none: Credential = { kind: 'none' }
const utf8 = new TextEncoder()

export function createMdmClient(speaker: Speaker, manners: Manners, actor: Actor): MdmClient {
  const { dice, network, witness, schedule } = actor
  const { name, identifiers } = speaker
  let runs = 0

  const rest = (then: () => void, ms = manners.pauseMs): void =>
    void schedule.after(dice.between(ms / 2, ms * 1.5), `${name} wakes`, then)

  function report(outcome: Outcome | undefined, then: (answer: MdmAnswer | undefined) => void) {
    const message = outcome === undefined ? { Status: 'Idle' } : wire(outcome)
    const read = readReport(dictOf({ ...identifiers, ...message }))
    if (!read.ok) throw new Error(read.error.detail)
    const body = utf8.encode(JSON.stringify(message))
    network.call({
      tag: `${name} ${message.Status} ${outcome?.commandUUID ?? ''}`,
      ask(doors) {
        witness.reporting(outcome)
        return doors.mdm.report(read.value, body, none)
      },
      answered: (answer) => witness.reported(speaker, outcome, answer),
      done: then,
    })
  }

  function obey(commandUUID: string): Outcome {
    if (dice.chance(manners.notNow)) return { commandUUID, status: 'NotNow', run: runs }
    runs += 1
    const status = dice.chance(manners.error) ? 'Error' : 'Acknowledged'
    return { commandUUID, status, run: runs }
  }

  return {
    rest,
    checkin(message, then) {
      const read = readCheckin(dictOf({ Topic: 'com.apple.mgmt.sim', ...identifiers, ...message }))
      if (!read.ok) throw new Error(read.error.detail)
      const { value } = read
      network.call({
        tag: `${name} ${value.messageType}`,
        ask: (doors) => doors.mdm.checkin(value, none),
        answered: (answer) => witness.checkedIn(value.messageType, speaker, answer),
        done: then,
      })
    },
    session({ over, done }) {
      function say(outcome: Outcome | undefined): void {
        report(outcome, (answer) => {
          if (answer?.kind === 'command') {
            const ordered = commandIn(answer.bytes)
            rest(() => say(obey(ordered)), 1_000)
          } else if (isOver(answer)) over()
          // It did what it was told and does not know whether we heard of it.
          else if (answer === undefined && outcome !== undefined && dice.chance(manners.repeats))
            rest(() => say(outcome), 5_000)
          else done()
        })
      }
      say(undefined)
    },
  }
}

/** Told that it is not enrolled, a client has nothing left but to begin again. */
export const isOver = (answer: MdmAnswer | undefined): boolean =>
  answer?.kind === 'refused' &&
  (answer.why === 'not-enrolled' || answer.why === 'unknown-enrollment')

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
