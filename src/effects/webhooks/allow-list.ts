// Receivers inside the own network, as the operator lists them.
import { isIP } from 'node:net'
import { fail, ok, type Result } from '../../result.ts'
import { listOf } from './address.ts'

/** What a connection would go to: the name in the URL, the port, and what the name resolved to. */
export type Destination = {
  readonly host: string
  readonly port: number
  readonly address: string
}

/** Whether the operator lets webhooks go there, in the clear and in private networks too. */
export type Allows = (destination: Destination) => boolean

export const allowsNothing: Allows = () => false

/** Entries of the list: far more than receivers. */
const entriesMax = 64

/** Reads `name[:port]`, `address[:port]` and `network/bits`, by comma. The failure follows the setting's name. */
export function readAllowList(text: string): Result<Allows, string> {
  const entries = text.split(',').map((entry) => entry.trim().toLowerCase())
  if (entries.length > entriesMax) return fail(`must have at most ${entriesMax} entries`)
  const rules: Allows[] = []
  for (const [index, entry] of entries.entries()) {
    const rule = ruleOf(entry)
    // By its place: nobody knows what was pasted there.
    if (rule === undefined)
      return fail(
        `must be host[:port], address[:port] or network/bits by comma, and entry ${index + 1} is not`,
      )
    rules.push(rule)
  }
  return ok((destination) => rules.some((allows) => allows(destination)))
}

function ruleOf(entry: string): Allows | undefined {
  const [, network, bits] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? []
  if (network !== undefined) return networkRule(network, Number(bits))
  if (isIP(entry) === 6) return networkRule(entry)
  const [, six, other, port] = /^(?:\[([^\]]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(entry) ?? []
  // Brackets are for addresses with colons alone.
  const where = six === undefined ? nameRule(other) : networkRule(six)
  return where && onPort(port === undefined ? undefined : Number(port), where)
}

function onPort(port: number | undefined, where: Allows): Allows | undefined {
  if (port === undefined) return where
  if (port < 1 || port > 65_535) return undefined
  return (destination) => destination.port === port && where(destination)
}

const nameRule = (name: string | undefined): Allows | undefined =>
  name === undefined || isIP(name) !== 0 ? networkRule(name ?? '') : ({ host }) => host === name

/** One address when no bits are said. */
function networkRule(network: string, said?: number): Allows | undefined {
  const family = isIP(network)
  const most = family === 4 ? 32 : 128
  const bits = said ?? most
  if (family === 0 || bits > most) return undefined
  const name = family === 4 ? 'ipv4' : 'ipv6'
  const list = listOf(name, [[network, bits]])
  // BlockList would take a mapped address for its IPv4 one.
  return ({ address }) => isIP(address) === family && list.check(address, name)
}
