import type { WebhookRow } from '../../storage/webhook-rows.ts'

type Asked = Pick<WebhookRow, 'topics'>

/**
 * Whether a webhook asked for this: by its name, by a family such as `mdm.*`, or by naming nothing.
 *
 * Every poll of a device asks, so that what was read of a row once is remembered with it.
 */
export function createTopics(): (row: Asked, topic: string) => boolean {
  const read = new WeakMap<Asked, readonly string[]>()
  function topicsOf(row: Asked): readonly string[] {
    const known = read.get(row)
    if (known !== undefined) return known
    // We wrote it as an array of strings.
    const topics = JSON.parse(row.topics) as readonly string[]
    read.set(row, topics)
    return topics
  }
  return (row, topic) => {
    const topics = topicsOf(row)
    return topics.length === 0 || topics.some((asked) => fits(asked, topic))
  }
}

const fits = (asked: string, topic: string): boolean =>
  asked.endsWith('.*') ? topic.startsWith(asked.slice(0, -1)) : asked === topic
