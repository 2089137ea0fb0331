// The console: pages rendered here, complete without a script, whose addresses say all they show.
import { Hono, type MiddlewareHandler } from 'hono'
import { requestId } from 'hono/request-id'
import { path } from '../../ui/address.ts'
import { html } from '../../ui/html.ts'
import { requestIdOf } from '../problem.ts'
import { cancelCommand, commandPage } from './command-page.ts'
import { commandsPage } from './commands-page.ts'
import { conflictsPage, resolveConflict } from './conflicts-page.ts'
import type { PagesDeps } from './deps.ts'
import { addEnrollment } from './enrollment-routes.ts'
import { deleteHost, sendCommand } from './host-forms.ts'
import { hostPage } from './host-page.ts'
import { hostsPage } from './hosts-page.ts'
import { eventsPage, hostJournalPage } from './journal-pages.ts'
import { addLive } from './live.ts'
import { machinePage, machinesPage } from './machines-page.ts'
import { deletePush, pushPage, uploadPush } from './push-page.ts'
import { createSecret, deleteSecret, settingsPage } from './settings-page.ts'
import { addSignIn } from './sign-in-page.ts'
import { addStaticFiles } from './static-files.ts'
import { createVisits, pageResponse, type Visits } from './visit.ts'
import { actOnWebhook, webhookPage, webhookVerbs } from './webhook-page.ts'
import { createWebhook, webhooksPage } from './webhooks-page.ts'

/** To be mounted at `/`, behind everything else: what nobody answered is answered here with a page. */
export function createPages(deps: PagesDeps): Hono {
  const app = new Hono()
  app.use('*', requestId({ generator: () => deps.world.uuid() }), guarded)
  const files = addStaticFiles(app)
  addSignIn(app, deps, files)
  addLive(app, deps)
  addPages(app, deps, files)
  app.onError((error, context) => {
    const id = requestIdOf(context)
    deps.log.error({ err: error, request_id: id }, 'a page failed')
    return pageResponse(String(broken(id)), 500)
  })
  return app
}

function addPages(app: Hono, deps: PagesDeps, files: string): void {
  const visits = createVisits(deps, files)
  const { page, form } = visits
  addEnrollment(app, deps, visits)
  app.get('/hosts', page(hostsPage))
  app.get(
    '/hosts/:ref',
    page((visit) => hostPage(deps, visit)),
  )
  app.get('/hosts/:ref/journal', page(hostJournalPage))
  app.post(
    '/hosts/:ref/send',
    form((visit, fields) => sendCommand(deps, visit, fields)),
  )
  app.post('/hosts/:ref/delete', form(deleteHost))
  // Where a refused form was sent: a reload or a bookmark of it should lead somewhere.
  app.get('/hosts/:ref/:form{send|delete}', (context) =>
    context.redirect(path('hosts', context.req.param('ref')), 303),
  )
  app.get(
    '/commands',
    page((visit) => commandsPage(deps, visit)),
  )
  app.get(
    '/commands/:uuid',
    page((visit) => commandPage(deps, visit)),
  )
  app.post('/commands/:uuid/cancel', form(cancelCommand))
  app.get(
    '/events',
    page((visit) => eventsPage(deps, visit)),
  )
  app.get(
    '/conflicts',
    page((visit) => conflictsPage(deps, visit)),
  )
  app.post('/conflicts/:id/resolve', form(resolveConflict))
  app.get('/machines', page(machinesPage))
  app.get(
    '/machines/:id',
    page((visit) => machinePage(deps, visit)),
  )
  app.get(
    '/settings',
    page((visit) => settingsPage(visit)),
  )
  for (const kind of ['tokens', 'enroll-secrets'] as const) {
    app.post(
      `/settings/${kind}`,
      form((visit, fields) => createSecret(visit, fields, kind)),
    )
    app.post(
      `/settings/${kind}/:id/delete`,
      form((visit) => deleteSecret(visit, kind)),
    )
    app.get(`/settings/${kind}`, (context) => context.redirect('/settings', 303))
  }
  addPush(app, visits)
  addWebhooks(app, { page, form })
  app.get(
    '*',
    page(async () => ({
      ok: false,
      error: { status: 404, title: 'Not found', detail: 'There is no page at this address.' },
    })),
  )
}

function addPush(app: Hono, { page, form }: Visits): void {
  app.get(
    '/settings/push',
    page((visit) => pushPage(visit)),
  )
  app.post('/settings/push', form(uploadPush))
  app.post('/settings/push/:topic/delete', form(deletePush))
  app.get('/settings/push/:topic/delete', (context) => context.redirect('/settings/push', 303))
}

function addWebhooks(app: Hono, { page, form }: Visits): void {
  app.get(
    '/settings/webhooks',
    page((visit) => webhooksPage(visit)),
  )
  app.post('/settings/webhooks', form(createWebhook))
  app.get(
    '/settings/webhooks/:id',
    page((visit) => webhookPage(visit)),
  )
  for (const verb of webhookVerbs) {
    app.post(
      `/settings/webhooks/:id/${verb}`,
      form((visit, fields) => actOnWebhook(visit, fields, verb)),
    )
    app.get(`/settings/webhooks/:id/${verb}`, (context) =>
      context.redirect(path('settings', 'webhooks', context.req.param('id')), 303),
    )
  }
}

/** Pages load their own stylesheet, scripts and pictures, talk to this server, and nobody frames them. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const guarded: MiddlewareHandler = async (context, next) => {
  await next()
  context.res.headers.set('content-security-policy', policy)
  context.res.headers.set('x-content-type-options', 'nosniff')
  context.res.headers.set('referrer-policy', 'same-origin')
  context.res.headers.set('cross-origin-opener-policy', 'same-origin')
}

/** Needs nothing that could have failed. */
const broken = (id: string) =>
  html`<meta charset="utf-8" />
    <title>A fault of the server · Muster</title>
    <h1>A fault of the server</h1>
    <p>
      Our mistake. Request <code>${id}</code> finds it in the log. <a href="/hosts">All hosts</a>
    </p>`
