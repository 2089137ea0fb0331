import { fail, ok, type Result } from '../../result.ts'
import type { CursorPlace, Cursors } from '../cursor.ts'
import type { Problem } from '../problem.ts'
import type { Call, Reply } from './endpoint.ts'
import { invalidAt } from './invalid.ts'

type Asked = Pick<Call<unknown, { readonly cursor?: string | undefined }, unknown>, 'query' | 'url'>

/** The list with its filters and order, which a cursor is bound to: where it is read from may change, and how much. */
function listOf(url: URL): string {
  const parameters = new URLSearchParams(url.searchParams)
  parameters.delete('cursor')
  parameters.delete('limit')
  parameters.sort()
  return `${url.pathname}?${parameters.toString()}`
}

/** Where the page before ended; undefined on the first page. */
export function placeAsked(
  cursors: Cursors,
  { query, url }: Asked,
): Result<CursorPlace | undefined, Problem> {
  if (query.cursor === undefined) return ok(undefined)
  const opened = cursors.open(listOf(url), query.cursor)
  return opened.ok
    ? opened
    : fail(invalidAt([{ pointer: '/query/cursor', detail: 'not a cursor of this list' }]))
}

type Found<Item> = {
  readonly items: readonly Item[]
  readonly total: number | null
  /** Where this page ends, when there are more. */
  readonly end: CursorPlace | undefined
  readonly damaged: readonly string[] | undefined
}

type Page<Item> = {
  readonly items: Item[]
  readonly total: number | null
  readonly next: string | null
  readonly damaged?: string[]
}

/** The envelope and the link to the next page. */
export function pageReply<Item>(
  cursors: Cursors,
  { url }: Pick<Asked, 'url'>,
  { items, total, end, damaged }: Found<Item>,
): Reply<Page<Item>> {
  const next = end === undefined ? null : cursors.seal(listOf(url), end)
  const content = { items: [...items], total, next, ...(damaged && { damaged: [...damaged] }) }
  if (next === null) return { kind: 'json', content }
  const parameters = new URLSearchParams(url.searchParams)
  parameters.set('cursor', next)
  const link = `<${url.pathname}?${parameters.toString()}>; rel="next"`
  return { kind: 'json', content, headers: { link } }
}
