import type { CertificateRow } from './certificate-rows.ts'
import { type CertificateListQuery, type Page, pageRowsMax } from './queries.ts'
import { and, isOneOf, numberOf, or, type Select, sql } from './select.ts'
import { soundPage } from './sound-page.ts'
import { storedList } from './stored.ts'

/** Device certificates, newest first: all of them, or of one host and those it was before its merges. */
export function listCertificates(
  select: Select,
  { hostIds, statuses, asOf = 0, endingBefore, after, limit: wanted }: CertificateListQuery,
): Page<CertificateRow> {
  const filtered = and([
    hostIds &&
      or([
        isOneOf('host_id', hostIds),
        and([sql('host_id IS NULL'), isOneOf('vouched_host_id', hostIds)]),
      ]),
    statuses && isOneOf(shownStatus(asOf), statuses),
    endingBefore === undefined ? undefined : sql('not_after < ?', endingBefore),
  ])
  const rest = after && sql('(issued_at, fingerprint) < (?, ?)', after.issued_at, after.fingerprint)
  const where = and([filtered, rest])
  const limit = Math.min(wanted, pageRowsMax)
  const text = `SELECT ${storedList('certificates')} FROM certificates
    WHERE ${where.text} ORDER BY issued_at DESC, fingerprint DESC LIMIT ?`
  const read = (rows: number) => select(text, [...where.values, rows])
  const counted = `SELECT count(*) FROM certificates WHERE ${filtered.text}`
  return {
    ...soundPage('certificates', read, { limit, itemOf: (row) => row }),
    total: numberOf(select(counted, filtered.values)),
  }
}

/** A number of ours, written out: it stands where a column does. */
const shownStatus = (asOf: number): string =>
  `CASE WHEN status = 'issued' AND first_use_by <= ${Math.floor(asOf)} THEN 'expired-unused' ELSE status END`
