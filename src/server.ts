// Puts the parts together. Everything here is wiring; what the parts do is in their own rooms.
import { Hono } from 'hono'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import type { Config } from './config/config.ts'
import { createDegraded, type Degraded } from './degraded.ts'
import { apiDeps, type Core, deviceRoutes, openCore } from './core.ts'
import { type Admission, createAdmission } from './http/admission/admission.ts'
import { exitSoftware } from './fatal.ts'
import { openGuessing, slowGuesses } from './guessing.ts'
import { createApi } from './http/api/api.ts'
import { anyOf, bearer } from './http/auth.ts'
import { devicesFirst } from './http/devices-first.ts'
import { createHealth, type HealthDeps } from './http/health.ts'
import { type BodyBudget, createBodyBudget } from './http/body-budget.ts'
import { createMetrics, createMetricsApp, type Metrics } from './http/metrics.ts'
import { createProblems, unknownPath } from './http/problem.ts'
import { atPublicOrigin } from './http/public-origin.ts'
import { createPages } from './http/pages/pages.ts'
import { createSessions } from './http/pages/sessions.ts'
import type { Pusher } from './effects/apns/performer.ts'
import type { EnrollSecrets } from './intake/enroll-secrets.ts'
import type { Tokens } from './intake/tokens.ts'
import { type Keep, openKeep } from './keep.ts'
import { createDiagrams } from './ui/diagram/layout.ts'
import { scriptRoutes } from './scripts.ts'

const { version } = packageJson

export type Server = {
  /** Everything but devices, or everything where devices have no listener of their own. */
  readonly app: Hono
  readonly deviceApp: Hono
  /** To stand before every listener. */
  readonly admission: Admission
  /** Counts the request bodies of every listener. */
  readonly bodies: BodyBudget
  readonly keep: Keep
  readonly tokens: Tokens
  readonly enrollSecrets: EnrollSecrets
  /** Pushes at once, for whoever asks directly. */
  readonly pusher: Pusher
  /** PEM of each authority whose certificates devices may present. */
  readonly deviceAuthorities: readonly string[]
  /** Ends live streams, so that their connections can close. */
  closing(): void
  /** Finishes what was begun, then closes the data folder. */
  close(): Promise<void>
}

function openKept(config: Config, log: Logger, degraded: Degraded): Promise<Keep> {
  return openKeep(
    config,
    (reason) => {
      log.fatal({ err: reason }, 'a storage thread died')
      process.exit(exitSoftware)
    },
    { onDamage: degraded.damaged, onMended: degraded.mended },
  )
}

const readiness =
  (closing: AbortSignal, degraded: Degraded): HealthDeps['ready'] =>
  () => ({
    ready: !closing.aborted,
    reasons: closing.aborted ? ['the server is stopping'] : [],
    degraded: degraded.reasons(),
  })

/** Only tests put something between the server and what it keeps. */
export type Between = (keep: Keep) => Keep

export async function openServer(
  config: Config,
  log: Logger,
  between: Between = (keep) => keep,
): Promise<Server> {
  const degraded = createDegraded({ log, elapsedMs: () => performance.now() })
  const kept = between(await openKept(config, log, degraded))
  const keep = { ...kept, logs: degraded.logs(kept.logs) }
  const metrics = createMetrics()
  const store = metrics.timed(degraded.store(keep.store))
  const opening = openCore({ config, log, keep, store })
  const core = await opening.catch(async (error: unknown) => {
    await keep.close()
    throw error
  })
  const closing = new AbortController()
  const diagrams = createDiagrams({ warn: (sentence) => log.warn(sentence) })
  metrics.watch({
    hosts: core.hosts,
    queries: keep.queries,
    pushCertificates: core.pushing.certificates,
    swept: keep.swept,
    backups: core.backing.backups,
    now: core.world.now,
  })
  const door = openDoor({ config, core, metrics, log })
  const sessions = createSessions({ tokens: core.tokens, world: core.world })
  const authenticate = anyOf(bearer(core.tokens), sessions.authenticate)
  const guessing = openGuessing(core, config)
  metrics.watchFailedSecrets(guessing.failedSecrets.counts)
  const app = new Hono()
  slowGuesses(app, guessing)
  const ready = readiness(closing.signal, degraded)
  app.route('/', createHealth({ version, ready }))
  app.route('/', createMetricsApp(metrics, authenticate))
  const deviceApp = deviceRoutes(core, {
    log,
    config,
    guessing,
    osqueryCounts: metrics.osquery,
    ...metrics,
  })
  const api = { ...apiDeps(core), version, authenticate, diagrams, log, closing: closing.signal }
  app.use('/api/v1/*', metrics.requests('api'))
  app.route('/api/v1', createApi(api))
  app.route('/', scriptRoutes(core, log))
  // Before the pages, whose last route takes every address that is left.
  app.route('/problems', createProblems())
  app.all('/api/*', unknownPath)
  app.route('/', createPages({ ...api, sessions, api: (request) => app.fetch(request) }))
  const shown = atPublicOrigin(app, config.publicUrl)
  return {
    app: config.deviceListen === undefined ? devicesFirst(deviceApp, shown) : shown,
    deviceApp,
    ...door,
    keep,
    tokens: core.tokens,
    enrollSecrets: core.enrollSecrets,
    pusher: core.pushing.pusher,
    deviceAuthorities: core.enrollment.authorities.trusted.map(({ x509 }) => x509.toString()),
    closing: () => closing.abort(),
    async close() {
      await core.stop()
      await diagrams.close()
      await keep.close()
    },
  }
}

type DoorOptions = {
  readonly config: Config
  readonly core: Core
  readonly metrics: Metrics
  readonly log: Logger
}

/** What stands before every listener: the order of requests, and the memory for their bodies. */
function openDoor({
  config,
  core,
  metrics,
  log,
}: DoorOptions): Pick<Server, 'admission' | 'bodies'> {
  const elapsedMs = (): number => performance.now()
  const admission = createAdmission({
    chance: { uuid: core.world.uuid, dice: core.world.random },
    elapsedMs,
    soon: setImmediate,
    warn: (sentence) => log.warn(sentence),
  })
  metrics.watchAdmission(admission.stats)
  const bodies = createBodyBudget({
    bytesMax: config.bodyMemory,
    elapsedMs,
    later: core.world.later,
  })
  metrics.watchBodies(bodies.stats)
  return { admission, bodies }
}
