// How NanoMDM answers its scripts: tab-indented JSON, and 200, 207 or 500 by how many targets failed.

/** Per enrollment ID; a key is there when there is something to say. */
export type TargetResult = {
  readonly push_error?: string
  readonly push_result?: string
  readonly command_error?: string
  /** The command was queued, whatever became of the push. */
  readonly queued?: true
}

/** The result object, keys in the order scripts see them in. */
export type CompatResult = {
  readonly status?: Readonly<Record<string, TargetResult>>
  readonly no_push?: true
  readonly push_error?: string
  readonly command_error?: string
  readonly command_uuid?: string
  readonly request_type?: string
  /** Every target has the command, whatever became of the push. */
  readonly queued?: true
}

export function answerJson(body: object, status = 200): Response {
  const bytes = new TextEncoder().encode(`${JSON.stringify(body, null, '\t')}\n`)
  return new Response(bytes, {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.length) },
  })
}

/** Of all `requested` targets none, some or every one failed; an error of the whole call is a 500. */
export function answerResult(result: CompatResult, requested: number): Response {
  const failed = Object.values(result.status ?? {}).filter(
    ({ push_error, command_error }) => push_error !== undefined || command_error !== undefined,
  ).length
  const isOver = result.push_error !== undefined || result.command_error !== undefined
  const status = isOver || failed >= Math.max(requested, 1) ? 500 : failed > 0 ? 207 : 200
  return answerJson(result, status)
}

export const answerText = (
  text: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  })
