// What an osquery agent says becomes events of its host; every outcome is something an agent understands.
import type { Lookups } from '../../storage/store.ts'
import { knownFor } from '../identity/known.ts'
import { normalise } from '../identity/normalise.ts'
import type { Sighting } from '../identity/sighting.ts'
import { detailPrefix, detailQueries, readDetails } from '../protocol/osquery/detail.ts'
import type { Answer } from '../protocol/osquery/distributed.ts'
import type { Enroll } from '../protocol/osquery/enroll.ts'
import type { JsonObject } from '../protocol/osquery/json.ts'
import type { LogBatch } from '../protocol/osquery/log.ts'
import type { Platform } from '../protocol/osquery/platform.ts'
import { emptyRead, readReply } from '../protocol/osquery/read.ts'
import type { OsqueryReply } from '../protocol/osquery/reply.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import { type Arrivals, createArrivals } from './agent-arrivals.ts'
import { contestWrites } from './agent-contest.ts'
import { type AgentSpeech, createAgentSpeech } from './agent-speech.ts'
import { createBatchSizes } from './osquery-batch-size.ts'
import { type Agents, createAgents, type KnownAgent } from './osquery-agents.ts'
import type { EnrollLimits } from './enroll-limits.ts'
import { type ArrivalOutcome, enroll } from './osquery-enroll.ts'
import { factsOfDetails } from './osquery-facts.ts'
import { busy, replyTo } from './osquery-replies.ts'
import type { Sight } from './sight.ts'

type Logs = {
  appendLogs(kind: LogBatch['kind'], entries: readonly object[]): Promise<Kept>
  appendLines(kind: LogBatch['kind'], lines: Uint8Array): Promise<Kept>
}

type Batch = { readonly kind: LogBatch['kind']; readonly lines: Iterable<JsonObject> }

type Kept =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: { readonly kind: string } }

type OsqueryIntakeOptions = {
  readonly hosts: Hosts
  readonly lookups: Lookups
  readonly logs: Logs
  readonly sight: Sight
  readonly world: World
  readonly isEnrollSecret: (secret: string) => boolean
  /** How long the agent of a host must be silent before the host takes another one. */
  readonly agentCooldownMs: number
  readonly limits?: EnrollLimits
  /** Hears of each agent that may not enrol yet. */
  readonly onLimit?: (bound: 'address' | 'sum') => void
  /** Hears of each newcomer that was refused, and of each that was set apart as a clone. */
  readonly onArrival?: (outcome: ArrivalOutcome, hostId: string) => void
  /** A node key nobody can guess. @default 256 random bits */
  readonly mint?: () => string
}

export type OsqueryIntake = {
  /** `address`: where it comes from, as far as that is known. */
  enroll(message: Enroll, address?: string): Promise<OsqueryReply>
  /** Who holds this key; undefined is certain, and deserves `node_invalid`. */
  agent(nodeKey: string): KnownAgent | undefined
  config(agent: KnownAgent): OsqueryReply
  log(agent: KnownAgent, batch: Batch): Promise<OsqueryReply>
  /** What is added to each line of a log: whose it is, and when it came. */
  received(agent: KnownAgent): JsonObject
  /** The same for a batch whose lines are rendered, `received` added to each. */
  logLines(kind: LogBatch['kind'], lines: Uint8Array): Promise<OsqueryReply>
  /** Touches no disk while nothing waits for the host. */
  read(agent: KnownAgent): OsqueryReply
  /** What could not be read is kept with the logs, and acknowledged. */
  write(agent: KnownAgent, answers: readonly Answer[], unread?: JsonObject): Promise<OsqueryReply>
  /** Its batch was refused for its size: the next configuration asks for smaller ones. */
  sentTooMuch(agent: KnownAgent): void
}

const done: OsqueryReply = { kind: 'done' }
const empty: OsqueryReply = { kind: 'document', body: emptyRead }

export function createOsqueryIntake(options: OsqueryIntakeOptions): OsqueryIntake {
  const { hosts, lookups, logs, world } = options
  const agents: Agents = createAgents(lookups, hosts.live, world)
  const speech = createAgentSpeech(hosts.lastSeen, world)
  const arrivals = createArrivals({ speech, world, cooldownMs: options.agentCooldownMs })
  const means = { ...options, speech, arrivals }
  const batchSizes = createBatchSizes(world)
  const received = ({ hostId }: KnownAgent): JsonObject => ({
    muster_host_id: hostId,
    muster_received_at: world.now(),
  })

  return {
    enroll: (message, address) => enroll(means, message, address),
    agent(nodeKey) {
      const agent = agents.find(nodeKey)
      if (agent === undefined) return undefined
      hosts.lastSeen.touch(agent.hostId, 'osquery')
      speech.heard(agent.keyHash)
      return agent
    },
    config: ({ hostId }) => ({ kind: 'document', body: batchSizes.config(hostId) }),
    received,
    async logLines(kind, lines) {
      if (lines.length === 0) return done
      return (await logs.appendLines(kind, lines)).ok ? done : busy
    },
    async log(agent, { kind, lines }) {
      const more = received(agent)
      const entries = Array.from(lines, (line) => ({ ...line, ...more }))
      if (entries.length === 0) return done
      return (await logs.appendLogs(kind, entries)).ok ? done : busy
    },
    read(agent) {
      if (!agents.takeDetailTurn(agent)) return empty
      const platform = (lookups.host(agent.hostId)?.platform ?? 'unknown') as Platform
      return { kind: 'document', body: readReply({ queries: detailQueries(platform) }) }
    },
    async write(agent, answers, unread) {
      if (unread !== undefined) {
        const kept = await logs.appendLogs('other', [{ ...unread, ...received(agent) }])
        if (!kept.ok) return busy
      }
      return write(means, agent, answers)
    },
    sentTooMuch: ({ hostId }) => batchSizes.refused(hostId),
  }
}

type Means = OsqueryIntakeOptions & { readonly speech: AgentSpeech; readonly arrivals: Arrivals }

async function write(
  options: Means,
  agent: KnownAgent,
  answers: readonly Answer[],
): Promise<OsqueryReply> {
  const { hosts, lookups, sight, world, arrivals } = options
  // Answers to queries we did not send belong to nobody and are let go.
  const details = answers.filter(({ id }) => id.startsWith(detailPrefix))
  if (details.length === 0) return done
  const at = world.now()
  const facts = readDetails(details, at)
  const { keyHash, hostId } = agent
  const contest = arrivals.contest(lookups.agentsOf(hostId), keyHash)
  const contested = (id: string) => (contest === undefined ? [] : contestWrites(options, id))
  const event = {
    type: 'osquery.details',
    at,
    keyHash,
    // Of two computers with one identity, the one that was here first says what this host is.
    facts: contest?.isYounger === true ? {} : factsOfDetails(facts),
  } as const
  const cause = { kind: 'device', id: 'osquery' } as const
  const sighting: Sighting = {
    source: 'osquery',
    trust: 'agent',
    claims: normalise({ serial: facts.hardware_serial, uuid: facts.uuid }).claims,
    virtual: false,
    credential: { hostId },
    vouched: false,
  }
  // What it says of itself is usually what we know; only news or a contradiction needs a decision.
  const known = knownFor(sighting, lookups).hosts.get(hostId)?.claims ?? []
  const isNews = sighting.claims.some(
    ({ kind, value }) => !known.some((claim) => claim.kind === kind && claim.value === value),
  )
  const told = isNews
    ? await sight({
        sighting,
        event: () => event,
        cause,
        seen: 'osquery',
        also: (host) => contested(host.hostId),
      })
    : await hosts.ask(hostId, {
        events: [event],
        cause,
        seen: 'osquery',
        writes: contested(hostId),
      })
  // What was set apart is kept, and would come again for ever.
  return told.ok || told.error.kind === 'set-apart' ? done : replyTo(told.error)
}
