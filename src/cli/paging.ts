import { fail, ok, type Result } from '../result.ts'
import type { ApiRequest, Client, Query } from './client.ts'
import type { Fault } from './fault.ts'
import { at, isList, type Json, textAt } from './json.ts'

/** The API's own bound on a page. */
const pageItemsMax = 1_000
/** A million items: more is an export, and belongs into a file piece by piece. */
const pagesMax = 1_000

export type Gathered = {
  readonly items: readonly Json[]
  /** Null where the server does not count. */
  readonly total: number | null
  /** Where the rest begins; null when there is none. */
  readonly next: string | null
}

type Asked = {
  readonly path: string
  readonly query: Query
  /** Undefined takes all. */
  readonly limit: number | undefined
  /** See `Listing`. */
  readonly whole?: true | undefined
  /** Gets each page as it comes. */
  readonly take?: (items: readonly Json[]) => Promise<void>
}

/** Follows a list from page to page until there are enough items. */
export async function gather(client: Client, asked: Asked): Promise<Result<Gathered, Fault>> {
  const items: Json[] = []
  const wanted = asked.limit ?? Number.POSITIVE_INFINITY
  let cursor: string | undefined
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await readPage(client, pageRequest(asked, wanted - items.length, cursor))
    if (!page.ok) return page
    const { items: found, total, next } = page.value
    items.push(...found)
    await asked.take?.(found)
    if (next === null || items.length >= wanted) return ok({ items, total, next })
    cursor = next
  }
  return fail({ kind: 'failed', detail: `The list has more than ${pagesMax} pages; filter it.` })
}

async function readPage(client: Client, request: ApiRequest): Promise<Result<Gathered, Fault>> {
  const page = await client.json(request)
  if (!page.ok) return page
  const [items, total] = [at(page.value, 'items'), at(page.value, 'total')]
  if (!isList(items)) return fail({ kind: 'foreign', status: 200, url: client.url })
  const count = typeof total === 'number' ? total : null
  return ok({ items, total: count, next: textAt(page.value, 'next') ?? null })
}

function pageRequest({ path, query, whole }: Asked, wanted: number, cursor: string | undefined) {
  const page = whole ? {} : { limit: String(Math.min(wanted, pageItemsMax)), cursor }
  return { method: 'GET', path, query: { ...query, ...page } } as const satisfies ApiRequest
}
