// Which channels are woken and when: what a host asks of Apple's push service, and of its timers.
import type { CommandSnapshot } from './command.ts'
import { type Children, openCommand, openOn } from './conversation.ts'
import type { EffectAction } from './effects.ts'
import type { HostContext } from './host-context.ts'
import type { PushRefused } from './host-events.ts'
import { deferredWaitMs, nudgeFor, patienceMs } from './nudge.ts'

/** One timer per channel, there while something waits on it that may wake it. */
export const pushAlarm = (channel: string): string => `push:${channel}`

/** The channel a timer is for; undefined when it is another kind of timer. */
export const channelOfAlarm = (name: string): string | undefined =>
  name.startsWith('push:') ? name.slice('push:'.length) : undefined

/** Those that note how a push for their channel went. */
export const notingOn = (children: Children, channel: string): readonly CommandSnapshot[] =>
  openOn(children, channel).filter(({ value }) => value !== 'unknown')

/** What a push may bring forward. */
export const isWaking = ({ value, context }: CommandSnapshot): boolean =>
  !context.silent && value !== 'unknown'

const wakingOn = (children: Children, channel: string): readonly CommandSnapshot[] =>
  openOn(children, channel).filter((command) => isWaking(command))

/** True while the device has reason to be on its way or at work: pushing would only wake it twice. */
const inFlight = (children: Children, channel: string, at: number): boolean =>
  openOn(children, channel).some(
    ({ value, context }) => value === 'pushed' || (value === 'sent' && isRecent(context.since, at)),
  )

/** A clock that was put back leaves times that are still to come: nobody knows how long ago that was. */
const isRecent = (since: number, at: number): boolean => Math.abs(at - since) < patienceMs

/** Whether the address works, as far as we know. One that failed is tried for new wishes only: the certificate may be another. */
export const isReachable = (channels: HostContext['channels'], key: string): boolean =>
  hasAddress(channels, key) && channels[key]?.addressFault === null

const hasAddress = (channels: HostContext['channels'], key: string): boolean =>
  (channels[key]?.pushRef ?? null) !== null

type Talk = { readonly channel: string; readonly at: number }
type Host = Pick<HostContext, 'channels' | 'quarantined'>

/** For a new command: a push, unless the device is on its way already, and a timer in case it does not come. */
export function wakeForNew(
  { channels }: Host,
  children: Children,
  { channel, at }: Talk,
): readonly EffectAction[] {
  if (!hasAddress(channels, channel)) return []
  const isComing = inFlight(children, channel, at)
  const isTimed = isComing && wakingOn(children, channel).length > 0
  return [
    ...(isComing ? [] : [push(channel)]),
    ...(isTimed || !isReachable(channels, channel) ? [] : [timer(channel, patienceMs)]),
  ]
}

/** For what waits already, now that the channel can be reached. */
export function wakeForWaiting(
  { channels, quarantined }: Host,
  children: Children,
  { channel }: Pick<Talk, 'channel'>,
): readonly EffectAction[] {
  if (!hasAddress(channels, channel) || wakingOn(children, channel).length === 0) return []
  return [
    ...(quarantined ? [] : [push(channel)]),
    ...(isReachable(channels, channel) ? [timer(channel, patienceMs)] : []),
  ]
}

/** The timer has rung: the device may have been here since, so it is looked at before it is pushed for. */
export function wakeForSilence(
  { channels, quarantined }: Host,
  children: Children,
  { channel, at }: Talk,
): readonly EffectAction[] {
  const waking = wakingOn(children, channel)
  // A channel that lost to a newer one in a merge comes back with a split, and its timer with it.
  const isLost = channels[channel] === undefined
  if (waking.length === 0 || !(isLost || isReachable(channels, channel))) return []
  const { isDue, nextInMs } = nudgeFor(waking, at)
  return [...(isDue && !isLost && !quarantined ? [push(channel)] : []), timer(channel, nextInMs)]
}

/** The device said NotNow and has kept nothing. `commandUUID` is what it said that of. */
export function wakeForDeferred(
  { channels }: Host,
  children: Children,
  { channel, commandUUID }: Pick<Talk, 'channel'> & { readonly commandUUID: string },
): readonly EffectAction[] {
  const about = openCommand(children, commandUUID)
  if (about === undefined || about.context.silent || !isReachable(channels, channel)) return []
  const others = wakingOn(children, channel).filter((other) => other !== about)
  const wait = others.every(({ value }) => value === 'not_now')
    ? deferredWaitMs(about.context.deferrals + 1)
    : patienceMs
  return [timer(channel, wait)]
}

/** With these given up, does anything wait that a push may bring forward? Else the timer goes. */
export function restWithout(
  lost: readonly CommandSnapshot[],
  children: Children,
  channel: string,
): readonly EffectAction[] {
  if (!lost.some((command) => isWaking(command))) return []
  const isRest = wakingOn(children, channel).every((command) => lost.includes(command))
  return isRest ? [noTimer(channel)] : []
}

/** A command is over. Of several that end at once only the last to be let go stops the timer. */
export function restAfter(
  children: Readonly<Record<string, { readonly getSnapshot: () => unknown } | undefined>>,
  done: { readonly id: string; readonly channel: string },
): readonly EffectAction[] {
  for (const [id, child] of Object.entries(children)) {
    if (id === done.id) continue
    // A host spawns nothing but commands.
    const other = child?.getSnapshot() as CommandSnapshot | undefined
    if (other?.context.channel !== done.channel) continue
    if (other.status === 'done' || isWaking(other)) return []
  }
  return [noTimer(done.channel)]
}

/** A push got through: a device that keeps silent all the same is pushed for again. */
export const watchFor = (children: Children, { channel }: Talk): readonly EffectAction[] =>
  wakingOn(children, channel).length === 0 ? [] : [timer(channel, patienceMs)]

/** Whether what Apple said of an address is still about the one we have. */
export const isAddressDead = (channels: HostContext['channels'], said: PushRefused): boolean => {
  const addressAt = channels[said.channel]?.addressAt ?? null
  if (said.fault !== 'address' || addressAt === null || addressAt !== said.addressAt) return false
  // Dead since before the device told us this one: Apple speaks of a former one. Not if ours was told by a clock
  // that was ahead, which says nothing of when.
  return said.deadSince === null || said.deadSince > addressAt || addressAt > said.at
}

const push = (channel: string): EffectAction => ({ type: 'apns.push', params: { channel } })

const timer = (channel: string, afterMs: number): EffectAction => ({
  type: 'alarm.set',
  params: { name: pushAlarm(channel), afterMs },
})

export const noTimer = (channel: string): EffectAction => ({
  type: 'alarm.cancel',
  params: { name: pushAlarm(channel) },
})
