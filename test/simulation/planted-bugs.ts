// Mistakes the simulation must find. Each is put between the parts of the server; the parts stay as they are.
import type { HostEvent } from '../../machines/host-events.ts'
import { thresholdsAt } from '../../src/http/api/host-item.ts'
import type { Lookups, Store, Write } from '../../storage/store.ts'
import type { PlantedBug } from './planted-bug.ts'

type Commit = Store['commit']

const withCommit = (store: Store, wrap: (commit: Commit) => Commit): Store => ({
  ...store,
  commit: wrap(store.commit),
})

const without =
  (leavesOut: (write: Write) => boolean) =>
  (store: Store): Store =>
    withCommit(store, (commit) => (writes) => commit(writes.filter((write) => !leavesOut(write))))

const isPut = (write: Write, kind: string): boolean => 'put' in write && write.put === kind

type ActorRow = ReturnType<Lookups['hostActor']>

/** A store that, once a turn failed, goes on giving another row of its hosts than the one it keeps. */
function misremembering(
  store: Store,
  recall: (attempted: ActorRow, before: ActorRow) => ActorRow,
): Store {
  const recalled = new Map<string, ActorRow>()
  const hostActor = (hostId: string): ActorRow =>
    recalled.has(hostId) ? recalled.get(hostId) : store.lookups.hostActor(hostId)
  return {
    ...store,
    lookups: { ...store.lookups, hostActor },
    async commit(writes) {
      const attempted = writes.flatMap((write) =>
        'put' in write && write.put === 'host_actor' ? [write.row] : [],
      )
      const before = new Map(attempted.map(({ host_id }) => [host_id, hostActor(host_id)]))
      const committed = await store.commit(writes)
      for (const row of attempted) {
        if (committed.ok) recalled.delete(row.host_id)
        else if (committed.error.kind === 'unavailable')
          recalled.set(row.host_id, recall(row, before.get(row.host_id)))
      }
      return committed
    },
  }
}

const withoutListing = (event: HostEvent): HostEvent =>
  event.type === 'identity.absorb' ? { ...event, parts: { ...event.parts, depDevices: {} } } : event

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'an answer leaves before its turn is durable',
    store: (store) =>
      withCommit(store, (commit) => async (writes) => {
        void commit(writes)
        return { ok: true, journalSeqs: [] }
      }),
  },
  {
    name: 'a turn that failed is taken for done',
    store: (store) =>
      withCommit(store, (commit) => async (writes) => {
        const committed = await commit(writes)
        return committed.ok || committed.error.kind !== 'unavailable'
          ? committed
          : { ok: true, journalSeqs: [] }
      }),
  },
  {
    name: 'a report that comes twice is taken twice',
    mdmLookups: (lookups) => ({
      ...lookups,
      command(commandUUID) {
        const row = lookups.command(commandUUID)
        return row && { ...row, open: 1 }
      },
    }),
  },
  {
    name: 'timers live in memory only',
    store: without((write) => isPut(write, 'alarm')),
  },
  {
    name: 'an alarm leaves its table before its host has heard of it',
    alarmStore: (store) => ({
      ...store,
      lookups: {
        ...store.lookups,
        dueAlarms(at, limit) {
          const rows = store.lookups.dueAlarms(at, limit)
          const due = rows.filter(({ due_at }) => due_at <= at && at < Number.MAX_SAFE_INTEGER)
          if (due.length > 0)
            void store.commit(due.map(({ host_id, name }) => ({ drop: 'alarm', host_id, name })))
          return rows
        },
      },
    }),
  },
  {
    name: 'an alarm rings early',
    alarmStore: (store) => ({
      ...store,
      lookups: {
        ...store.lookups,
        dueAlarms: (at, limit) => store.lookups.dueAlarms(at + 20_000, limit),
      },
    }),
  },
  {
    name: 'no version is compared and a lost reply leaves memory behind the rows',
    missing: ['fences'],
    store: (store) => misremembering(store, (_attempted, before) => before),
  },
  {
    name: 'a command is taken without a look at whether its host has moved on',
    store: without((write) => 'advance' in write),
  },
  {
    name: 'a lost reply counts as a failure and nothing is read again',
    store: (store) => misremembering(store, (_attempted, before) => before),
  },
  {
    name: 'what a failed turn left in memory is kept',
    store: (store) => misremembering(store, (attempted) => attempted),
  },
  {
    name: 'two processes serve the same rows',
    twins: true,
  },
  {
    name: 'a push leaves before the turn that asks for it is durable',
    store: (store, { performers }) =>
      withCommit(store, (commit) => (writes) => {
        for (const write of writes)
          if ('put' in write && write.put === 'outbox' && write.row.attempts === 0)
            void performers['apns.push']?.(write.row)
        return commit(writes)
      }),
  },
  {
    name: 'an effect never reaches the outbox',
    store: without((write) => isPut(write, 'outbox')),
  },
  {
    name: 'an effect asked for again is forgotten with the first',
    store: (store) =>
      withCommit(
        store,
        (commit) => (writes) =>
          commit(
            writes.map((write) => {
              if (!('drop' in write && write.drop === 'outbox')) return write
              const row = store.lookups.dueOutbox(Number.MAX_SAFE_INTEGER, 1_000)
              const present = row.find(({ id }) => id === write.id)
              return present === undefined ? write : { ...write, created_at: present.created_at }
            }),
          ),
      ),
  },
  {
    name: 'a merge leaves the commands behind',
    store: without((write) => 'move' in write),
  },
  {
    name: "a merge of two hosts that Apple's list has leaves one listing behind",
    hosts: (hosts) => ({
      ...hosts,
      together: (joining) =>
        hosts.together({
          ...joining,
          decide(snapshots) {
            const decided = joining.decide(snapshots)
            if (!decided.ok) return decided
            const asks = Object.entries(decided.value.asks).map(([hostId, ask]) => {
              const isListed = snapshots.get(hostId)?.value.dep === 'assigned'
              const events = isListed ? ask.events.map(withoutListing) : ask.events
              return [hostId, { ...ask, events }] as const
            })
            return { ok: true, value: { ...decided.value, asks: Object.fromEntries(asks) } }
          },
        }),
    }),
  },
  {
    name: 'a split gives a channel back without the commands sent since',
    store: without((write) => 'move' in write && write.channel !== undefined),
  },
  {
    name: 'the rows a merge moves replace what the turn wrote of them',
    hosts: (hosts) => ({
      ...hosts,
      ask: (hostId, { first = [], writes = [], ...ask }) =>
        hosts.ask(hostId, { ...ask, writes: [...writes, ...first] }),
      together: (joining) =>
        hosts.together({
          ...joining,
          decide(snapshots) {
            const decided = joining.decide(snapshots)
            if (!decided.ok) return decided
            const late = Object.values(decided.value.asks).flatMap(({ first = [] }) => first)
            return {
              ok: true,
              value: { ...decided.value, writes: [...decided.value.writes, ...late] },
            }
          },
        }),
    }),
  },
  {
    name: 'a command that must not run twice is taken for repeatable',
    hosts: (hosts) => ({
      ...hosts,
      ask: (hostId, ask) =>
        hosts.ask(hostId, {
          ...ask,
          events: ask.events.map((event) =>
            event.type === 'operator.enqueue' ? { ...event, repeatable: true } : event,
          ),
        }),
    }),
  },
  {
    name: 'no rule keeps an identifier to one host and sightings pass each other by',
    missing: ['claims'],
    turnstile: (_keys, task) => task(),
  },
  {
    name: 'that a command was sent is not written down',
    store: without(
      (write) => 'put' in write && write.put === 'command' && write.row.state === 'sent',
    ),
  },
  {
    name: 'a turn is written in two halves',
    store: (store) =>
      withCommit(store, (commit) => async (writes) => {
        const middle = Math.ceil(writes.length / 2)
        const first = await commit(writes.slice(0, middle))
        return first.ok ? commit(writes.slice(middle)) : first
      }),
  },
  {
    name: 'commands are numbered by the clock alone after a restart',
    store: (store) => ({ ...store, lookups: { ...store.lookups, lastCommandSeq: () => 0 } }),
  },
  {
    name: 'what is due goes by a clock that may be put back',
    world: (world) => ({ ...world, steady: world.now }),
  },
  {
    name: 'after a restart what is due goes by whatever the clock says then',
    forgetsClock: true,
  },
  {
    name: 'whoever spoke while the clock was ahead is online until it is there again',
    thresholds: (now) => ({ ...thresholdsAt(now), aheadFromMs: Infinity }),
  },
  {
    name: 'the listed row of a host is not kept',
    store: without((write) => 'put' in write && write.put === 'host' && write.row.epoch > 1),
  },
]
