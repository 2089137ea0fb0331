import type { Chance } from './chance.ts'
import type { Identity } from './identity.ts'

/** What an Apple device holds beside its identity. Its own; the server learns of it only from reports. */
export type Device = {
  readonly identity: Identity
  /** What it has besides what its identity says, such as its apps, is drawn from this. */
  readonly chance: Chance
  readonly clock: () => number
  /** In Apple's list at its last enrolment. */
  supervised: boolean
  /** Waits in Setup Assistant for DeviceConfigured. */
  awaitingConfiguration: boolean
  /** Payload identifiers of installed profiles, oldest first. */
  profiles: readonly InstalledProfile[]
  recoveryLocked: boolean
  bootedAtMs: number
  /** What a command made it want to do once the conversation is over. */
  readonly wants: { declarations: boolean; erase: boolean; restart: boolean }
}

type InstalledProfile = {
  readonly identifier: string
  readonly uuid: string
  readonly name: string
}

export function createDevice(identity: Identity, chance: Chance, clock: () => number): Device {
  return {
    identity,
    chance,
    clock,
    supervised: false,
    awaitingConfiguration: false,
    profiles: [],
    recoveryLocked: false,
    // Up for an hour to twelve days.
    bootedAtMs: clock() - chance.integer(3_600, 1_000_000) * 1_000,
    wants: { declarations: false, erase: false, restart: false },
  }
}

/** What a fresh start leaves: nothing an earlier life installed. */
export function wipe(device: Device): void {
  device.profiles = []
  device.recoveryLocked = false
  device.awaitingConfiguration = false
  device.bootedAtMs = device.clock()
  Object.assign(device.wants, { declarations: false, erase: false, restart: false })
}
