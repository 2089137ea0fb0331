// Certificates by which devices prove who they are.
import { z } from '@hono/zod-openapi'
import type { RenewFault } from '../../intake/renewals.ts'
import { fail, ok } from '../../result.ts'
import type { CursorPlace, Cursors } from '../cursor.ts'
import type { Problem } from '../problem.ts'
import { causeOf } from './cause.ts'
import { certificateItem, certificateOf, certificateStatuses } from './certificate-item.ts'
import { commandItem, itemOfRow } from './command-item.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { pageOf, pageQuery, wordsOf } from './fields.ts'
import { withMerged } from './host-journal.ts'
import { hostByRef } from './host-ref.ts'
import { placeAsked, pageReply } from './page.ts'
import { sendProblem } from './send.ts'

const params = z.object({
  fingerprint: z.string().openapi({ description: 'SHA-256 of the DER, 64 hexadecimal digits.' }),
})
const tag = 'certificates'
const unknown: Problem = { kind: 'not-found', detail: 'No certificate has that fingerprint.' }

export const certificateEndpoints = (deps: ApiDeps, cursors: Cursors): readonly Endpoint[] => [
  listEndpoint(deps, cursors),
  oneEndpoint(deps),
  revokeEndpoint(deps),
  renewEndpoint(deps),
]

const listEndpoint = (deps: ApiDeps, cursors: Cursors): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/certificates',
      role: 'viewer',
      tag,
      summary: 'Device certificates, newest first.',
      query: z.strictObject({
        host: z.string().min(1).optional().openapi({ description: 'Any reference to a host.' }),
        status: wordsOf(certificateStatuses, 'Status.'),
        ending_before: z.iso
          .datetime()
          .optional()
          .openapi({ description: 'Only those that run out before this moment.' }),
        ...pageQuery,
      }),
      gives: pageOf(certificateItem),
    },
    async (call) => {
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const { host: ref, status, ending_before, limit } = call.query
      const host = ref === undefined ? ok(undefined) : await hostByRef(deps, ref)
      if (!host.ok) return host
      const page = answered(
        await deps.queries.listCertificates({
          ...(host.value && { hostIds: withMerged(deps.store, host.value.id) }),
          ...(status && { statuses: status, asOf: deps.world.steady() }),
          ...(ending_before !== undefined && { endingBefore: Date.parse(ending_before) }),
          ...afterPlace(place.value),
          limit,
        }),
      )
      if (!page.ok) return page
      const { items, total, more, damaged } = page.value
      const last = items.at(-1)
      const end = more && last ? [last.issued_at, last.fingerprint] : undefined
      const shown = items.map((row) => certificateOf(row, deps.world))
      return ok(pageReply(cursors, call, { items: shown, total, end, damaged }))
    },
  )

function afterPlace([issuedAt, fingerprint]: CursorPlace = []) {
  return typeof issuedAt === 'number' && typeof fingerprint === 'string'
    ? { after: { issued_at: issuedAt, fingerprint } }
    : {}
}

const oneEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/certificates/{fingerprint}',
      role: 'viewer',
      tag,
      summary: 'One device certificate.',
      params,
      gives: certificateItem,
    },
    async ({ path }) => {
      const row = deps.store.lookups.certificate(path.fingerprint.toLowerCase())
      return row === undefined
        ? fail(unknown)
        : ok({ kind: 'json', content: certificateOf(row, deps.world) })
    },
  )

const revokeEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'post',
      path: '/certificates/{fingerprint}/revoke',
      role: 'admin',
      tag,
      summary: 'Ends a certificate: its device is refused from then on, and has to enrol anew.',
      params,
      gives: certificateItem,
    },
    async ({ path, principal }) => {
      const fingerprint = path.fingerprint.toLowerCase()
      const revoked = await deps.enrollment.certificates.revoke(fingerprint, causeOf(principal))
      if (revoked.ok) return ok({ kind: 'json', content: certificateOf(revoked.value, deps.world) })
      return fail(revoked.error === 'unavailable' ? { kind: 'unavailable' } : unknown)
    },
  )

const renewEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'post',
      path: '/certificates/{fingerprint}/renew',
      role: 'admin',
      tag,
      summary: 'Sends the device a profile with which it gets its next certificate.',
      description:
        'Done by itself some time before the end. While such a command waits, that one is given.',
      params,
      gives: commandItem,
    },
    async ({ path, principal }) => {
      const fingerprint = path.fingerprint.toLowerCase()
      const renewed = await deps.enrollment.renewals.renew(fingerprint, causeOf(principal))
      return renewed.ok
        ? ok({ kind: 'json', content: itemOfRow(deps, renewed.value) })
        : fail(renewProblem(renewed.error))
    },
  )

function renewProblem(fault: RenewFault): Problem {
  if (fault.kind === 'no-such-certificate') return unknown
  if (fault.kind === 'not-active' || fault.kind === 'too-late' || fault.kind === 'not-ours')
    return { kind: 'conflict', detail: sentences[fault.kind] }
  return sendProblem(fault)
}

const sentences = {
  'not-active': 'It speaks for no host now, so there is nothing to renew.',
  'too-late': 'It ran out, so its device is refused: it has to enrol anew.',
  'not-ours': 'Its device did not enrol by a profile made here: it has to enrol anew.',
} as const
