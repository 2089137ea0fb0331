// What an osquery agent says becomes events of its host; every outcome is something an agent understands.
import type { Lookups } from '../../storage/store.ts'
import { knownFor } from '../identity/known.ts'
import { normalise } from '../identity/normalise.ts'
import type { Sighting } from '../identity/sighting.ts'
import { defaultConfigBytes, smallBatchConfigBytes } from '../protocol/osquery/config.ts'
import { detailPrefix, detailQueries, readDetails } from '../protocol/osquery/detail.ts'
import type { Answer } from '../protocol/osquery/distributed.ts'
import type { Enroll } from '../protocol/osquery/enroll.ts'
import type { JsonObject } from '../protocol/osquery/json.ts'
import type { LogBatch } from '../protocol/osquery/log.ts'
import type { Platform } from '../protocol/osquery/platform.ts'
import { emptyRead, readReply } from '../protocol/osquery/read.ts'
import { type OsqueryReply, unknownKey } from '../protocol/osquery/reply.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import { hashToken, mintToken } from '../secrets/tokens.ts'
import { type Agents, createAgents, type KnownAgent } from './osquery-agents.ts'
import { factsOfDetails, factsOfEnroll } from './osquery-facts.ts'
import type { Sight, SightFault } from './sight.ts'

/** How long an instance's former key works after it enrolled again: its other threads still hold it. */
const graceMs = 15 * 60_000

/** Hosts remembered for having sent a batch beyond the limit. */
const smallBatchMax = 10_000

type Logs = {
  appendLogs(kind: LogBatch['kind'], entries: readonly object[]): Promise<Kept>
  appendLines(kind: LogBatch['kind'], lines: Uint8Array): Promise<Kept>
}

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
  /** A node key nobody can guess. @default 256 random bits */
  readonly mint?: () => string
}

export type OsqueryIntake = {
  enroll(message: Enroll): Promise<OsqueryReply>
  /** Who holds this key; undefined is certain, and deserves `node_invalid`. */
  agent(nodeKey: string): KnownAgent | undefined
  config(agent: KnownAgent): OsqueryReply
  log(agent: KnownAgent, batch: LogBatch): Promise<OsqueryReply>
  /** What is added to each line of a log: whose it is, and when it came. */
  received(agent: KnownAgent): JsonObject
  /** The same for a batch whose lines are rendered, `received` added to each. */
  logLines(kind: LogBatch['kind'], lines: Uint8Array): Promise<OsqueryReply>
  /** Touches no disk while nothing waits for the host. */
  read(agent: KnownAgent): OsqueryReply
  write(agent: KnownAgent, answers: readonly Answer[]): Promise<OsqueryReply>
  /** Its batch was refused for its size: the next configuration asks for smaller ones. */
  sentTooMuch(nodeKey: string): void
}

const done: OsqueryReply = { kind: 'done' }
const empty: OsqueryReply = { kind: 'document', body: emptyRead }

export function createOsqueryIntake(options: OsqueryIntakeOptions): OsqueryIntake {
  const { hosts, lookups, logs, world } = options
  const agents: Agents = createAgents(lookups, hosts.live, world)
  const smallBatches = new Set<string>()
  const received = ({ hostId }: KnownAgent): JsonObject => ({
    muster_host_id: hostId,
    muster_received_at: world.now(),
  })

  return {
    enroll: (message) => enroll(options, message),
    agent(nodeKey) {
      const agent = agents.find(nodeKey)
      if (agent !== undefined) hosts.lastSeen.touch(agent.hostId, 'osquery')
      return agent
    },
    config: ({ hostId }) => ({
      kind: 'document',
      body: smallBatches.has(hostId) ? smallBatchConfigBytes : defaultConfigBytes,
    }),
    received,
    async logLines(kind, lines) {
      if (lines.length === 0) return done
      return (await logs.appendLines(kind, lines)).ok ? done : busy
    },
    async log(agent, { kind, lines }) {
      if (lines.length === 0) return done
      const more = received(agent)
      const kept = await logs.appendLogs(
        kind,
        lines.map((line) => ({ ...line, ...more })),
      )
      return kept.ok ? done : busy
    },
    read(agent) {
      if (!agents.takeDetailTurn(agent)) return empty
      const platform = (lookups.host(agent.hostId)?.platform ?? 'unknown') as Platform
      return { kind: 'document', body: readReply({ queries: detailQueries(platform) }) }
    },
    write: (agent, answers) => write(options, agent, answers),
    sentTooMuch(nodeKey) {
      const agent = agents.find(nodeKey)
      if (agent === undefined) return
      if (smallBatches.size >= smallBatchMax) smallBatches.clear()
      smallBatches.add(agent.hostId)
    },
  }
}

const busy: OsqueryReply = { kind: 'failed', status: 503, error: 'overloaded, retry' }

async function enroll(options: OsqueryIntakeOptions, message: Enroll): Promise<OsqueryReply> {
  const { world, sight } = options
  if (!options.isEnrollSecret(message.enrollSecret))
    return { kind: 'failed', status: 401, error: 'the enroll secret is not valid' }
  const nodeKey = options.mint?.() ?? mintToken('')
  const at = world.now()
  const { systemInfo, osqueryInfo } = message
  const { claims } = normalise({
    serial: systemInfo?.hardware_serial,
    uuid: systemInfo?.uuid ?? osqueryInfo?.uuid,
    osqueryInstance: osqueryInfo?.instance_id,
  })
  const seen = await sight({
    sighting: {
      source: 'osquery',
      trust: 'agent',
      claims,
      virtual: message.virtual,
      vouched: false,
    },
    event: ({ identity, quarantined }) => ({
      type: 'osquery.enroll',
      at,
      identity,
      quarantined,
      facts: factsOfEnroll(message),
      agent: {
        keyHash: hashToken(nodeKey),
        instance: osqueryInfo?.instance_id ?? null,
        enrolledAt: at,
        expiresAt: null,
        detailAt: 0,
      },
      graceUntil: world.steady() + graceMs,
    }),
    cause: { kind: 'device', id: 'osquery' },
    seen: 'osquery',
  })
  return seen.ok ? { kind: 'enrolled', nodeKey } : replyTo(seen.error)
}

async function write(
  options: OsqueryIntakeOptions,
  agent: KnownAgent,
  answers: readonly Answer[],
): Promise<OsqueryReply> {
  const { hosts, lookups, sight, world } = options
  // Answers to queries we did not send belong to nobody and are let go.
  const details = answers.filter(({ id }) => id.startsWith(detailPrefix))
  if (details.length === 0) return done
  const at = world.now()
  const facts = readDetails(details, at)
  const { keyHash, hostId } = agent
  const event = { type: 'osquery.details', at, keyHash, facts: factsOfDetails(facts) } as const
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
    ? await sight({ sighting, event: () => event, cause, seen: 'osquery' })
    : await hosts.ask(hostId, { events: [event], cause, seen: 'osquery' })
  // What was set apart is kept, and would come again for ever.
  return told.ok || told.error.kind === 'set-apart' ? done : replyTo(told.error)
}

/** `node_invalid` is for keys that are certainly not theirs; our own trouble asks for patience. */
function replyTo({ kind }: SightFault): OsqueryReply {
  if (kind === 'copied-credential' || kind === 'no-such-host') return unknownKey
  if (kind === 'unidentifiable')
    return {
      kind: 'failed',
      status: 400,
      error: 'neither a hardware UUID nor a serial that tells this computer from others',
    }
  return kind === 'failed' || kind === 'set-apart'
    ? { kind: 'failed', status: 500, error: 'internal error, retry' }
    : busy
}
