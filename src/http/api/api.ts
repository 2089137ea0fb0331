import { isDamage } from '../../damage.ts'
import { requestId } from 'hono/request-id'
import { Hono } from 'hono'
import { refusal } from '../auth.ts'
import { createCursors } from '../cursor.ts'
import { problemResponse, requestIdOf, unknownPath } from '../problem.ts'
import { accessEndpoints } from './access.ts'
import { backupEndpoints } from './backups.ts'
import { certificateEndpoints } from './certificates.ts'
import { commandsEndpoints } from './commands.ts'
import { conflictEventEndpoint } from './conflict-event.ts'
import { conflictsEndpoint, resolveEndpoint } from './conflicts.ts'
import { depEndpoint } from './dep.ts'
import type { ApiDeps } from './deps.ts'
import { documentEndpoint } from './document-endpoint.ts'
import type { Endpoint } from './endpoint.ts'
import { enrollmentLinkEndpoints } from './enrollment-links.ts'
import { eventsEndpoint } from './events.ts'
import { hostActorEndpoint } from './host-actor.ts'
import { hostExplainEndpoint } from './host-explain.ts'
import { hostJournalEndpoint, journalEndpoint } from './host-journal.ts'
import { hostEndpoint } from './host.ts'
import { hostsEndpoint } from './hosts.ts'
import { summaryEndpoint } from './hosts-summary.ts'
import { machinesEndpoints } from './machines.ts'
import { pushCertificateEndpoints } from './push-certificates.ts'
import { removeHostsEndpoint } from './hosts-remove.ts'
import { revokeAgentEndpoint } from './host-agents.ts'
import { reconcileEndpoints } from './reconcile.ts'
import { addRoutes } from './routing.ts'
import { sendEndpoint } from './send.ts'
import { webhooksEndpoints } from './webhooks.ts'

/** The operators' API, to be mounted at `/api/v1`. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono()
  app.use('*', requestId({ generator: () => deps.world.uuid() }))
  app.use('*', async (context, next) => {
    await next()
    // Responses are made as a whole, so what hono prepared for them has not reached them.
    context.res.headers.set('x-request-id', requestIdOf(context))
    context.res.headers.set('x-content-type-options', 'nosniff')
  })
  app.onError((error, context) => {
    const id = requestIdOf(context)
    deps.log.error({ err: error, request_id: id }, 'a request failed')
    return problemResponse({ kind: isDamage(error) ? 'damaged' : 'internal' }, id)
  })
  addRoutes(app, apiEndpoints(deps), deps.authenticate)
  app.all('*', (context) => {
    const refused = refusal(context, deps.authenticate(context), 'viewer')
    return refused === undefined
      ? unknownPath(context)
      : problemResponse(refused, requestIdOf(context))
  })
  return app
}

/** Every route there is. A path's own words come before its parameters. */
function apiEndpoints(deps: ApiDeps): readonly Endpoint[] {
  const cursors = createCursors(deps.cursorKey)
  const endpoints = [
    hostsEndpoint(deps, cursors),
    summaryEndpoint(deps),
    removeHostsEndpoint(deps),
    hostEndpoint(deps),
    hostActorEndpoint(deps),
    hostJournalEndpoint(deps, cursors),
    hostExplainEndpoint(deps),
    ...reconcileEndpoints(deps),
    revokeAgentEndpoint(deps),
    sendEndpoint(deps),
    ...commandsEndpoints(deps, cursors),
    conflictsEndpoint(deps, cursors),
    resolveEndpoint(deps),
    conflictEventEndpoint(deps),
    eventsEndpoint(deps),
    journalEndpoint(deps, cursors),
    ...machinesEndpoints(deps),
    depEndpoint(deps),
    ...enrollmentLinkEndpoints(deps),
    ...certificateEndpoints(deps, cursors),
    ...pushCertificateEndpoints(deps),
    ...accessEndpoints(deps),
    ...backupEndpoints(deps),
    ...webhooksEndpoints(deps, cursors),
  ]
  return [...endpoints, documentEndpoint(deps.version, endpoints)]
}
