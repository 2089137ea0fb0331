// A push as an effect: opens the channel's address, pushes, and says what its host should hear.
import type { Channel } from '../../../machines/host-context.ts'
import type { ApnsEvent } from '../../../machines/host-events.ts'
import type { OutboxRow } from '../../../storage/rows.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Hosts, HostView } from '../../runtime/hosts.ts'
import type { Attempt } from '../../runtime/outbox.ts'
import type { World } from '../../runtime/world.ts'
import type { Apns } from './apns.ts'
import { createCooldown } from './cooldown.ts'
import type { PushOutcome } from './reasons.ts'
import type { Suspicion } from './suspicion.ts'

export type PusherOptions = {
  readonly hosts: Hosts
  readonly world: World
  readonly apns: Pick<Apns, 'push'>
  readonly topics: Topics
  /** Hears how Apple takes tokens. */
  readonly suspicion?: Suspicion
  readonly addressOf: (
    ref: string,
  ) => Promise<Result<{ readonly token: Uint8Array; readonly magic: string }, 'unreadable'>>
}

/** Which topics can be pushed to. */
export type Topics = {
  standing(
    topic: string,
  ):
    | { readonly kind: 'ready'; readonly certificateAt: number }
    | { readonly kind: 'stopped'; readonly reason: string; readonly certificateAt: number | null }
  refuse(
    topic: string,
    refusal: { readonly certificateAt: number; readonly reason: string },
  ): Promise<void>
}

/** How a push that was tried now ended. */
export type PushedNow =
  | { readonly kind: 'pushed'; readonly apnsId: string }
  /** This channel cannot be pushed to. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** No push of its topic can succeed. */
  | { readonly kind: 'topic-failed'; readonly reason: string }

export type Pusher = {
  /** The performer of `apns.push`. */
  perform(row: OutboxRow): Promise<Attempt>
  /** Pushes at once, whether or not anything waits; its host hears how it went. Never rejects. */
  pushNow(target: { readonly hostId: string; readonly channel: string }): Promise<PushedNow>
}

/** Merges followed from one host to the next: more would be a circle. */
const hopsMax = 16

/** First wait after Apple was busy or could not be reached; doubles each time. Short at the end: a push is cheap, waiting is not. */
const retryFirstMs = 5_000
const retryLongestMs = 15 * 60_000

type Tried = {
  readonly hostId: string
  readonly channel: Channel
  readonly outcome: PushOutcome
  readonly certificateAt: number | null
}

export function createPusher(options: PusherOptions): Pusher {
  const { hosts, world } = options
  const cooldown = createCooldown(world)
  const underWay = new Map<string, Promise<Tried>>()

  /** A command that was just taken and a script that asks for a push meet here: one push does for both. */
  function once(found: Found, channel: Channel): Promise<Tried> {
    const key = `${found.hostId} ${channel.key}`
    const joined = underWay.get(key)
    if (joined !== undefined) return joined
    const tried = tryPush(options, found, channel).finally(() => underWay.delete(key))
    underWay.set(key, tried)
    return tried
  }

  async function perform(row: OutboxRow): Promise<Attempt> {
    // What the machine named as the effect's params.
    const { channel: key } = JSON.parse(row.payload) as { readonly channel: string }
    const looked = await lookAt(hosts, row.host_id)
    if (!looked.ok) return looked.error === 'gone' ? { kind: 'done' } : again(looked.error)
    const found = looked.value
    const channel = channelOf(found, key)
    // The device may have come by itself, or left.
    if (channel === undefined || !hasWork(found, key)) return { kind: 'done' }
    const cool = cooldown.wait(row.id)
    if (cool > 0) return { kind: 'again', reason: 'asked to wait', afterMs: cool }
    const tried = await once(found, channel)
    const { outcome } = tried
    if (outcome.kind !== 'unavailable') return { kind: 'done', event: eventOf(tried, world.now()) }
    if (outcome.retryAfterMs !== undefined) cooldown.start(row.id, outcome.retryAfterMs)
    const wait = Math.max(retryMs(row.attempts, world.random()), outcome.retryAfterMs ?? 0)
    return { kind: 'again', reason: outcome.reason, afterMs: wait }
  }

  async function pushNow({
    hostId,
    channel: key,
  }: Parameters<Pusher['pushNow']>[0]): Promise<PushedNow> {
    const looked = await lookAt(hosts, hostId)
    if (!looked.ok && looked.error !== 'gone') return { kind: 'failed', reason: looked.error }
    const found = looked.ok ? looked.value : undefined
    const channel = found && channelOf(found, key)
    if (found === undefined || channel === undefined)
      return { kind: 'failed', reason: 'no push address' }
    const tried = await once(found, channel)
    const { outcome } = tried
    if (outcome.kind === 'unavailable') return { kind: 'failed', reason: outcome.reason }
    const cause = { kind: 'effect', id: 'apns.push' } as const
    await hosts.ask(found.hostId, { events: [eventOf(tried, world.now())], cause })
    if (outcome.kind === 'pushed') return outcome
    return {
      kind: outcome.fault === 'topic' ? 'topic-failed' : 'failed',
      reason: outcome.reason,
    }
  }

  return { perform, pushNow }
}

type Found = { readonly hostId: string; readonly view: HostView }

const again = (reason: string): Attempt => ({ kind: 'again', reason })

/** The host, or the one it has become. Fails: `gone`, or why it cannot be looked at now. */
async function lookAt(hosts: Hosts, hostId: string): Promise<Result<Found, string>> {
  let id = hostId
  for (let hops = 0; hops <= hopsMax; hops += 1) {
    const looked = await hosts.look(id)
    if (looked.ok) return ok({ hostId: id, view: looked.value })
    if (looked.error.kind === 'no-such-host') return fail('gone')
    if (looked.error.kind !== 'merged') return fail(`the host is ${looked.error.kind}`)
    id = looked.error.into
  }
  return fail('gone')
}

/** The channel if it may be pushed to. */
function channelOf({ view }: Found, key: string): Channel | undefined {
  const { quarantined, channels } = view.snapshot.context
  const channel = Object.hasOwn(channels, key) ? channels[key] : undefined
  return quarantined || channel?.pushRef === null ? undefined : channel
}

const hasWork = ({ view }: Found, key: string): boolean =>
  [...view.commands.values()].some(({ saved }) => saved.context.channel === key)

async function tryPush(
  options: PusherOptions,
  { hostId }: Found,
  channel: Channel,
): Promise<Tried> {
  const { apns, topics, addressOf } = options
  const { topic, addressFault } = channel
  const standing = topics.standing(topic)
  const { certificateAt } = standing
  const tried = (outcome: PushOutcome): Tried => ({ hostId, channel, outcome, certificateAt })
  if (standing.kind === 'stopped') return tried(refused(standing.reason, 'topic'))
  if (addressFault !== null && addressFault.certificateAt === certificateAt)
    return tried(refused(addressFault.reason, 'address'))
  const address = await addressOf(channel.pushRef ?? '')
  if (!address.ok) return tried(refused('PushAddressUnreadable', 'address'))
  const outcome = await apns.push({ topic, ...address.value })
  await learn(options, outcome, { topic, certificateAt: standing.certificateAt })
  return tried(outcome)
}

/** What Apple's answer says beyond this one device. */
async function learn(
  { topics, suspicion }: PusherOptions,
  outcome: PushOutcome,
  { topic, certificateAt }: { readonly topic: string; readonly certificateAt: number },
): Promise<void> {
  if (outcome.kind === 'pushed') return suspicion?.taken(topic)
  if (outcome.kind === 'unavailable') return
  if (outcome.fault === 'address') suspicion?.refused(topic)
  if (outcome.fault === 'topic')
    await topics.refuse(topic, { certificateAt, reason: outcome.reason })
}

/** Without asking Apple. */
const refused = (reason: string, fault: 'topic' | 'address'): PushOutcome => ({
  kind: 'refused',
  reason,
  status: null,
  fault,
  deadSince: null,
})

function eventOf({ channel, outcome, certificateAt }: Tried, at: number): ApnsEvent {
  const { key, addressAt } = channel
  if (outcome.kind === 'pushed')
    return { type: 'apns.pushed', at, channel: key, apnsId: outcome.apnsId }
  if (outcome.kind === 'unavailable') throw new Error('nobody is told that Apple was busy')
  const { kind: _kind, ...refusal } = outcome
  return { type: 'apns.refused', at, channel: key, ...refusal, addressAt, certificateAt }
}

/** ±20 %, so that what failed together does not come back together. */
const retryMs = (attempts: number, random: number): number =>
  Math.round(Math.min(retryFirstMs * 2 ** attempts, retryLongestMs) * (0.8 + 0.4 * random))
