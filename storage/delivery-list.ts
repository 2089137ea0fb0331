import {
  type DeliveryCutQuery,
  type DeliveryListQuery,
  type Page,
  pageRowsMax,
  type QueryTypes,
} from './queries.ts'
import { and, isOneOf, numberOf, type Select, sql } from './select.ts'
import { soundPage } from './sound-page.ts'
import { number, storedList, text as bytes } from './stored.ts'
import type { DeliveryRow } from './webhook-rows.ts'

/** What one webhook was told and is yet to be told, newest first. */
export function listDeliveries(select: Select, query: DeliveryListQuery): Page<DeliveryRow> {
  const { webhookId, hostId, states, topics, after } = query
  const matching = and([
    sql('webhook_id = ?', webhookId),
    hostId === undefined ? undefined : sql('host_id = ?', hostId),
    states && isOneOf('state', states),
    topics && isOneOf('topic', topics),
  ])
  const rest = after && sql('(created_at, id) < (?, ?)', after.created_at, after.id)
  const where = and([matching, rest])
  const limit = Math.min(query.limit, pageRowsMax)
  const text = `SELECT ${storedList('webhook_deliveries')}
    FROM webhook_deliveries INDEXED BY deliveries_by_webhook
    WHERE ${where.text} ORDER BY created_at DESC, id DESC LIMIT ?`
  const read = (rows: number) => select(text, [...where.values, rows])
  const counted = `SELECT count(*) FROM webhook_deliveries WHERE ${matching.text}`
  return {
    ...soundPage('webhook_deliveries', read, { limit, itemOf: (row) => row }),
    total: numberOf(select(counted, matching.values)),
  }
}

export function countWaiting(select: Select): QueryTypes['waitingDeliveries'][1] {
  const rows = select(
    `SELECT ${bytes('webhook_id')}, count(*) FROM webhook_deliveries INDEXED BY deliveries_pending
      WHERE state = 'pending' GROUP BY webhook_id`,
  )
  return Object.fromEntries(rows.map(([id, count]) => [String(id), Number(count)]))
}

export function cutOf(select: Select, { kept }: DeliveryCutQuery): number | null {
  const [row] = select(
    `SELECT ${number('finished_at')} FROM webhook_deliveries INDEXED BY deliveries_by_end
      WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1 OFFSET ?`,
    [kept],
  )
  return row === undefined ? null : Number(row[0])
}
