// What the driving process was told, and so what must be true of the server for ever after.

/** A value that is replaced: the last acknowledged one, or one of those sent since. */
export type Register = { kept: string | undefined; readonly sent: Set<string> }

export type CommandMemory = {
  readonly uuid: string
  readonly repeatable: boolean
  /** The request was answered with a 2xx. */
  queued: boolean
  /** Offers that arrived since the device last said NotNow. */
  offers: number
  offered: boolean
  deferred: boolean
  /** An Idle was answered after an offer that nobody reported on. */
  lost: boolean
  /** Final reports sent up to the first that was answered: digest of the body → state it asks for. */
  readonly reports: Map<string, string>
  /** A final report was answered. */
  settled: boolean
  /** The one result the server was ever seen to keep. */
  result: string | undefined
}

/** One computer: what it knows of itself, and what it was told. */
export type Life = {
  readonly serial: string
  readonly uuid: string
  assigned: boolean
  enrolled: boolean
  nodeKey: string | undefined
  readonly push: Register
  readonly bootstrap: Register
  readonly commands: Map<string, CommandMemory>
  readonly lines: string[]
}

export type Memory = {
  /** Computers that still talk, and those that have fallen silent. */
  readonly present: Set<Life>
  readonly past: Life[]
  /** Serials of Apple's list that the server took. */
  readonly listed: string[]
  acknowledged: number
  /** Wishes that were answered with a 503. */
  refused: number
  readonly violations: string[]
  broke(rule: string, detail: string): void
}

/** More than these say nothing new; the run has failed long before. */
const violationsMax = 100

export function createMemory(): Memory {
  const violations: string[] = []
  return {
    present: new Set(),
    past: [],
    listed: [],
    acknowledged: 0,
    refused: 0,
    violations,
    broke(rule, detail) {
      if (violations.length < violationsMax) violations.push(`${rule}: ${detail}`)
    },
  }
}

export const newLife = (serial: string, uuid: string): Life => ({
  serial,
  uuid,
  assigned: false,
  enrolled: false,
  nodeKey: undefined,
  push: { kept: undefined, sent: new Set() },
  bootstrap: { kept: undefined, sent: new Set() },
  commands: new Map(),
  lines: [],
})

export const newCommand = (uuid: string, repeatable: boolean): CommandMemory => ({
  uuid,
  repeatable,
  queued: false,
  offers: 0,
  offered: false,
  deferred: false,
  lost: false,
  reports: new Map(),
  settled: false,
  result: undefined,
})

export function keep(register: Register, value: string): void {
  register.kept = value
  register.sent.clear()
}

/** Whether the server may hold this value. Nothing is right while nothing was acknowledged. */
export const mayHold = ({ kept, sent }: Register, value: string | undefined): boolean =>
  value === kept || (value !== undefined && sent.has(value))
