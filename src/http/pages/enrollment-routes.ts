import type { Hono } from 'hono'
import { path } from '../../ui/address.ts'
import { certificatePage, certificatesPage, changeCertificate } from './certificates-page.ts'
import type { PagesDeps } from './deps.ts'
import { enrollmentPage, openLink, revokeLink } from './enrollment-page.ts'
import type { Visits } from './visit.ts'

/** The pages about links and certificates. */
export function addEnrollment(app: Hono, deps: PagesDeps, { page, form }: Visits): void {
  app.get(
    '/enrollment',
    page((visit) => enrollmentPage(deps, visit)),
  )
  app.post(
    '/enrollment',
    form((visit, fields) => openLink(deps, visit, fields)),
  )
  app.get(
    '/enrollment/certificates',
    page((visit) => certificatesPage(deps, visit)),
  )
  app.get(
    '/enrollment/certificates/:fingerprint',
    page((visit) => certificatePage(deps, visit)),
  )
  for (const verb of ['renew', 'revoke'] as const) {
    app.post(
      `/enrollment/certificates/:fingerprint/${verb}`,
      form((visit) => changeCertificate(deps, visit, verb)),
    )
    // Where a refused form was sent: a reload of it should lead somewhere.
    app.get(`/enrollment/certificates/:fingerprint/${verb}`, (context) =>
      context.redirect(path('enrollment', 'certificates', context.req.param('fingerprint')), 303),
    )
  }
  app.post(
    '/enrollment/:id/revoke',
    form((visit) => revokeLink(deps, visit)),
  )
  app.get('/enrollment/:id/revoke', (context) => context.redirect('/enrollment', 303))
}
