// Where a webhook leads: checked by its letters when it is made, and by its addresses at every attempt.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { fail, ok, type Result } from '../../result.ts'
import { isPublic } from './address.ts'
import type { Allows } from './allow-list.ts'

export type TargetFault = { readonly kind: 'refused' | 'unresolved'; readonly detail: string }

export type Address = { readonly address: string; readonly family: 4 | 6 }

/** All addresses of a name. Rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly Address[]>

/** A URL with the addresses that were looked at: a connection goes to these and to no others. */
export type Target = { readonly url: URL; readonly addresses: readonly Address[] }

/** Longer ones are no addresses of receivers. */
const urlCharsMax = 2_048

/** What can be said of a URL without asking anybody. */
export function readTarget(text: string): Result<URL, TargetFault> {
  if (text.length > urlCharsMax) return refused(`longer than ${urlCharsMax} characters`)
  // A browser forgives what is around and within a URL; here it would only be a trap.
  // oxlint-disable-next-line no-control-regex -- finding control characters is the point
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return refused('it has spaces or control characters')
  const url = URL.parse(text)
  if (url === null) return refused('it is no URL')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused('it is not https')
  if (url.username !== '' || url.password !== '') return refused('it carries a user name')
  if (url.hash !== '') return refused('it carries a fragment')
  return url.hostname === '' ? refused('it names no host') : ok(url)
}

/**
 * Resolves and checks a target, for one attempt.
 *
 * One address that may not be reached refuses the whole name: who controls it chose to name that one.
 */
export async function resolveTarget(
  text: string,
  { allows, resolve }: { readonly allows: Allows; readonly resolve: Resolve },
): Promise<Result<Target, TargetFault>> {
  const read = readTarget(text)
  if (!read.ok) return read
  const url = read.value
  const host = hostOf(url)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const addresses = await addressesOf(host, resolve)
  if (!addresses.ok) return addresses
  for (const { address } of addresses.value) {
    if (allows({ host, port, address })) continue
    if (!isPublic(address)) return refused('it leads into a private network')
    if (url.protocol !== 'https:') return refused('it is not https')
  }
  return ok({ url, addresses: addresses.value })
}

/** Without brackets and without the dot that makes a name absolute. */
const hostOf = ({ hostname }: URL): string =>
  hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')

async function addressesOf(
  host: string,
  resolve: Resolve,
): Promise<Result<readonly Address[], TargetFault>> {
  const family = isIP(host)
  if (family === 4 || family === 6) return ok([{ address: host, family }])
  try {
    const found = await resolve(host)
    return found.length > 0 ? ok(found) : fail({ kind: 'unresolved', detail: 'no address' })
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException
    return fail({ kind: 'unresolved', detail: `the name does not resolve (${code})` })
  }
}

/** As the machine resolves names, its hosts file included. */
export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address, family }) => ({
    address,
    family: family === 6 ? 6 : 4,
  }))

const refused = (detail: string): Result<never, TargetFault> => fail({ kind: 'refused', detail })
