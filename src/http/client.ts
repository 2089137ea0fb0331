// The address a request comes from, for counting what goes wrong by address.
import type { BlockList } from 'node:net'
import type { Context } from 'hono'
import { incomingOf } from './incoming.ts'
import { isAmong, plainAddress } from './proxies.ts'

export type ClientOf = (context: Pick<Context, 'env'>) => string | undefined

/**
 * The other end of the connection; behind one of our proxies, the last address in `X-Forwarded-For` that is none of
 * theirs. What anybody else writes there is ignored. Undefined where there is no socket: the request is our own.
 */
export const createClientOf =
  (proxies: BlockList | undefined): ClientOf =>
  (context) => {
    const incoming = incomingOf(context)
    if (incoming === undefined) return undefined
    const peer = plainAddress(incoming.socket.remoteAddress ?? '')
    if (proxies === undefined || !isAmong(proxies, peer)) return groupOf(peer)
    const forwarded = String(incoming.headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((address) => plainAddress(address.trim()))
      .filter((address) => address !== '')
    return groupOf(forwarded.findLast((address) => !isAmong(proxies, address)) ?? peer)
  }

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
const groupOf = (address: string): string =>
  address.includes(':') ? `${expanded(address).slice(0, 4).join(':')}::/64` : address.slice(0, 64)

/** The eight groups, without leading zeros. */
function expanded(address: string): readonly string[] {
  const [left = '', right] = address.slice(0, 64).split('::')
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
  const [head, tail] = [groups(left), groups(right ?? '')]
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  return [...head, ...zeros, ...tail].map((group) => group.replace(/^0+(?=.)/, ''))
}
