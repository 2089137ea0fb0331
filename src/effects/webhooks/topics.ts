import type { WebhookRow } from '../../../storage/webhook-rows.ts'

/** Whether a webhook asked for this: by its name, by a family such as `mdm.*`, or by naming nothing. */
export function wants({ topics }: Pick<WebhookRow, 'topics'>, topic: string): boolean {
  // We wrote it as an array of strings.
  const asked = JSON.parse(topics) as readonly string[]
  return (
    asked.length === 0 ||
    asked.some((one) => (one.endsWith('.*') ? topic.startsWith(one.slice(0, -1)) : one === topic))
  )
}
