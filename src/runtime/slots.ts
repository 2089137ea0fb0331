// Which hosts are in memory. Waking and letting go are invisible: memory holds nothing the rows do not.
import { isDamage } from '../damage.ts'
import { fail, ok, type Result } from '../result.ts'
import type { HostRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { type Actors, createActors } from './actors.ts'
import type { AskFault } from './ask.ts'
import { createMailbox, type Mailbox } from './mailbox.ts'
import { newResident, type Resident, type StoredHost, storedHost, wake } from './resident.ts'

/** Hosts kept in memory when nothing else is said: about 6 kB each, so 120 MB at most. */
const residentsMaxDefault = 20_000

export type Slot = {
  readonly hostId: string
  readonly mailbox: Mailbox
  resident: Resident | undefined
}

export type Slots = {
  /** The host's place, whether or not it is awake. Marks it as used. */
  of(hostId: string): Slot
  /** `evenMerged` wakes a host that was merged away, as a split must. */
  wake(slot: Slot, how?: { readonly evenMerged: boolean }): Result<Resident, AskFault>
  /** An actor for a host that has no rows yet. */
  begin(slot: Slot, at: number): Result<Resident, AskFault>
  letGo(slot: Slot): void
  isResident(hostId: string): boolean
  stats(): { readonly resident: number; readonly waiting: number }
  idle(): boolean
}

type SlotsOptions = {
  readonly lookups: Lookups
  readonly residentsMax: number | undefined
  readonly onBug: (hostId: string, error: unknown) => void
}

export function createSlots(options: SlotsOptions): Slots {
  const { lookups, onBug } = options
  const max = options.residentsMax ?? residentsMaxDefault
  const actors: Actors = createActors()
  const slots = new Map<string, Slot>()

  function letGo(slot: Slot): void {
    slot.resident?.actor.stop()
    slot.resident = undefined
  }

  /** Lets the least recently used idle hosts go, but not the one whose turn comes now. */
  function passivate(next: Slot): void {
    for (const slot of slots.values()) {
      if (slots.size <= max) return
      if (!slot.mailbox.idle() || slot === next) continue
      letGo(slot)
      slots.delete(slot.hostId)
    }
  }

  return {
    letGo,
    of(hostId) {
      const known = slots.get(hostId)
      // Taken out and put back, the map stays in order of last use.
      if (known !== undefined) slots.delete(hostId)
      const slot = known ?? { hostId, mailbox: createMailbox(), resident: undefined }
      slots.set(hostId, slot)
      if (slots.size > max) passivate(slot)
      return slot
    },
    wake(slot, how) {
      if (slot.resident !== undefined) return ok(slot.resident)
      const read = reading(() => bothRows(lookups, slot.hostId))
      if (!read.ok) return read
      const { host, stored } = read.value
      const into = host?.merged_into ?? null
      if (into !== null && how?.evenMerged !== true) return fail({ kind: 'merged', into })
      if (stored === undefined) return fail({ kind: 'no-such-host' })
      try {
        slot.resident = wake(actors, stored)
        return ok(slot.resident)
      } catch (error) {
        onBug(slot.hostId, error)
        return fail({ kind: 'failed', detail: String(error) })
      }
    },
    begin(slot, at) {
      const read = reading(() => slot.resident ?? lookups.hostActor(slot.hostId))
      if (!read.ok) return read
      if (read.value !== undefined) return fail({ kind: 'conflict' })
      slot.resident = newResident(actors, slot.hostId, at)
      return ok(slot.resident)
    },
    isResident: (hostId) => slots.get(hostId)?.resident !== undefined,
    stats() {
      let waiting = 0
      let resident = 0
      for (const slot of slots.values()) {
        waiting += slot.mailbox.waiting()
        if (slot.resident !== undefined) resident += 1
      }
      return { resident, waiting }
    },
    idle: () => [...slots.values()].every(({ mailbox }) => mailbox.idle()),
  }
}

type BothRows = {
  readonly host: HostRow | undefined
  readonly stored: StoredHost | undefined
}

/** What is listed of the host and what it is. They come and go together, so that one without the other is damage. */
function bothRows(lookups: Lookups, hostId: string, isAgain = false): BothRows {
  const rows = { host: lookups.host(hostId), stored: storedHost(lookups, hostId) }
  if ((rows.host === undefined) === (rows.stored === undefined)) return rows
  // Between the two reads it may have come or gone.
  if (!isAgain) return bothRows(lookups, hostId, true)
  const damaged = `${rows.host === undefined ? 'hosts' : 'host_actors'} ${hostId}`
  throw Object.assign(new Error(`no row in ${damaged}`), { damaged })
}

/** Lookups throw when the file cannot be read, is damaged or closed already; elsewhere the rows may be sound. */
function reading<Value>(read: () => Value): Result<Value, AskFault> {
  try {
    return ok(read())
  } catch (error) {
    return fail({ kind: isDamage(error) ? 'damaged' : 'unavailable', detail: String(error) })
  }
}
