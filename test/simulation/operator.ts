// Whoever is not a device: an operator who sends, repeats, cancels and mends identity, and Apple's list.
import { readDevices } from '../../src/protocol/dep/device.ts'
import { dictOf } from '../../src/protocol/plist/value.ts'
import type { Actor } from './actor.ts'
import type { Hardware } from './computer.ts'
import type { Doors } from './life.ts'
import type { DurableRows } from './model-store.ts'

/** How often each is done, as shares of all an operator does; the end of a run stops all of it. */
export type OperatorRates = {
  send: number
  cancel: number
  merge: number
  split: number
  remove: number
  resolve: number
  dep: number
  pauseMs: number
}

const cause = { kind: 'operator', id: 'simulated' } as const
const types = ['DeviceInformation', 'SecurityInfo', 'RestartDevice', 'EraseDevice'] as const
const choices = ['merge', 'confirm-replacement', 'keep-separate', 'dismiss'] as const

export type OperatorOptions = Actor & {
  readonly rates: OperatorRates
  readonly rows: DurableRows
  readonly hardware: readonly Hardware[]
  /** Once true, nothing new is begun. */
  readonly isOver: () => boolean
}

export function startOperator(options: OperatorOptions): void {
  const { dice, schedule, rates, isOver } = options
  const acts = [
    ['send', send],
    ['cancel', cancel],
    ['merge', merge],
    ['split', split],
    ['remove', remove],
    ['resolve', resolve],
    ['dep', seeDevices],
  ] as const

  function act(): void {
    if (isOver()) return
    let lot = dice.roll() * acts.reduce((sum, [name]) => sum + rates[name], 0)
    for (const [name, run] of acts) {
      lot -= rates[name]
      if (lot >= 0) continue
      run(options)
      break
    }
    schedule.after(dice.between(rates.pauseMs / 2, rates.pauseMs * 1.5), 'operator wakes', act)
  }
  act()
}

const liveHosts = ({ rows }: OperatorOptions) =>
  rows.tables.hosts.where(({ merged_into }) => merged_into === null)

function send(options: OperatorOptions): void {
  const { dice, network, witness, schedule, rows, isOver } = options
  const managed = liveHosts(options).filter(({ mdm }) => mdm !== 'unenrolled')
  const host = dice.pick(managed)
  if (host === undefined) return
  const commandUUID = `C${dice.hex(8)}`
  const users = rows.lookups.enrollmentsOf(host.id).filter(({ channel }) => channel === 'user')
  const user = users.length > 0 && dice.chance(0.4) ? dice.pick(users) : undefined
  const wish = {
    ...(user !== undefined && { channel: user.key }),
    hostId: host.id,
    commandUUID,
    requestType: dice.pick(types) ?? 'DeviceInformation',
    payload: dictOf({}),
    priority: dice.between(0, 2),
    expiresInMs: dice.between(20, 150) * 1_000,
  }
  let tries = 0
  const once = (): void => {
    tries += 1
    network.call({
      tag: `send ${commandUUID} ${wish.requestType}`,
      ask: (doors) => doors.commands.send(wish, cause),
      answered: (answer) => {
        if (answer.ok) witness.commandTaken(commandUUID)
      },
      done(answer) {
        // Not knowing whether it was taken, an operator asks again under the same name.
        const isUnclear = answer === undefined || (!answer.ok && isTrouble(answer.error.kind))
        const repeats = answer?.ok === true && tries < 3 && dice.chance(0.2)
        if (tries < 8 && !isOver() && (isUnclear || repeats))
          schedule.after(dice.between(500, 9_000), 'operator repeats', once)
      },
    })
  }
  once()
}

const isTrouble = (kind: string): boolean =>
  kind === 'unavailable' || kind === 'overloaded' || kind === 'conflict'

function cancel({ dice, network, rows, witness }: OperatorOptions): void {
  const command = dice.pick(rows.tables.commands.where(({ open }) => open === 1))
  if (command === undefined) return
  const { command_uuid } = command
  network.call({
    tag: `cancel ${command_uuid}`,
    ask: (doors) => doors.commands.cancel(command_uuid, cause),
    answered: (answer) => {
      if (answer.ok) witness.commandCancelled(command_uuid)
    },
    done: () => {},
  })
}

type Mending = (doors: Doors) => Promise<{ readonly ok: boolean }>

const mend = ({ network }: OperatorOptions, tag: string, ask: Mending): void =>
  network.call({ tag, ask, answered: () => {}, done: () => {} })

/** Two halves of one computer, as far as an operator can see: not two that MDM tells apart. */
function merge(options: OperatorOptions): void {
  const one = options.dice.pick(liveHosts(options))
  const halves = liveHosts(options).filter(
    ({ id, mdm }) => id !== one?.id && (mdm === 'unenrolled' || one?.mdm === 'unenrolled'),
  )
  const other = options.dice.pick(halves)
  if (one === undefined || other === undefined) return
  mend(options, `merge ${one.id} ${other.id}`, ({ reconcile }) =>
    reconcile.merge(one.id, other.id, { dryRun: false, cause }),
  )
}

function split(options: OperatorOptions): void {
  const merged = options.dice.pick(
    options.rows.tables.merges.where(({ undone_at }) => undone_at === null),
  )
  if (merged === undefined) return
  mend(options, `split ${merged.survivor_id}`, ({ reconcile }) =>
    reconcile.split(merged.survivor_id, { dryRun: false, cause }),
  )
}

function remove(options: OperatorOptions): void {
  const host = options.dice.pick(liveHosts(options))
  if (host === undefined) return
  mend(options, `remove ${host.id}`, ({ reconcile }) =>
    reconcile.remove(host.id, { dryRun: false, cause }),
  )
}

function resolve(options: OperatorOptions): void {
  const { dice, rows } = options
  const conflict = dice.pick(rows.tables.conflicts.where(({ resolved_at }) => resolved_at === null))
  const choice = dice.pick(choices)
  if (conflict === undefined || choice === undefined) return
  mend(options, `resolve ${conflict.id} ${choice}`, ({ reconcile }) =>
    reconcile.resolveConflict(conflict.id, { dryRun: false, cause, choice }),
  )
}

function seeDevices({ dice, network, hardware, rows, schedule }: OperatorOptions): void {
  const page = hardware.filter(() => dice.chance(0.6))
  const op_type = dice.chance(0.2) ? 'deleted' : 'added'
  const read = readDevices({
    devices: page.map(({ serial }) => ({
      serial_number: serial,
      model: dice.chance(0.5) ? 'MacBook Pro' : 'Mac mini',
      op_type,
      op_date: new Date(schedule.now()).toISOString(),
    })),
  })
  if (!read.ok || page.length === 0) return
  network.call({
    tag: `dep page of ${page.length}`,
    ask: (doors) => doors.dep.see(read.value, cause),
    answered(outcomes) {
      for (const { outcome, serial } of outcomes)
        if (outcome === 'created' && rows.lookups.depDevice(serial) === undefined)
          throw new Error(`${serial} was taken from Apple's list and is not durable`)
    },
    done: () => {},
  })
}
