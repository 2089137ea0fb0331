// Puts the parts together. Everything here is wiring; what the parts do is in their own rooms.
import { hkdfSync } from 'node:crypto'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { commandMachine } from '../machines/command.ts'
import { hostMachine } from '../machines/host.ts'
import { machineVersions } from '../machines/versions.ts'
import type { Config } from './config.ts'
import { createMdmRoutes } from './http/mdm/routes.ts'
import { createOsqueryRoutes } from './http/osquery/routes.ts'
import { createDepIntake } from './intake/dep.ts'
import { createEnrollSecrets, type EnrollSecrets } from './intake/enroll-secrets.ts'
import { createMdmIntake } from './intake/mdm.ts'
import { createOsqueryIntake } from './intake/osquery.ts'
import { createSight } from './intake/sight.ts'
import { createTokens, type Tokens } from './intake/tokens.ts'
import { createTurnstile } from './intake/turnstile.ts'
import { type Keep, openKeep } from './keep.ts'
import { createAlarms } from './runtime/alarms.ts'
import { createHosts } from './runtime/hosts.ts'
import { createOutbox, type Performers } from './runtime/outbox.ts'
import { hashToken, mintToken } from './secrets/tokens.ts'
import { realWorld } from './world.ts'

export type Server = {
  /** Everything but devices, or everything where devices have no listener of their own. */
  readonly app: Hono
  readonly deviceApp: Hono
  readonly keep: Keep
  readonly tokens: Tokens
  readonly enrollSecrets: EnrollSecrets
  /** Ends live streams, so that their connections can close. */
  closing(): void
  /** Finishes what was begun, then closes the data folder. */
  close(): Promise<void>
}

/** Nothing leaves the process yet: pushes wait for a push certificate. */
const performers: Performers = {}

export async function openServer(config: Config, log: Logger): Promise<Server> {
  const keep = await openKeep(config, (reason) => {
    log.fatal({ err: reason }, 'a storage thread died')
    process.exit(70)
  })
  const world = realWorld
  const { store } = keep
  const hosts = createHosts({
    store,
    world,
    performed: new Set(Object.keys(performers)),
    onBug: (hostId, error) => log.error({ hostId, err: error }, 'a host machine failed'),
  })
  const alarms = createAlarms({ store, hosts, world })
  const outbox = createOutbox({ store, hosts, world, performers })
  const sight = createSight({ store, hosts, world, turnstile: createTurnstile() })
  const secretTools = { store, world, mint: mintToken, hash: hashToken }
  const tokens = createTokens({ ...secretTools, configured: given(config.adminToken) })
  const enrollSecrets = createEnrollSecrets({
    ...secretTools,
    configured: given(config.enrollSecret),
  })
  const shared = { hosts, lookups: store.lookups, sight, world }

  const deviceApp = new Hono()
  deviceApp.route(
    '/',
    createOsqueryRoutes({
      log,
      intake: createOsqueryIntake({
        ...shared,
        logs: keep.logs,
        isEnrollSecret: (secret) => enrollSecrets.find(secret) !== undefined,
      }),
    }),
  )
  deviceApp.route(
    '/',
    createMdmRoutes({
      log,
      intake: createMdmIntake({ ...shared, sealing: keep.sealing }),
      // The one mode there is: devices are believed, and only from this machine.
      credential: () => ({ kind: 'none' }),
    }),
  )
  const dep = createDepIntake(shared)
  void dep
  void hkdfSync
  void hostMachine
  void commandMachine
  void machineVersions
  const closing = new AbortController()
  const app = new Hono()
  return {
    app,
    deviceApp,
    keep,
    tokens,
    enrollSecrets,
    closing: () => closing.abort(),
    async close() {
      await alarms.stop()
      await outbox.stop()
      await hosts.drain()
      await tokens.flush()
      await keep.close()
    },
  }
}

const given = (secret: string | undefined): readonly string[] =>
  secret === undefined ? [] : [secret]
