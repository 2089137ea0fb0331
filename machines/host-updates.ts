// How a host's knowledge changes. Each takes a context and what was said, and returns the fields that change.
import type { Authenticate, Parts, TokenUpdate } from './host-events.ts'
import {
  type AddressFault,
  type Channel,
  channelsMax,
  type FactName,
  type Facts,
  type HostContext,
  type Identity,
} from './host-context.ts'

type Change = Partial<HostContext>

export const withoutFacts = (facts: Facts, names: readonly FactName[]): Facts =>
  Object.fromEntries(
    Object.entries(facts).filter(([name]) => !names.some((forgotten) => forgotten === name)),
  )

/** Fills what was unknown and keeps what was not mentioned. */
export const withIdentity = (
  context: HostContext,
  sighting: { readonly identity: Partial<Identity>; readonly quarantined: boolean },
): Change => ({
  identity: { ...context.identity, ...sighting.identity },
  quarantined: sighting.quarantined,
})

/** A new life: the former one's channels are gone, and nothing may be pushed before a TokenUpdate. */
export const startEpoch = (context: HostContext, said: Authenticate): Change => ({
  epoch: context.epoch + 1,
  enrolledAt: null,
  unlockTokenRef: null,
  bootstrapTokenRef: null,
  channels: {
    [said.channel]: {
      key: said.channel,
      kind: 'device',
      type: said.enrollmentType,
      topic: said.topic,
      pushRef: null,
      addressAt: null,
      addressFault: null,
      userShortName: null,
      since: said.at,
      round: 0,
    },
  },
})

/** Token, PushMagic and Topic are always replaced; a missing UnlockToken revokes nothing. */
export function withToken(context: HostContext, said: TokenUpdate): Change {
  const before = context.channels[said.channel]
  const channel: Channel = {
    key: said.channel,
    kind: said.kind,
    type: said.enrollmentType,
    topic: said.topic,
    pushRef: said.pushRef,
    addressAt: said.at,
    addressFault: null,
    userShortName: said.userShortName,
    since: before?.since ?? said.at,
    round: before?.round ?? 0,
  }
  return {
    channels: {
      ...ofKind(context.channels, 'device'),
      ...newest(ofKind({ ...context.channels, [said.channel]: channel }, 'user'), channelsMax),
      ...(said.kind === 'device' && { [said.channel]: channel }),
    },
    unlockTokenRef: said.unlockTokenRef ?? context.unlockTokenRef,
    enrolledAt: context.enrolledAt ?? (said.kind === 'device' ? said.at : null),
  }
}

export const endEnrollment = (): Change => ({
  channels: {},
  enrolledAt: null,
  unlockTokenRef: null,
  bootstrapTokenRef: null,
})

/** When (ms) the Authenticate came that these channels live by; `-Infinity` without a device channel. */
export const lifeBegan = (channels: HostContext['channels']): number =>
  Math.max(...Object.values(ofKind(channels, 'device')).map(({ since }) => since))

export function withoutChannel(context: HostContext, key: string): Change {
  const { [key]: _gone, ...channels } = context.channels
  return { channels }
}

export function nextRound(context: HostContext, key: string): Change {
  const channel = context.channels[key]
  return channel === undefined ? {} : withChannel(context, { ...channel, round: channel.round + 1 })
}

export function withAddressFault(
  context: HostContext,
  key: string,
  addressFault: AddressFault | null,
): Change {
  const channel = context.channels[key]
  return channel === undefined ? {} : withChannel(context, { ...channel, addressFault })
}

const withChannel = ({ channels }: HostContext, channel: Channel): Change => ({
  channels: { ...channels, [channel.key]: channel },
})

/** What Apple says of one serial number says nothing of another. */
export const withDevices = (
  { depDevices }: HostContext,
  devices: HostContext['depDevices'],
): Change => ({ depDevices: { ...depDevices, ...devices } })

export const withoutDevices = (
  { depDevices }: HostContext,
  serials: readonly string[],
): { readonly depDevices: HostContext['depDevices'] } => ({
  depDevices: Object.fromEntries(
    Object.entries(depDevices).filter(([serial]) => !serials.includes(serial)),
  ),
})

export function mdmOf(parts: Parts): Change {
  if (parts.mdm === null) return {}
  const { state: _state, ...mdm } = parts.mdm
  return mdm
}

const ofKind = (
  channels: HostContext['channels'],
  kind: Channel['kind'],
): Readonly<Record<string, Channel>> =>
  Object.fromEntries(Object.entries(channels).filter(([, channel]) => channel.kind === kind))

/** Keeps the last `max` entries by insertion, which is age here. */
function newest<Entry>(
  entries: Readonly<Record<string, Entry>>,
  max: number,
): Readonly<Record<string, Entry>> {
  const all = Object.entries(entries)
  return all.length <= max ? entries : Object.fromEntries(all.slice(-max))
}
