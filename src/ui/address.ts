// Addresses of pages: what is shown is all in them, so links change one part and keep the rest.

/** Parts that say where in a list one is, and mean nothing once the list is another. */
const places = ['cursor', 'trail', 'done']

/** The address with parameters set, or removed by null, and back at the list's beginning. */
export function withQuery(url: URL, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(url.search)
  for (const place of places) query.delete(place)
  for (const [name, value] of Object.entries(changes))
    if (value === null || value === '') query.delete(name)
    else query.set(name, value)
  return address(url.pathname, query)
}

/** The address with `word` added to a parameter's comma list, or taken out when it is there. */
export function toggled(url: URL, name: string, word: string): string {
  const chosen = chosenOf(url, name)
  const next = chosen.includes(word) ? chosen.filter((one) => one !== word) : [...chosen, word]
  return withQuery(url, { [name]: next.join(',') })
}

export const chosenOf = (url: URL, name: string): readonly string[] =>
  (url.searchParams.get(name) ?? '').split(',').filter((word) => word !== '')

/** Cursors of the pages before, in the address: enough for whoever turns pages by hand. */
const trailMax = 24

/** Neither is in a cursor's alphabet. */
const [between, first] = ['~', '-']

/** The next page, which remembers the way back. */
export function nextPage(url: URL, cursor: string): string {
  const here = url.searchParams.get('cursor') ?? first
  const trail = [...trailOf(url), here].slice(-trailMax)
  return withQuery(url, { cursor, trail: trail.join(between) })
}

/** The page before, undefined on the first. */
export function previousPage(url: URL): string | undefined {
  if (!url.searchParams.has('cursor')) return undefined
  const trail = trailOf(url)
  const cursor = trail.at(-1) ?? first
  return withQuery(url, {
    cursor: cursor === first ? null : cursor,
    trail: trail.slice(0, -1).join(between),
  })
}

const trailOf = (url: URL): readonly string[] =>
  (url.searchParams.get('trail') ?? '').split(between).filter((cursor) => cursor !== '')

const address = (path: string, query: URLSearchParams): string => {
  // Commas and stars are fine in a query and far easier to read.
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%7E', '~').replaceAll('%21', '!')
  return text === '' ? path : `${path}?${text}`
}

/** A path into our own site, for links: whatever a device or a reference holds is one segment. */
export const path = (...segments: readonly string[]): string =>
  segments.map((segment) => `/${encodeURIComponent(segment.toWellFormed())}`).join('')
