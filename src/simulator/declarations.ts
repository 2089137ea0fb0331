import { isArray, isObject, readJson } from '../protocol/osquery/json.ts'
import type { JsonObject } from '../protocol/osquery/json.ts'
import type { Channel, Talk } from './conversation.ts'
import { checkin } from './mdm-messages.ts'
import { objectIn } from './osquery-rules.ts'
import type { Answer, WireRequest } from './wire.ts'
import { accuse } from './world.ts'

/**
 * What a device does after a DeclarativeManagement command: asks for tokens and items, fetches each
 * declaration and says how it stands. Source: Apple, "Integrating declarative management".
 */
export async function syncDeclarations(channel: Channel, talk: Talk): Promise<void> {
  const tokens = await ask(channel, talk, 'tokens')
  if (typeof tokens?.['DeclarationsToken'] !== 'string') return
  const items = await ask(channel, talk, 'declaration-items')
  if (!items) return
  for (const endpoint of endpointsOf(items).slice(0, declarationsMax)) {
    await talk.say(endpointRequest(channel, endpoint), { kind: 'accepted', also: [404] })
  }
  const status = { StatusItems: { device: statusOf(talk) }, Errors: [], FullReport: true }
  await talk.say(endpointRequest(channel, 'status', Buffer.from(JSON.stringify(status))))
}

/** More than any published set holds. */
const declarationsMax = 500

const kinds = {
  Activations: 'activation',
  Assets: 'asset',
  Configurations: 'configuration',
  Management: 'management',
}

function endpointsOf(declarations: JsonObject): readonly string[] {
  return Object.entries(kinds).flatMap(([list, kind]) => {
    const items = declarations[list]
    return isArray(items)
      ? items
          .filter(isObject)
          .flatMap(({ Identifier }) =>
            typeof Identifier === 'string' ? [`declaration/${kind}/${Identifier}`] : [],
          )
      : []
  })
}

const statusOf = ({ device: { identity } }: Talk): object => ({
  'operating-system': { version: identity.os.version, family: identity.os.name },
  model: { identifier: identity.hardware.model },
})

const endpointRequest = (
  { identifiers }: Channel,
  Endpoint: string,
  Data?: Uint8Array,
): WireRequest => checkin('DeclarativeManagement', { ...identifiers, Endpoint, Data })

/** The member that carries an endpoint's answer. An answer without it is the server's fault. */
const members = { tokens: 'SyncTokens', 'declaration-items': 'Declarations' } as const

async function ask(
  channel: Channel,
  { say, world, device }: Talk,
  endpoint: keyof typeof members,
): Promise<JsonObject | undefined> {
  const request = endpointRequest(channel, endpoint)
  const answer = await say(request)
  if (!answer) return undefined
  const reply = replyIn(answer)
  const member = members[endpoint]
  if (reply && isObject(reply[member])) return objectIn(reply, member)
  accuse(world, { computer: device.identity.name, request }, [
    { rule: 'mdm-unreadable', detail: `${endpoint} without ${member}` },
  ])
  return undefined
}

function replyIn({ body }: Answer): JsonObject | undefined {
  const read = readJson(body, { bytesMax: 8 * 1024 * 1024, valuesMax: 1_000_000 })
  return read.ok ? read.value : undefined
}
