import type { Context } from 'hono'

/** No page of ours has more: Node takes seconds for a form of many. */
const fieldsMax = 100

/** A push certificate and its key. Only files come in parts; a field's text may be a megabyte. */
const partsBytesMax = 262_144

/**
 * What a form says. A file is there as base64 under its field's name, and not at all when none was chosen.
 *
 * Undefined when the body is not what its type says, and when there is more in it than a form of ours has.
 */
export async function fieldsOf(
  { req }: Context,
  body: Uint8Array,
): Promise<URLSearchParams | undefined> {
  const type = req.header('content-type') ?? ''
  if (type.startsWith('multipart/form-data')) return partsOf(body, type)
  return countOf(body, '&') < fieldsMax ? new URLSearchParams(spaced(body)) : undefined
}

async function partsOf(body: Uint8Array, type: string): Promise<URLSearchParams | undefined> {
  const boundary = /boundary="?([^";]{1,70})/.exec(type)?.[1] ?? ''
  if (body.length > partsBytesMax || countOf(body, `--${boundary}`) > fieldsMax) return undefined
  try {
    const headers = { 'content-type': type }
    const form = await new Response(Uint8Array.from(body), { headers }).formData()
    const fields = new URLSearchParams()
    for (const [name, value] of form)
      if (typeof value === 'string') fields.append(name, value)
      else if (value.size > 0)
        fields.append(name, Buffer.from(await value.arrayBuffer()).toString('base64'))
    return fields
  } catch {
    return undefined
  }
}

/** The text with a space for each plus: a million of them keep Node's own decoder busy for a tenth of a second. */
function spaced(body: Uint8Array): string {
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === 0x2b) bytes[at] = 0x20
  return bytes.toString()
}

/** How often the text is there, counted no further than it matters. */
function countOf(body: Uint8Array, text: string): number {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  let count = 0
  for (let at = bytes.indexOf(text); at >= 0 && count <= fieldsMax; count += 1)
    at = bytes.indexOf(text, at + text.length)
  return count
}
