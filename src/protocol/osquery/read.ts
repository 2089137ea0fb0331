/** What a distributed read offers a host: query id → SQL. */
export type Read = {
  readonly queries: Readonly<Record<string, string>>
  /** Probes by query id: the query runs only where its probe returns a row. One failing probe stops all. */
  readonly discovery?: Readonly<Record<string, string>>
  /** Whole seconds during which the agent polls every 5 s. */
  readonly accelerateSeconds?: number
}

const utf8 = new TextEncoder()

/** The answer to nearly every read, made once. */
export const emptyRead: Uint8Array = utf8.encode('{"queries":{}}')

/**
 * Renders a read as the agent wants it.
 *
 * Older agents run nothing without a probe once any probe is there, so then every query gets one that holds.
 */
export function readReply({ queries, discovery = {}, accelerateSeconds }: Read): Uint8Array {
  const ids = Object.keys(queries)
  if (ids.length === 0 && accelerateSeconds === undefined) return emptyRead
  const probed = ids.some((id) => Object.hasOwn(discovery, id))
  const probes = ids.map((id) => [id, discovery[id] ?? 'SELECT 1'] as const)
  return utf8.encode(
    JSON.stringify({
      queries,
      ...(probed && { discovery: Object.fromEntries(probes) }),
      // The agent reads a JSON integer and nothing else.
      ...(accelerateSeconds !== undefined && { accelerate: Math.round(accelerateSeconds) }),
    }),
  )
}
