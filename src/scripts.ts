// NanoMDM's API over what is here: where its words meet ours.
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Core } from './core.ts'
import { createCompatRoutes } from './http/compat/routes.ts'
import { createMdmIntake } from './intake/mdm.ts'
import { fail, ok } from './result.ts'

/** For scripts that were written for NanoMDM. Each is known by an API token as its password. */
export function scriptRoutes(core: Core, log: Logger): Hono {
  const { keep, store, world, hosts, sight, tokens, commands, pushing, reading } = core
  const migration = createMdmIntake({
    hosts,
    sight,
    lookups: store.lookups,
    world,
    // Told to no webhook: what another server passes on happened there.
    sealing: keep.sealing,
  })
  return createCompatRoutes(
    {
      tokens,
      commands,
      reading,
      lookups: store.lookups,
      migrate: migration.checkin,
      push: pushing.pusher.pushNow,
      async storePushCertificate(bytes, cause) {
        const stored = await pushing.certificates.keep({ bytes, force: true }, cause)
        if (stored.ok) return ok({ topic: stored.value.topic, notAfterMs: stored.value.not_after })
        const { error } = stored
        return error.kind === 'bad'
          ? fail(error)
          : fail({ kind: 'unavailable', detail: 'the certificate could not be kept' })
      },
      pushCertificate(topic) {
        const row = pushing.certificates.find(topic)
        return row && { topic: row.topic, notAfterMs: row.not_after }
      },
    },
    log,
  )
}
