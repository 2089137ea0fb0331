import { ok, type Result } from '../result.ts'
import type { Call } from './call.ts'
import type { ApiRequest } from './client.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { itemText, type Look } from './format.ts'
import type { Json } from './json.ts'
import { watching } from './watching.ts'

export type Shown = Look & {
  readonly request: ApiRequest
  /** What a card says beside its columns, such as the rows of a list within. */
  readonly more?: (call: Call, item: Json) => string
}

/** One thing, as the server answers it, once or again and again. */
export async function showing(call: Call, spec: Shown): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const look = async (): Promise<Result<string, Fault>> => {
    const item = await client.value.json(spec.request)
    return item.ok ? ok(textOf(call, spec, item.value)) : item
  }
  if (call.options.flag('watch')) return watching(call, look)
  const text = await look()
  if (!text.ok) return text
  await call.io.stdout.write(text.value)
  return ok(exitCodes.ok)
}

export function textOf(call: Call, spec: Omit<Shown, 'request'>, item: Json): string {
  const isCard = call.format === 'table' || call.format === 'wide'
  return itemText(call, spec, item) + ((isCard && spec.more?.(call, item)) || '')
}
