// How turns are taken and become durable. Nobody hears of one before its commit.
import { fail, ok, type Result } from '../result.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { Answer, Ask, AskFault } from './ask.ts'
import type { LastSeen } from './last-seen.ts'
import type { Live } from './live.ts'
import { createPoison, type Poison, type SetApart } from './poison.ts'
import type { Resident } from './resident.ts'
import type { Slot, Slots } from './slots.ts'
import { type Turned, turn } from './turn.ts'
import type { World } from './world.ts'

type TurnsOptions = {
  readonly store: Store
  readonly world: World
  readonly performed?: ReadonlySet<string>
  readonly slots: Slots
  readonly live: Live
  readonly lastSeen: LastSeen
  readonly onBug: (hostId: string, error: unknown) => void
  readonly setApart?: SetApart
}

type Task = {
  readonly slot: Slot
  readonly woken: Result<Resident, AskFault>
  readonly ask: Ask
}

export type Turns = {
  /** Lets the host take its events. Returns a promise while the host must wait for its commit. */
  take(task: Task, answer: (outcome: Result<Answer, AskFault>) => void): Promise<void> | void
  tryTurn(slot: Slot, resident: Resident, ask: Ask): Result<Turned, AskFault>
  /** Makes writes durable and tells whoever watches. `hostId` is whose bug it is if no table takes them. */
  commit(hostId: string, writes: readonly Write[]): Promise<Result<void, AskFault>>
  readonly poison: Poison
}

export function createTurns(options: TurnsOptions): Turns {
  const { store, world, slots, live, lastSeen, onBug } = options
  const performed = options.performed ?? new Set<string>()
  const poison = createPoison(options.setApart, commit)

  /** A machine that threw leaves its actor in an unknown state: the actor goes, the rows stay. */
  function tryTurn(slot: Slot, resident: Resident, ask: Ask): Result<Turned, AskFault> {
    try {
      return ok(turn(resident, ask, { at: world.now(), steadyAt: world.steady(), performed }))
    } catch (error) {
      slots.letGo(slot)
      onBug(slot.hostId, error)
      // What a machine threw is the cause of what its actor throws.
      const thrown = error instanceof Error ? (error.cause ?? error) : error
      return fail({ kind: 'failed', detail: String(thrown) })
    }
  }

  async function commit(hostId: string, writes: readonly Write[]): Promise<Result<void, AskFault>> {
    const committed = await store.commit(writes).catch((error: unknown) => {
      onBug(hostId, error)
      return fail({ kind: 'failed', detail: String(error) } as const)
    })
    if (!committed.ok) {
      // It may be on disk with only the answer lost.
      live.doubt(writes)
      return committed
    }
    live.publish(writes, committed.journalSeqs)
    return ok(undefined)
  }

  async function settle({ slot, ask }: Task, turned: Turned): Promise<Result<Answer, AskFault>> {
    const committed = await commit(slot.hostId, [...turned.writes, ...seenWrites(slot.hostId, ask)])
    if (!committed.ok) {
      // Memory is ahead of the disk: the next event wakes the host from its last durable row.
      slots.letGo(slot)
      return committed
    }
    turned.remember()
    return ok(answerOf(turned, true))
  }

  const seenWrites = (hostId: string, { seen }: Ask): readonly Write[] =>
    seen === undefined ? [] : [{ put: 'last_seen', row: lastSeen.row(hostId, seen) }]

  return {
    tryTurn,
    commit,
    poison,
    take(task, answer) {
      const { slot, woken, ask } = task
      if (!woken.ok) return answer(woken)
      const turned = tryTurn(slot, woken.value, ask)
      if (!turned.ok) {
        const refused = poison.refuse(slot.hostId, ask, turned.error)
        return refused instanceof Promise ? refused.then(answer) : answer(refused)
      }
      poison.forget(slot.hostId, ask)
      if (turned.value.writes.length > 0) return settle(task, turned.value).then(answer)
      if (ask.seen !== undefined) lastSeen.touch(slot.hostId, ask.seen)
      return answer(ok(answerOf(turned.value, false)))
    },
  }
}

export function answerOf({ asked, snapshot }: Turned, changed: boolean): Answer {
  const reply = asked.find((effect) => effect.type === 'reply')
  return { reply: reply?.params, snapshot, changed }
}
