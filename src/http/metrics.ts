// Numbers for Prometheus. No label ever names a host: there are as many of those as computers.
import { Hono, type MiddlewareHandler } from 'hono'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Queries } from '../../storage/queries.ts'
import type { Store } from '../../storage/store.ts'
import type { Hosts } from '../runtime/hosts.ts'
import { thresholdsAt } from './api/host-item.ts'
import { watchAdmission } from './admission/metrics.ts'
import type { AdmissionStats } from './admission/admission.ts'
import { type Authenticate, refusal } from './auth.ts'
import { type BackupsWatched, watchBackups } from './backup-metrics.ts'
import type { BodyBudgetStats } from './body-budget.ts'
import { watchBodies } from './body-metrics.ts'
import type { FailedSecrets } from './failed-secrets.ts'
import { watchFailedSecrets } from './failed-secrets-metrics.ts'
import { gaugeCertificates } from './certificate-gauge.ts'
import { countOsquery, type OsqueryCounts } from './osquery/counts.ts'
import { problemResponse } from './problem.ts'
import { type PushWatched, watchPushCertificates } from './push-metrics.ts'
import { watchWebhooks } from './webhook-metrics.ts'

export type Metrics = {
  readonly registry: Registry
  /** The store with its commits timed: give this one to the runtime. */
  timed(store: Store): Store
  /** Counts requests and their time by audience, such as `mdm`. */
  requests(audience: string): MiddlewareHandler
  /** Counts devices that were not believed, by a reason from a closed list. */
  refused(reason: string): void
  /** An osquery agent that was not enrolled as the host it says to be. */
  arrived(outcome: string): void
  /** An osquery agent that may not enrol yet, since many did lately: from its `address`, or in `sum`. */
  enrollLimited(bound: string): void
  /** Counts what osquery agents were refused. */
  readonly osquery: OsqueryCounts
  /** Begins to watch what the hosts do and how many there are. */
  watch(fleet: Fleet & PushWatched & BackupsWatched): void
  /** Begins to watch who waits at the door. */
  watchAdmission(stats: () => AdmissionStats): void
  /** Begins to watch the memory that request bodies take. */
  watchBodies(stats: () => BodyBudgetStats): void
  /** Begins to watch secrets that were tried and are none. */
  watchFailedSecrets(counts: FailedSecrets['counts']): void
}

type Fleet = {
  readonly hosts: Hosts
  readonly queries: Queries
  readonly now: () => number
  /** Blobs that no row named and that were taken away, since the start. */
  readonly swept: () => { readonly blobs: number; readonly bytes: number }
}

/** From an answer out of memory to a disk that waits. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const commits = new Histogram({
    name: 'muster_commit_seconds',
    help: 'From asking for a commit until it is on disk.',
    buckets: secondsBuckets,
    labelNames: ['outcome'],
    registers,
  })
  const requests = new Histogram({
    name: 'muster_request_seconds',
    help: 'Requests by audience, method and class of status.',
    buckets: secondsBuckets,
    labelNames: ['audience', 'method', 'status'],
    registers,
  })
  const refusals = new Counter({
    name: 'muster_device_refusals_total',
    help: 'MDM messages whose sender was not believed, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const arrivals = new Counter({
    name: 'muster_osquery_conflicts_total',
    help: 'osquery agents that enrolled as a host for which another agent speaks, by outcome: refused for now, or set apart as a clone.',
    labelNames: ['outcome'],
    registers,
  })
  const limited = new Counter({
    name: 'muster_osquery_enrolls_limited_total',
    help: 'osquery agents that may not enrol yet, by the bound that was reached: of their address, or in sum.',
    labelNames: ['bound'],
    registers,
  })
  return {
    registry,
    refused: (reason) => refusals.inc({ reason }),
    osquery: countOsquery(registers),
    arrived: (outcome) => arrivals.inc({ outcome }),
    enrollLimited: (bound) => limited.inc({ bound }),
    timed: (store) => ({
      ...store,
      async commit(writes) {
        const stop = commits.startTimer()
        const committed = await store.commit(writes)
        stop({ outcome: committed.ok ? 'ok' : committed.error.kind })
        return committed
      },
    }),
    requests: (audience) => async (context, next) => {
      const stop = requests.startTimer({ audience, method: methodOf(context.req.method) })
      await next()
      stop({ status: `${Math.floor(context.res.status / 100)}xx` })
    },
    watch(fleet) {
      watchFleet(fleet, registers)
      watchSweep(fleet, registers)
      watchPushCertificates(fleet, registers)
      watchBackups(fleet, registers)
    },
    watchAdmission: (stats) => watchAdmission(stats, registers),
    watchBodies: (stats) => watchBodies(stats, registers),
    watchFailedSecrets: (counts) => watchFailedSecrets(counts, registers),
  }
}

/** Methods are a client's text; only those we know become a label. */
const methodOf = (method: string): string =>
  ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'].includes(method) ? method : 'other'

function watchFleet({ hosts, queries, now }: Fleet, registers: Registry[]): void {
  const turns = new Counter({
    name: 'muster_turns_total',
    help: 'Turns that changed something and are durable.',
    registers,
  })
  const transitions = new Counter({
    name: 'muster_transitions_total',
    help: 'State changes by machine.',
    labelNames: ['machine', 'from', 'to'],
    registers,
  })
  const poison = new Counter({
    name: 'muster_poison_events_total',
    help: 'Events at which a host failed each time, and which were set apart.',
    registers,
  })
  hosts.live.watch({
    committed: () => turns.inc(),
    happened({ actor, event, from_state: from, to_state: to }) {
      if (event === 'event.set_apart') poison.inc()
      if (to === null) return
      transitions.inc({ machine: actor === 'host' ? 'host' : 'command', from: from ?? '', to })
    },
  })
  new Gauge({
    name: 'muster_mailbox_waiting',
    help: 'Events that wait for a host.',
    registers,
    collect() {
      this.set(hosts.stats().waiting)
    },
  })
  new Gauge({
    name: 'muster_hosts_resident',
    help: 'Hosts in memory.',
    registers,
    collect() {
      this.set(hosts.stats().resident)
    },
  })
  watchWebhooks({ live: hosts.live, queries }, registers)
  gaugeHosts({ queries, now }, registers)
  gaugeCommands(queries, registers)
  gaugeCertificates({ queries, now }, registers)
}

function watchSweep({ swept }: Pick<Fleet, 'swept'>, registers: Registry[]): void {
  new Counter({
    name: 'muster_blobs_removed_total',
    help: 'Blobs that no row named any more and that were removed.',
    registers,
    collect() {
      this.reset()
      this.inc(swept().blobs)
    },
  })
  new Counter({
    name: 'muster_blobs_removed_bytes_total',
    help: 'Bytes of those blobs.',
    registers,
    collect() {
      this.reset()
      this.inc(swept().bytes)
    },
  })
}

function gaugeHosts({ queries, now }: Pick<Fleet, 'queries' | 'now'>, registers: Registry[]): void {
  new Gauge({
    name: 'muster_hosts',
    help: 'Hosts by what they are counted by, and its value.',
    labelNames: ['by', 'value'],
    registers,
    async collect() {
      const counted = await queries.hostsSummary(thresholdsAt(now()))
      if (!counted.ok) return
      this.reset()
      const { total, ...columns } = counted.value
      this.set({ by: 'all', value: 'all' }, total)
      for (const [by, counts] of Object.entries(columns))
        for (const [value, count] of Object.entries(counts))
          this.set({ by, value: value === '' ? 'none' : value }, count)
    },
  })
}

function gaugeCommands(queries: Queries, registers: Registry[]): void {
  new Gauge({
    name: 'muster_commands',
    help: 'Commands by state, finished ones included.',
    labelNames: ['state'],
    registers,
    async collect() {
      const counted = await queries.transitionCounts('command')
      if (!counted.ok) return
      this.reset()
      for (const [state, count] of Object.entries(counted.value.states['state'] ?? {}))
        this.set({ state }, count)
    },
  })
}

/** `/metrics`, to be mounted at the root. Without `authenticate` it must be on a listener of its own. */
export function createMetricsApp({ registry }: Metrics, authenticate?: Authenticate): Hono {
  const app = new Hono()
  app.get('/metrics', async (context) => {
    const refused = authenticate && refusal(context, authenticate(context), 'viewer')
    if (refused !== undefined) return problemResponse(refused, '')
    const text = await registry.metrics()
    return context.body(text, 200, { 'content-type': registry.contentType })
  })
  return app
}
