import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call } from './call.ts'
import type { Client, Query } from './client.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { listText, type Look } from './format.ts'
import type { Json } from './json.ts'
import { collect, wholeNumber } from './options.ts'
import { gather } from './paging.ts'
import { addWatch, watching } from './watching.ts'

/** As many rows as one screen or two; the server's own default too. */
const limitDefault = 100

export type Listing = Look & {
  readonly path: string
  readonly query: Query
  /** The list always comes whole, so its route takes no limit and no cursor. */
  readonly whole?: true
}

/** What every list takes. */
export const addListOptions = (command: Command): Command =>
  addWatch(
    command
      .option(
        '--limit <n>',
        `at most this many (default ${limitDefault})`,
        wholeNumber(1, 1_000_000),
      )
      .option('--all', 'all of them, page after page')
      .option('--filter <key=value>', "a filter as in the API's address; may be repeated", collect),
  )

/** The filters given with `--filter`, and those that have an option of their own. */
export function filtersOf({ options }: Call, names: readonly string[]): Query {
  const own = names.flatMap((name): readonly (readonly [string, string])[] => {
    const value = options.text(optionName(name))
    return value === undefined ? [] : [[name, value]]
  })
  const free = options.list('filter').map((text): readonly [string, string] => {
    const [key = '', ...rest] = text.split('=')
    return [key, rest.join('=')]
  })
  return Object.fromEntries([...free, ...own])
}

/** `request_type` is `--request-type`, which commander calls `requestType`. */
const optionName = (name: string): string =>
  name.replaceAll(/_(?<letter>\w)/g, (_, letter: string) => letter.toUpperCase())

/** Lists, once or again and again. */
export async function listing(call: Call, spec: Listing): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  if (call.options.flag('watch')) return watching(call, () => shown(call, client.value, spec))
  if (call.options.flag('all') && (call.format === 'ndjson' || call.format === 'name'))
    return streamed(call, client.value, spec)
  const text = await shown(call, client.value, spec)
  if (!text.ok) return text
  await call.io.stdout.write(text.value)
  return ok(exitCodes.ok)
}

const limitOf = ({ options }: Call): number | undefined =>
  options.flag('all') ? undefined : (options.number('limit') ?? limitDefault)

async function shown(call: Call, client: Client, spec: Listing): Promise<Result<string, Fault>> {
  const found = await gather(client, { ...spec, limit: limitOf(call) })
  if (!found.ok) return found
  const { items, total, next } = found.value
  if (items.length === 0) await call.tell('Nothing found.')
  // Whoever named a limit knows that there may be more.
  if (next !== null && call.options.number('limit') === undefined)
    await call.tell(`${items.length} of ${total ?? 'many'} shown; --all shows the rest.`)
  return ok(listText(call, spec, { items, envelope: { items, total, next } }))
}

/** Lines that need no others leave as their page comes. */
async function streamed(call: Call, client: Client, spec: Listing): Promise<Result<number, Fault>> {
  const take = (items: readonly Json[]): Promise<void> =>
    call.io.stdout.write(listText(call, spec, { items, envelope: null }))
  const found = await gather(client, { ...spec, limit: undefined, take })
  return found.ok ? ok(exitCodes.ok) : found
}
