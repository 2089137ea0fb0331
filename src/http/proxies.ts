// Whether an address is one that our proxies connect from.
import type { BlockList } from 'node:net'

/** A socket that listens on IPv6 as well shows IPv4 peers as `::ffff:10.0.0.1`. */
export function isAmong(addresses: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  try {
    return addresses.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4')
  } catch {
    // What somebody wrote into a header need not be an address.
    return false
  }
}
