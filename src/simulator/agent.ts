import type { JsonObject } from '../protocol/osquery/json.ts'
import { createAgentLine } from './agent-line.ts'
import type { AgentLine, AgentLineOptions } from './agent-line.ts'
import { logLines } from './agent-log.ts'
import {
  agentRequest,
  agentVersions,
  enrollRequest,
  malformedAgentRequests,
} from './agent-messages.ts'
import type { AgentVersion, EnrollOptions } from './agent-messages.ts'
import type { Chance } from './chance.ts'
import { objectIn } from './osquery-rules.ts'
import { answerQuery } from './query-rows.ts'
import type { Asked } from './query-rows.ts'
import { accuse } from './world.ts'

/** The osquery agent of one computer. */
export type Agent = {
  readonly nodeKey: () => string | undefined
  /** Asks for a key. False when it got none. */
  readonly enroll: () => Promise<boolean>
  /** One visit: distributed read and write, now and then configuration and logs; enrols anew when told to. */
  readonly live: () => Promise<void>
  /** A copied disk: from now on it speaks with another agent's key, until the server notices. */
  readonly copyKey: (nodeKey: string) => void
  /** Its database is gone, and with it its key and instance. */
  readonly reinstall: () => void
}

export type AgentOptions = AgentLineOptions & {
  readonly secret: string
  readonly chance: Chance
  /** Knows no serial. */
  readonly sparse: boolean
}

export function createAgent(options: AgentOptions): Agent {
  const { identity, world, chance, secret, sparse } = options
  const { rates } = world
  const line = createAgentLine(options)
  const version = chance.pick(agentVersions)
  const bootedAtMs = world.clock() - chance.integer(3_600, 1_000_000) * 1_000
  const rows = chance.fork('rows')
  let instance = chance.uuid().toLowerCase()

  const enroll = async (): Promise<boolean> => {
    if (chance.happens(rates.wrongSecret)) {
      const wrong = `wrong-${chance.uuid()}`
      await line.say(
        enrollRequest({ identity, secret: wrong, version, instance, sparse }),
        'refused',
      )
      return false
    }
    return askForKey(options, line, { identity, secret, version, instance, sparse })
  }
  const asked = (): Asked => {
    const upSeconds = Math.floor((world.clock() - bootedAtMs) / 1_000)
    return { identity, version, instance, upSeconds, chance: rows }
  }
  const live = async (): Promise<void> => {
    const [asks, logs] = [chance.happens(rates.agentConfig), chance.happens(rates.agentLog)]
    if (line.nodeKey() === undefined && !(await enroll())) return
    await answerQueries(line, version, asked())
    const key = line.nodeKey()
    if (asks && key !== undefined) {
      await line.sayWithKey(agentRequest('config', { node_key: key }, { version }))
    }
    // The configuration may have cost the key.
    const still = line.nodeKey()
    if (logs && still !== undefined) {
      const gzip = chance.happens(rates.gzip)
      const lines = logLines({ identity, chance, atMs: world.clock() })
      await line.sayWithKey(agentRequest('log', { node_key: still, ...lines }, { version, gzip }))
    }
    if (chance.happens(rates.malformed)) {
      await line.say(chance.pick(malformedAgentRequests(version)), 'refused')
    }
  }
  return {
    live,
    enroll,
    nodeKey: line.nodeKey,
    copyKey: line.takeKey,
    reinstall: () => {
      line.takeKey(undefined)
      instance = chance.uuid().toLowerCase()
    },
  }
}

async function askForKey(
  { world }: AgentOptions,
  line: AgentLine,
  enrolling: EnrollOptions,
): Promise<boolean> {
  const request = enrollRequest(enrolling)
  const heard = await line.say(request)
  if (heard.kind !== 'success') return false
  const key = heard.reply['node_key']
  if (typeof key === 'string' && key !== '') {
    line.takeKey(key)
    return true
  }
  const detail = 'enrolled without a node_key'
  const by = { computer: enrolling.identity.name, request }
  accuse(world, by, [{ rule: 'osquery-unreadable', detail }])
  return false
}

/** Agents are sent a few queries at a time; a server that sends more gets these answered. */
const queriesMax = 256

async function answerQueries(line: AgentLine, version: AgentVersion, asked: Asked): Promise<void> {
  const key = line.nodeKey()
  if (key === undefined) return
  const read = agentRequest('distributed/read', { node_key: key }, { version })
  const reply = await line.sayWithKey(read)
  const queries = Object.entries(reply ? objectIn(reply, 'queries') : {}).slice(0, queriesMax)
  if (queries.length === 0) return
  const answers = queries.map(
    ([id, sql]) => [id, answerQuery(typeof sql === 'string' ? sql : '', asked)] as const,
  )
  const body: JsonObject = {
    node_key: key,
    queries: Object.fromEntries(
      answers.map(([id, answer]) => [id, answer.status === 0 ? answer.rows : []]),
    ),
    statuses: Object.fromEntries(answers.map(([id, { status }]) => [id, status])),
    messages: Object.fromEntries(
      answers.map(([id, answer]) => [id, answer.status === 0 ? '' : answer.message]),
    ),
  }
  await line.sayWithKey(agentRequest('distributed/write', body, { version }))
}
