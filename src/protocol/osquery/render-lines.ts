// Lines of a log as text, one JSON object a line.
import type { JsonObject } from './json.ts'

/** Text that is held before it becomes bytes. */
const chunkCharsMax = 1_048_576

/** Each line with `received` added. JSON escapes line breaks, so no text in a line can end it. */
export function renderLines(lines: Iterable<JsonObject>, received: JsonObject): Uint8Array {
  const chunks: Uint8Array[] = []
  let text = ''
  for (const line of lines) {
    text += `${JSON.stringify({ ...line, ...received })}\n`
    if (text.length < chunkCharsMax) continue
    chunks.push(Buffer.from(text))
    text = ''
  }
  chunks.push(Buffer.from(text))
  const all = Buffer.concat(chunks)
  // A pooled buffer belongs to others too, and could not be handed over.
  return new Uint8Array(all)
}
