// What Apple lets us wake devices with. A key goes in and never comes out.
import { z } from '@hono/zod-openapi'
import type { PushCertificateRow } from '../../../storage/certificate-rows.ts'
import type { KeepFault } from '../../intake/push-certificates.ts'
import type { PushWarning } from '../../intake/push-warnings.ts'
import { fail, ok } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { iso, isoOrNull, pageOf, time } from './fields.ts'

const pushCertificate = z
  .object({
    topic: z.string(),
    subject: z.string(),
    not_before: time,
    not_after: time,
    created_at: time,
    created_by: z.string(),
    refused_at: time.nullable(),
    refused_reason: z
      .string()
      .nullable()
      .openapi({ description: "Apple's word when it does not take the certificate." }),
    warnings: z
      .array(z.string())
      .openapi({ description: 'What needs to be done, and until when.' }),
  })
  .openapi('PushCertificate')

/** A chain and a key are under 20 kB. */
const uploadCharsMax = 500_000

const upload = z
  .strictObject({
    pem: z
      .string()
      .max(uploadCharsMax)
      .optional()
      .openapi({ description: 'Certificate and private key, in any order.' }),
    pkcs12: z
      .base64()
      .max(uploadCharsMax)
      .optional()
      .openapi({ description: 'The same as a .p12 file, in base64.' }),
    password: z
      .string()
      .max(1_000)
      .optional()
      .openapi({ description: 'Of the key or the file, if it has one.' }),
    force: z.boolean().optional().openapi({
      description: 'Take it although all enrolled hosts listen to other topics.',
    }),
  })
  .refine(({ pem, pkcs12 }) => (pem === undefined) !== (pkcs12 === undefined), {
    message: 'give either pem or pkcs12',
  })

const shared = { role: 'admin', tag: 'push' } as const

export function pushCertificateEndpoints(deps: ApiDeps): readonly Endpoint[] {
  const { pushCertificates } = deps
  const shown = (row: PushCertificateRow): Shown => shownRow(row, pushCertificates.warnings())
  return [
    endpoint(
      {
        ...shared,
        role: 'viewer',
        method: 'get',
        path: '/push-certificates',
        summary: 'Push certificates, one per topic.',
        gives: pageOf(pushCertificate),
      },
      async () => {
        const items = pushCertificates.list().map(shown)
        return ok({ kind: 'json', content: { items, total: items.length, next: null } })
      },
    ),
    endpoint(
      {
        ...shared,
        method: 'put',
        path: '/push-certificates',
        summary: 'Takes a push certificate with its key, in place of the one its topic had.',
        body: jsonBody(upload),
        gives: pushCertificate,
      },
      async ({ body, principal }) => {
        const bytes =
          body.pkcs12 === undefined
            ? Buffer.from(body.pem ?? '')
            : Buffer.from(body.pkcs12, 'base64')
        const { password, force = false } = body
        const kept = await pushCertificates.keep({ bytes, password, force }, causeOf(principal))
        return kept.ok
          ? ok({ kind: 'json', content: shown(kept.value) })
          : fail(keepProblem(kept.error, body.pem === undefined ? '/pkcs12' : '/pem'))
      },
    ),
    endpoint(
      {
        ...shared,
        method: 'delete',
        path: '/push-certificates/{topic}',
        summary: 'Deletes the certificate of a topic: its devices are not woken any more.',
        params: z.object({ topic: z.string() }),
        gives: z.undefined(),
        also: { 204: 'Deleted.' },
      },
      async ({ path, principal }) => {
        const removed = await pushCertificates.remove(path.topic, causeOf(principal))
        if (!removed.ok) return fail({ kind: 'unavailable' })
        return removed.value
          ? ok({ kind: 'other', response: new Response(null, { status: 204 }) })
          : fail({ kind: 'not-found', detail: 'There is no push certificate of that topic.' })
      },
    ),
  ]
}

type Shown = z.input<typeof pushCertificate>

const shownRow = (row: PushCertificateRow, warnings: readonly PushWarning[]): Shown => ({
  topic: row.topic,
  subject: row.subject,
  not_before: iso(row.not_before),
  not_after: iso(row.not_after),
  created_at: iso(row.created_at),
  created_by: row.created_by,
  refused_at: isoOrNull(row.refused_at),
  refused_reason: row.refused_reason,
  warnings: warnings.flatMap(({ topic, sentence }) => (topic === row.topic ? [sentence] : [])),
})

function keepProblem(fault: KeepFault, pointer: string): Problem {
  if (fault.kind === 'unavailable') return { kind: 'unavailable' }
  if (fault.kind === 'unheard-topic') {
    const heard = Object.entries(fault.counts).map(([topic, count]) => `${topic}: ${count}`)
    return {
      kind: 'unheard-topic',
      detail: `No enrolled host listens to ${fault.topic}, so it would wake none of them. Enrolled hosts by topic: ${heard.join(', ')}. Nothing was changed. Renew the certificate with the Apple Account it came from, or send this one again with force.`,
      more: { topic: fault.topic, hosts_by_topic: fault.counts },
    }
  }
  return { kind: 'invalid', detail: fault.detail, errors: [{ pointer, detail: fault.detail }] }
}
