import type { Context } from 'hono'

/**
 * What a form says. A file is there as base64 under its field's name, and not at all when none was chosen.
 *
 * Undefined when the body is not what its type says.
 */
export async function fieldsOf(
  { req }: Context,
  body: Uint8Array,
): Promise<URLSearchParams | undefined> {
  const type = req.header('content-type') ?? ''
  if (!type.startsWith('multipart/form-data'))
    return new URLSearchParams(Buffer.from(body).toString())
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
