import { isBytes } from '../protocol/plist/value.ts'
import type { Chance } from './chance.ts'
import { converse } from './conversation.ts'
import type { Channel, Talk } from './conversation.ts'
import { createDeliveries } from './deliveries.ts'
import type { Identity } from './identity.ts'
import { checkin } from './mdm-messages.ts'
import type { PlistKeys } from './mdm-messages.ts'

/** The MDM client of one Mac's user: a channel of its own under the device's enrolment. */
export type MdmUser = {
  /** Its enrollment key, once the server knows it. */
  readonly key: () => string | undefined
  /** What it can be pushed to by. */
  readonly token: () => string | undefined
  /** Its TokenUpdate: before the server took one, the channel does not exist. */
  readonly introduce: () => Promise<void>
  readonly live: () => Promise<void>
  /** The server took an Authenticate of the device. */
  readonly newLife: () => void
  readonly forget: () => void
}

/** Nothing for anything but a Mac, and for most Macs by chance. */
export function createMdmUser(
  identity: Identity,
  identifiers: PlistKeys,
  { talk, draw }: { readonly talk: Talk; readonly draw: Chance },
): MdmUser | undefined {
  const { kind, mdm, person } = identity
  if (!draw.happens(talk.world.rates.userChannel) || kind !== 'mac') return undefined
  const channel: Channel = {
    identifiers: { ...identifiers, UserID: person.guid, UserShortName: person.shortName },
    deliveries: createDeliveries(),
    unreported: undefined,
  }
  let known = false
  let token: string | undefined
  const introduce = async (): Promise<void> => {
    const keys = tokenKeys(talk)
    token = tokenIn(keys)
    const names = { UserLongName: person.longName, NotOnConsole: false }
    const taken = await talk.say(
      checkin('TokenUpdate', { ...channel.identifiers, ...names, ...keys }),
    )
    if (taken) known = true
  }
  return {
    introduce,
    token: () => token,
    key: () => (known ? `${mdm?.UDID ?? ''}:${person.guid}` : undefined),
    live: async () => {
      if (!known) await introduce()
      if (known) await converse(channel, talk)
    },
    newLife: channel.deliveries.newLife,
    forget: () => {
      known = false
      channel.unreported = undefined
    },
  }
}

/** Where a channel can be pushed to: fresh with every TokenUpdate. */
export const tokenKeys = ({ topic, chance }: Pick<Talk, 'topic' | 'chance'>): PlistKeys => ({
  Topic: topic(),
  Token: chance.bytes(32),
  PushMagic: chance.uuid(),
})

/** The push token of a TokenUpdate as a push service names it: lower-case hexadecimal. */
export const tokenIn = ({ Token: token }: PlistKeys): string | undefined =>
  isBytes(token) ? Buffer.from(token).toString('hex') : undefined
