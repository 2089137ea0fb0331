// How many enrolled hosts listen to each push topic, read off their snapshots.
import type { Select } from './select.ts'

/** Device channels that have a push address, by topic. A snapshot that is no JSON is not counted. */
export function countPushTopics(select: Select): Readonly<Record<string, number>> {
  const rows = select(
    `SELECT channel.value ->> 'topic' AS topic, count(*) AS count
     FROM host_actors,
       json_each(CASE WHEN json_valid(snapshot) THEN snapshot ELSE '{}' END, '$.context.channels') AS channel
     WHERE channel.value ->> 'kind' = 'device' AND channel.value ->> 'pushRef' IS NOT NULL
     GROUP BY 1 HAVING topic IS NOT NULL`,
  )
  return Object.fromEntries(rows.map(([topic, count]) => [String(topic), Number(count)]))
}
