// Whether an address is one that our proxies connect from.
import type { BlockList } from 'node:net'

export function isAmong(addresses: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = plainAddress(address)
  try {
    return addresses.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4')
  } catch {
    // What somebody wrote into a header need not be an address.
    return false
  }
}

/** A socket that listens on IPv6 as well shows IPv4 peers as `::ffff:10.0.0.1`. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')
