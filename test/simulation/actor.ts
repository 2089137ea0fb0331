import type { Dice } from './dice.ts'
import type { Network } from './network.ts'
import type { Schedule } from './schedule.ts'
import type { Witness } from './witness.ts'

/** What whoever takes part outside the server lives on. */
export type Actor = {
  readonly schedule: Schedule
  readonly dice: Dice
  readonly network: Network
  readonly witness: Witness
}
