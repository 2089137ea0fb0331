/** One message of a `text/event-stream`. */
export type ServerEvent = {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

/** A message of ours is a journal row of some hundred bytes; its detail may be larger. */
const messageCharsMax = 1024 * 1024

/**
 * Reads messages out of a stream of bytes, however it was cut into pieces.
 *
 * Comments, which keep the line alive, and messages without data give nothing. Throws past the bound:
 * whoever sends that is no server of ours.
 * Source: WHATWG HTML, section 9.2.6, without `retry`.
 */
export async function* serverEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const blocks = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    if (rest.length > messageCharsMax) throw new Error('an event of the stream has no end')
    for (const block of blocks) {
      const event = read(block)
      if (event !== undefined) yield event
    }
  }
}

function read(block: string): ServerEvent | undefined {
  const data: string[] = []
  let event = 'message'
  let id: string | undefined
  for (const line of block.split(/\r?\n/)) {
    const { field, value = '' } = /^(?<field>[^:]+)(?:: ?(?<value>.*))?$/.exec(line)?.groups ?? {}
    if (field === 'data') data.push(value)
    if (field === 'event') event = value
    if (field === 'id') id = value
  }
  return data.length === 0 ? undefined : { event, id, data: data.join('\n') }
}
