// The part of the server that knows hosts: runtime, intakes, and what operators may ask of them.
import { hkdfSync, randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { commandMachine } from '../machines/command.ts'
import { hostMachine } from '../machines/host.ts'
import { machineVersions } from '../machines/versions.ts'
import type { Store } from '../storage/store.ts'
import type { OpenedBackups } from './backups.ts'
import type { Config } from './config/config.ts'
import { createDeviceAuth } from './device-auth.ts'
import { type Enrollment, openEnrollment } from './enrollment.ts'
import type { ApiDeps } from './http/api/deps.ts'
import { createEnrollRoutes } from './http/enroll/routes.ts'
import { createMdmRoutes } from './http/mdm/routes.ts'
import type { OsqueryCounts } from './http/osquery/counts.ts'
import { createOsqueryRoutes } from './http/osquery/routes.ts'
import { createReading, type Reading } from './http/reading/reading.ts'
import type { Guessing } from './guessing.ts'
import { createSampledLog } from './http/sampled-log.ts'
import { createGuesses } from './http/scep/guesses.ts'
import { createScepRoutes } from './http/scep/routes.ts'
import { createArrivalNotes } from './intake/arrival-notes.ts'
import { commandContext, type Commands, createCommands } from './intake/commands.ts'
import { createDepIntake } from './intake/dep.ts'
import { createEnrollLimits } from './intake/enroll-limits.ts'
import { createEnrollSecrets, type EnrollSecrets } from './intake/enroll-secrets.ts'
import { declarationsOf } from './declarations.ts'
import { createMdmIntake } from './intake/mdm.ts'
import { createOsqueryIntake } from './intake/osquery.ts'
import { createOsqueryRefusals, type OsqueryRefusals } from './intake/osquery-refusals.ts'
import { createReconcile } from './intake/reconcile.ts'
import { createRefusals } from './intake/refusals.ts'
import { createSetApart } from './intake/set-apart.ts'
import { createSight, type Sight } from './intake/sight.ts'
import { createTokens, type Tokens } from './intake/tokens.ts'
import { createTurnstile } from './intake/turnstile.ts'
import type { Keep } from './keep.ts'
import { openPushing, type Pushing } from './pushing.ts'
import { createAgeClock } from './runtime/age-clock.ts'
import { createAlarms } from './runtime/alarms.ts'
import { createHosts, type Hosts } from './runtime/hosts.ts'
import { createOutbox, type Performers } from './runtime/outbox.ts'
import { hashToken, mintToken } from './secrets/tokens.ts'
import { openUpkeep } from './upkeep.ts'
import { openWebhooks, type OpenedWebhooks } from './webhooks.ts'
import type { World } from './runtime/world.ts'
import { openWorld } from './world.ts'

type CoreOptions = {
  readonly config: Config
  readonly log: Logger
  readonly keep: Keep
  /** The keep's store, perhaps with its commits timed. */
  readonly store: Store
}

export type Core = {
  readonly keep: Keep
  readonly world: World
  readonly store: Store
  readonly hosts: Hosts
  readonly sight: Sight
  readonly tokens: Tokens
  readonly enrollSecrets: EnrollSecrets
  readonly reading: Reading
  readonly commands: Commands
  readonly enrollment: Enrollment
  /** How devices are known. */
  readonly sender: ReturnType<typeof createDeviceAuth>
  readonly telling: OpenedWebhooks
  readonly pushing: Pushing
  readonly backing: OpenedBackups
  readonly osqueryRefusals: OsqueryRefusals
  /** Finishes what was begun; the keep stays open. */
  stop(): Promise<void>
}

/** Rejects with one sentence an operator can act on. */
export async function openCore({ config, log, keep, store }: CoreOptions): Promise<Core> {
  // Before the world moves it on.
  const ageMark = store.lookups.clock()?.at
  const { world, stop: stopWorld } = await openWorld(store)
  const hosts = createHosts({
    store,
    world,
    performed: new Set(['apns.push']),
    onBug: (hostId, error) => log.error({ hostId, err: error }, 'a host machine failed'),
    setApart: createSetApart({ sealing: keep.sealing, world }),
  })
  const commands = createCommands({ store, hosts, sealing: keep.sealing, world })
  const { live } = hosts
  const enrollment = await openEnrollment({ config, keep, store, world, commands, live, log })
  const sender = createDeviceAuth({ config, ...enrollment, store, world, live })
  const alarms = createAlarms({ store, hosts, world })
  const pushing = openPushing({ config, keep, store, world, hosts, log })
  const performers: Performers = { 'apns.push': pushing.pusher.perform }
  const outbox = createOutbox({ store, hosts, world, performers })
  const reading = createReading((reason) =>
    log.error(
      { err: reason },
      'the thread that reads large bodies died; the next body starts another',
    ),
  )
  const elapsedMs = (): number => performance.now()
  const ageNow = createAgeClock({ now: world.now, elapsedMs, mark: ageMark })
  const telling = openWebhooks({
    store,
    queries: keep.queries,
    sealing: keep.sealing,
    live,
    world,
    allows: config.webhookAllow,
    keptMs: config.keepDeliveriesMs,
    ageNow,
  })
  const backing = openUpkeep({ config, keep, store, live, world, log, ageNow })
  const secretTools = { store, live, world, mint: mintToken, hash: hashToken }
  const tokens = createTokens({ ...secretTools, configured: given(config.adminToken) })
  return {
    keep,
    store,
    world,
    hosts,
    tokens,
    reading,
    commands,
    enrollment,
    sender,
    telling,
    pushing,
    backing,
    osqueryRefusals: createOsqueryRefusals(world),
    sight: createSight({ store, hosts, world, turnstile: createTurnstile() }),
    enrollSecrets: createEnrollSecrets({ ...secretTools, configured: given(config.enrollSecret) }),
    async stop() {
      await backing.stop()
      await telling.stop()
      await enrollment.stop()
      await alarms.stop()
      await outbox.stop()
      await pushing.close()
      await hosts.drain()
      await tokens.flush()
      await reading.close()
      stopWorld()
    },
  }
}

type DeviceRoutesOptions = {
  readonly log: Logger
  readonly config: Config
  /** Counts devices that were not believed. */
  readonly refused: (why: string) => void
  /** Counts agents that may not join the host they say to be. */
  readonly arrived: (outcome: string) => void
  readonly guessing: Guessing
  /** Counts agents that may not enrol yet. */
  readonly enrollLimited: (bound: string) => void
  /** Counts what agents were refused. */
  readonly osqueryCounts: OsqueryCounts
}

/** What devices talk to. Mounted before anything that asks operators who they are. */
export function deviceRoutes(core: Core, options: DeviceRoutesOptions): Hono {
  const { log, config, refused, arrived, guessing, osqueryCounts } = options
  const { keep, store, world, hosts, sight, enrollSecrets, reading, enrollment, telling } = core
  const { osqueryRefusals } = core
  const shared = { hosts, lookups: store.lookups, sight, world }
  const noteArrival = createArrivalNotes({ store, live: hosts.live, world })
  const osquery = createOsqueryIntake({
    ...shared,
    logs: keep.logs,
    isEnrollSecret: (secret) => enrollSecrets.find(secret) !== undefined,
    agentCooldownMs: config.agentCooldownMs,
    limits: createEnrollLimits(
      { perAddress: config.enrollsPerAddress, inSum: config.enrollsPerMinute },
      world.steady,
    ),
    onLimit: options.enrollLimited,
    onArrival(outcome, hostId) {
      arrived(outcome)
      noteArrival(outcome, hostId)
    },
  })
  const refusals = { store, live: hosts.live, world, count: refused }
  const noteRefusal = createRefusals(refusals)
  const mdm = createMdmIntake({
    ...shared,
    sealing: keep.sealing,
    noteRefusal,
    echoesOf: telling.webhooks.echoesOf,
    askDeclarations: declarationsOf(config.declarationsUrl, { log, world }),
  })
  const refusalLog = createSampledLog(log, () => performance.now())
  const app = new Hono()
  app.route(
    '/',
    createScepRoutes({
      log: refusalLog,
      ...enrollment,
      guesses: createGuesses(world.steady),
      clientOf: guessing.clientOf,
      nonce: () => randomBytes(16),
    }),
  )
  app.route('/', createEnrollRoutes({ log: refusalLog, ...enrollment }))
  app.route(
    '/',
    createOsqueryRoutes({
      log: refusalLog,
      reading,
      intake: osquery,
      refusals: osqueryRefusals,
      count: osqueryCounts,
      ...guessing,
    }),
  )
  app.route(
    '/',
    createMdmRoutes({ log: refusalLog, reading, intake: mdm, sender: core.sender, noteRefusal }),
  )
  return app
}

/** What operators' routes and pages work with, beside how they know who asks. */
export function apiDeps({
  keep,
  store,
  world,
  hosts,
  sight,
  tokens,
  enrollSecrets,
  reading,
  commands,
  enrollment,
  telling: { webhooks, webhookDeliveries },
  pushing,
  backing,
  osqueryRefusals,
}: Core): Omit<ApiDeps, 'authenticate' | 'diagrams' | 'log' | 'closing' | 'version'> {
  return {
    hosts,
    store,
    queries: keep.queries,
    sealing: keep.sealing,
    reading,
    world,
    commands,
    commandContext,
    tokens,
    enrollSecrets,
    webhooks,
    webhookDeliveries,
    enrollment,
    pushCertificates: pushing.certificates,
    backups: backing.backups,
    backupSchedule: backing.schedule,
    osqueryRefusals,
    reconcile: createReconcile({ store, hosts, world }),
    dep: createDepIntake({ hosts, lookups: store.lookups, sight, world }),
    machines: {
      host: { version: machineVersions.host.version, machine: hostMachine },
      command: { version: machineVersions.command.version, machine: commandMachine },
    },
    cursorKey: new Uint8Array(
      hkdfSync('sha256', keep.masterKey.key, new Uint8Array(), 'muster cursor key v1', 32),
    ),
  }
}

const given = (secret: string | undefined): readonly string[] =>
  secret === undefined ? [] : [secret]
