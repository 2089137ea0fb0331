// All that a server shows and keeps: what operators can read, and the bytes of its data folder.
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Muster } from '../muster.ts'
import { exchange, type Got, jsonOf } from '../wire.ts'

export type Shown = {
  readonly place: string
  readonly bytes: Uint8Array
  /** The path as the API's document has it. */
  readonly template?: string
}

/**
 * What to put for the parameters of paths: under `first segment name`, such as `webhooks id`, or else under the name.
 * A parameter that nobody fills fails the search: what it would show was not looked at.
 */
export type Fillings = Readonly<Record<string, readonly string[]>>

const variants = ['', '?format=plist', '?format=plist&part=request', '?limit=1000']

/** Every GET of the API, as its own document lists them; streams are cut off. */
export async function readApi(muster: Muster, fillings: Fillings): Promise<readonly Shown[]> {
  const authorization = `Bearer ${muster.token}`
  const get = (path: string): Promise<Got> =>
    exchange(muster.url, { method: 'GET', path, headers: { authorization } })
  const document = jsonOf(await get('/api/v1/openapi.json'))
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const shown: Shown[] = []
  for (const [template, methods] of Object.entries(paths)) {
    // The events are read from where they begin, by `readEvents`.
    if (!('get' in methods) || template.endsWith('/events')) continue
    for (const filled of fill(template, fillings))
      for (const variant of variants)
        shown.push({
          ...shownOf(`GET ${filled}${variant}`, await get(`/api/v1${filled}${variant}`)),
          template,
        })
  }
  for (const path of ['/metrics', '/version', '/readyz', '/livez', '/'])
    shown.push(shownOf(`GET ${path}`, await get(path)))
  return shown
}

const shownOf = (place: string, got: Got): Shown => ({
  place: `${place} → ${got.status}`,
  bytes: Buffer.concat([Buffer.from(JSON.stringify(got.headers)), got.body]),
})

/** `{ref}` and the like, replaced by each of their values. */
function fill(template: string, fillings: Fillings): readonly string[] {
  const [hole, name] = /\{(\w+)\}/.exec(template) ?? []
  if (hole === undefined || name === undefined) return [template]
  const [, first] = template.split('/')
  const values = fillings[`${first} ${name}`] ?? fillings[name]
  if (values === undefined) throw new Error(`nothing to fill ${template} with`)
  return values.flatMap((value) =>
    fill(template.replace(hole, encodeURIComponent(value)), fillings),
  )
}

/** Everything the event stream has to tell from its beginning on. */
export async function readEvents(muster: Muster): Promise<Shown> {
  const chunks: Uint8Array[] = []
  try {
    const response = await fetch(`${muster.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${muster.token}`, 'last-event-id': '0' },
      signal: AbortSignal.timeout(streamMs),
    })
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch (error) {
    if (!(error instanceof Error && error.name === 'TimeoutError')) throw error
  }
  return { place: 'GET /api/v1/events', bytes: Buffer.concat(chunks) }
}

/** A stream does not end by itself; what it has is sent at once. */
const streamMs = 1_500

/** The console, page by page, as far as its links lead: whole pages before their filters, of which there is no end. */
export async function readPages(muster: Muster): Promise<readonly Shown[]> {
  const cookie = await signedIn(muster)
  const shown: Shown[] = []
  const [waiting, known] = [['/hosts'], new Set(['/hosts'])]
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const got = await exchange(muster.url, { method: 'GET', path, headers: { cookie } })
    shown.push({ place: `page ${path} → ${got.status}`, bytes: got.body })
    const fresh = linksIn(got).filter((link) => !known.has(link))
    for (const link of fresh.slice(0, pagesMax - known.size)) {
      known.add(link)
      if (link.includes('?')) waiting.push(link)
      else waiting.unshift(link)
    }
  }
  return shown
}

const linksIn = ({ headers, body }: Got): readonly string[] =>
  (headers['content-type'] ?? '').startsWith('text/html')
    ? [...String(body).matchAll(/ href="(\/[^"#]*)/g)].map(([, href = '']) =>
        href.replaceAll('&amp;', '&'),
      )
    : []

async function signedIn({ url, token }: Muster): Promise<string> {
  const { headers } = await exchange(url, {
    method: 'POST',
    path: '/sign-in',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: url,
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams({ token, next: '/hosts' }).toString(),
  })
  return (headers['set-cookie'] ?? '').split(';')[0] ?? ''
}

/** Filters make addresses without end; what a few computers have to show is seen long before. */
const pagesMax = 150

/** Every file of the data folder but the master key, byte for byte. The lock must not be opened while it is held. */
export const readFolder = (folder: string): readonly Shown[] =>
  globSync('**/*', { cwd: folder })
    .filter((name) => !/^(?:master\.key|muster\.lock.*)$/.test(name))
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => ({ place: `file ${name}`, bytes: readFileSync(join(folder, name)) }))
