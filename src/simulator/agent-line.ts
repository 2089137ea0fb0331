import type { JsonObject } from '../protocol/osquery/json.ts'
import type { Identity } from './identity.ts'
import { judgeAgent } from './osquery-rules.ts'
import type { AgentExpectation, AgentHeard } from './osquery-rules.ts'
import type { WireRequest } from './wire.ts'
import type { World } from './world.ts'
import { accuse } from './world.ts'

/** How an agent talks: every answer is judged, and the key goes when the server calls it invalid. */
export type AgentLine = {
  readonly nodeKey: () => string | undefined
  readonly takeKey: (nodeKey: string | undefined) => void
  readonly say: (request: WireRequest, expectation?: AgentExpectation) => Promise<AgentHeard>
  /** Says something with the key. Nothing when it failed. */
  readonly sayWithKey: (request: WireRequest) => Promise<JsonObject | undefined>
}

export type AgentLineOptions = {
  readonly identity: Identity
  readonly world: World
  /** Another computer claims the same identity or key: the server may revoke this one's. */
  readonly contested: boolean
}

/** Keys lost one after the other, none living long, before it counts as ping-pong. */
const lostKeysMax = 5
/** So many answers in a row and a key counts as settled. */
const settledAfter = 50

export function createAgentLine({ identity, world, contested }: AgentLineOptions): AgentLine {
  let nodeKey: string | undefined
  let lostKeys = 0
  let answered = 0

  const say: AgentLine['say'] = async (
    request,
    expectation = contested ? 'contested' : 'accepted',
  ) => {
    const sent = await world.wire.send(request)
    if (!sent.ok) return { kind: 'failure' }
    const { heard, findings } = judgeAgent(sent.value, expectation)
    accuse(world, { computer: identity.name, request }, findings)
    return heard
  }
  const loseKey = (request: WireRequest): void => {
    nodeKey = undefined
    answered = 0
    lostKeys += 1
    world.tell(identity.name, 'was told that its node key is invalid')
    // Of a key that nobody contests, losing one is already too many, and counted as that.
    if (!contested || lostKeys <= lostKeysMax) return
    const detail = `${lostKeys} keys in a row`
    accuse(world, { computer: identity.name, request }, [{ rule: 'osquery-key-ping-pong', detail }])
  }
  return {
    say,
    nodeKey: () => nodeKey,
    takeKey: (key) => {
      nodeKey = key
    },
    sayWithKey: async (request) => {
      const heard = await say(request)
      if (heard.kind === 'node-invalid') loseKey(request)
      if (heard.kind !== 'success') return undefined
      answered += 1
      if (answered >= settledAfter) lostKeys = 0
      return heard.reply
    },
  }
}
