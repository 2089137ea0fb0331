import { z } from '@hono/zod-openapi'
import type { CertificateRow, ShownStatus } from '../../../storage/certificate-rows.ts'
import { type DueClock, dueIsoOrNull } from './due-time.ts'
import { iso, isoOrNull, time } from './fields.ts'

export const certificateStatuses = [
  'issued',
  'expired-unused',
  'active',
  'retired',
  'revoked',
] as const satisfies readonly ShownStatus[]

export const certificateItem = z
  .object({
    fingerprint: z.string().openapi({ description: 'SHA-256 of the DER.' }),
    serial: z.string(),
    subject: z.string(),
    status: z.enum(certificateStatuses).openapi({
      description:
        'issued waits for its first Authenticate, for which expired-unused waited in vain; active speaks for its host, the others for nobody.',
    }),
    origin: z.enum(['issued', 'adopted']),
    host_id: z.string().nullable().openapi({ description: 'The host it is bound to.' }),
    vouched_host_id: z
      .string()
      .nullable()
      .openapi({ description: 'The host its challenge was minted for.' }),
    proven: z
      .object({ serial: z.string().optional(), udid: z.string().optional() })
      .nullable()
      .openapi({ description: 'What its maker vouched for when it enrolled.' }),
    link_id: z.string().nullable(),
    team: z.string().nullable(),
    renews: z.string().nullable().openapi({ description: 'Fingerprint of the one before it.' }),
    not_before: time,
    not_after: time,
    issued_at: time,
    first_use_by: time.nullable().openapi({
      description:
        'Later than this no first Authenticate is taken with it; null where none is awaited.',
    }),
    bound_at: time.nullable(),
    ended_at: time.nullable(),
    ended_by: z.string().nullable(),
    ends: z.enum(['later', 'soon', 'past']).openapi({
      description: 'soon: within 30 days. An active one should have been renewed by then.',
    }),
  })
  .openapi('Certificate')

/** Half the usual time between a renewal's first try and the end. */
const soonMs = 30 * 86_400_000

export const certificateOf = (
  row: CertificateRow,
  world: DueClock,
): z.input<typeof certificateItem> => ({
  fingerprint: row.fingerprint,
  serial: row.serial,
  subject: row.subject,
  status: shownStatus(row, world.steady()),
  origin: row.origin,
  host_id: row.host_id,
  vouched_host_id: row.vouched_host_id,
  // Our own JSON: what cannot be read is a bug.
  proven:
    row.proven === null ? null : (JSON.parse(row.proven) as { serial?: string; udid?: string }),
  link_id: row.link_id,
  team: row.team,
  renews: row.renews,
  not_before: iso(row.not_before),
  not_after: iso(row.not_after),
  issued_at: iso(row.issued_at),
  first_use_by: dueIsoOrNull(world, row.first_use_by),
  bound_at: isoOrNull(row.bound_at),
  ended_at: isoOrNull(row.ended_at),
  ended_by: row.ended_by,
  ends: endsOf(row.not_after - world.now()),
})

/** As `isExpiredUnused` in `src/intake/living-certificates.ts` has it. */
const shownStatus = (
  { status, first_use_by: by }: CertificateRow,
  steadyNow: number,
): ShownStatus =>
  status === 'issued' && by !== null && by <= steadyNow ? 'expired-unused' : status

const endsOf = (leftMs: number): 'later' | 'soon' | 'past' => {
  if (leftMs <= 0) return 'past'
  return leftMs <= soonMs ? 'soon' : 'later'
}
