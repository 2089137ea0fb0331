// Which addresses a webhook may lead to. What is not certainly out on the internet is not.
import { BlockList, isIP } from 'node:net'

/** Not for anybody to reach through us: RFC 6890 and its successors. */
const private4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const

/** The one block that routers carry; mapped, NAT64, link-local and unique local ones are outside of it. */
const global6 = ['2000::', 3] as const

/** Within it: Teredo, benchmarks, ORCHID, documentation, and 6to4 with an IPv4 address inside. */
const special6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const

const closed4 = listOf('ipv4', private4)
const open6 = listOf('ipv6', [global6])
const closed6 = listOf('ipv6', special6)

/** Whether an address is out on the internet. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !closed4.check(address, 'ipv4')
  return isIP(address) === 6 && open6.check(address, 'ipv6') && !closed6.check(address, 'ipv6')
}

/** Subnets of one family, to ask whether an address is in any. */
export function listOf(
  family: 'ipv4' | 'ipv6',
  subnets: readonly (readonly [network: string, bits: number])[],
): BlockList {
  const list = new BlockList()
  for (const [network, bits] of subnets) list.addSubnet(network, bits, family)
  return list
}
