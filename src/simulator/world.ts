import type { Enroller } from './enroller.ts'
import type { Rates } from './rates.ts'
import type { Finding, Referee } from './rules.ts'
import type { Wire, WireRequest } from './wire.ts'

/** What every computer of a fleet is given. */
export type World = {
  readonly wire: Wire
  readonly referee: Referee
  readonly rates: Rates
  readonly clock: () => number
  /** Without one, nobody runs an agent. */
  readonly enrollSecret: string | undefined
  /** Push topic of devices that enrol without a profile. */
  readonly topic: string
  /** Gives a device its profile and identity. Absent: devices are believed, and only say who they are. */
  readonly enroller: Enroller | undefined
  /** Puts a computer into Apple's list or takes it out. Absent without an admin token. */
  readonly appleList: ((listed: ListedDevice) => Promise<boolean>) | undefined
  /** What just happened to a computer, in words for people. */
  readonly tell: (computer: string, what: string) => void
}

/** One entry of Apple's device list. Names are Apple's. */
export type ListedDevice = {
  readonly serial_number: string
  readonly model: string
  readonly description: string
  readonly device_family: string
  readonly os: string
  readonly profile_status: 'empty' | 'assigned' | 'pushed'
  readonly op_type: 'added' | 'modified' | 'deleted'
  readonly op_date: string
}

/** Notes what was found wrong with an answer against the computer that got it. */
export function accuse(
  world: World,
  by: { readonly computer: string; readonly request: WireRequest },
  findings: readonly Finding[],
): void {
  for (const finding of findings) {
    world.referee.note({ ...finding, computer: by.computer, request: by.request.kind })
  }
}
