import { readPlist } from '../protocol/plist/read.ts'
import { isBytes, isDict } from '../protocol/plist/value.ts'
import type { Chance } from './chance.ts'
import { converse } from './conversation.ts'
import type { Channel, Say, Talk } from './conversation.ts'
import { syncDeclarations } from './declarations.ts'
import { createDeliveries } from './deliveries.ts'
import { createDevice, wipe } from './device.ts'
import type { Device } from './device.ts'
import type { Installed } from './enroller.ts'
import type { Identity } from './identity.ts'
import { authenticateKeys, checkin, malformedMessages, report } from './mdm-messages.ts'
import type { PlistKeys } from './mdm-messages.ts'
import { createMdmUser, tokenIn, tokenKeys } from './mdm-user.ts'
import { judgeMdm } from './mdm-rules.ts'
import type { World } from './world.ts'
import { accuse } from './world.ts'

/** The MDM client of one Apple device. */
export type MdmClient = {
  readonly state: () => 'unenrolled' | 'authenticated' | 'enrolled'
  readonly device: Device
  /** Enrollment key of the user's channel, once the server knows it. */
  readonly userChannel: () => string | undefined
  /** Whether a push to this token, in lower-case hexadecimal, reaches one of its channels. */
  readonly hears: (token: string) => boolean
  /** Authenticate and the first TokenUpdate. False when the server did not take one of them. */
  readonly enroll: (as: { readonly automatic: boolean }) => Promise<boolean>
  /** One visit: what there is to say, then its conversations. */
  readonly live: () => Promise<void>
  readonly checkOut: () => Promise<void>
  /** The device was erased or left: it knows nothing of its management any more. */
  readonly forget: () => void
}

export type MdmClientOptions = {
  readonly identity: Identity
  readonly identifiers: PlistKeys
  readonly world: World
  readonly chance: Chance
  /** Another computer claims the same identity, so the server may refuse either. */
  readonly contested: boolean
}

export function createMdmClient(options: MdmClientOptions): MdmClient {
  const { identity, identifiers, world, chance, contested } = options
  const device = createDevice(identity, chance.fork('device'), world.clock)
  let installed: Installed | undefined
  const say = sayer(options, () => installed)
  const talk: Talk = { device, world, chance, say, topic: () => installed?.topic ?? world.topic }
  const channel: Channel = { identifiers, deliveries: createDeliveries(), unreported: undefined }
  const user = createMdmUser(identity, identifiers, { talk, draw: chance })
  let state: 'unenrolled' | 'authenticated' | 'enrolled' = 'unenrolled'
  /** What the server last heard of AwaitingConfiguration. */
  let saidAwaiting = false
  let token: string | undefined

  const forget = (): void => {
    state = 'unenrolled'
    wipe(device)
    channel.unreported = undefined
    user?.forget()
  }
  const update = async (): Promise<boolean> => {
    const keys = deviceTokenKeys(device, talk, identifiers)
    token = tokenIn(keys)
    const taken = await say(checkin('TokenUpdate', keys))
    if (taken) {
      state = 'enrolled'
      saidAwaiting = device.awaitingConfiguration
      await user?.introduce()
    }
    return taken !== undefined
  }
  return {
    device,
    state: () => state,
    userChannel: () => user?.key(),
    hears: (pushed) => state !== 'unenrolled' && [token, user?.token()].includes(pushed),
    forget,
    enroll: async ({ automatic }) => {
      forget()
      installed = await world.enroller?.(identity)
      if (world.enroller !== undefined && installed === undefined) return false
      const keys = { ...authenticateKeys(identity, talk.topic()), ...identifiers }
      if (!(await say(checkin('Authenticate', keys)))) return false
      state = 'authenticated'
      channel.deliveries.newLife()
      user?.newLife()
      device.supervised = automatic
      device.awaitingConfiguration = chance.happens(
        automatic ? world.rates.awaitingConfiguration : 0,
      )
      return update()
    },
    live: async () => {
      const renews = chance.happens(world.rates.tokenUpdate)
      if (chance.happens(impatience)) device.awaitingConfiguration = false
      const released = saidAwaiting !== device.awaitingConfiguration
      if (state === 'authenticated' || renews || released) await update()
      if (state === 'authenticated') return
      await sideTalk(channel, talk, contested)
      await converse(channel, talk)
      if (chance.happens(world.rates.loggedIn)) await user?.live()
      if (device.wants.declarations) await syncDeclarations(channel, talk)
      device.wants.declarations = false
    },
    checkOut: async () => {
      // The profile is removed whether or not the server answers.
      await say(checkin('CheckOut', { ...identifiers, Topic: talk.topic() }))
      forget()
    },
  }
}

/** How likely, in one round, the user skips what Setup Assistant waits for. */
const impatience = 0.03

/** Sends, judges, and gives back only what the device would take for an answer. */
function sayer(
  { identity, world, contested }: MdmClientOptions,
  installed: () => Installed | undefined,
): Say {
  return async (unsigned, expectation = { kind: 'accepted' }) => {
    const request = installed()?.sign(unsigned) ?? unsigned
    const sent = await world.wire.send(request)
    if (!sent.ok) return undefined
    const lenient = contested && expectation.kind === 'accepted'
    const findings = judgeMdm(sent.value, lenient ? { kind: 'contested' } : expectation)
    accuse(world, { computer: identity.name, request }, findings)
    return sent.value.status === 200 ? sent.value : undefined
  }
}

function deviceTokenKeys(device: Device, talk: Talk, identifiers: PlistKeys): PlistKeys {
  const { kind } = device.identity
  return {
    ...identifiers,
    ...tokenKeys(talk),
    AwaitingConfiguration: device.awaitingConfiguration,
    UnlockToken: kind === 'ipad' || kind === 'iphone' ? talk.chance.bytes(1_200) : undefined,
  }
}

/** Whatever else a device says now and then, each by its own rate. */
async function sideTalk(channel: Channel, talk: Talk, contested: boolean): Promise<void> {
  const { world, chance, device, say } = talk
  const { rates } = world
  const isMac = device.identity.kind === 'mac'
  if (chance.happens(rates.bootstrapToken) && isMac && !contested) await escrow(channel, talk)
  if (chance.happens(rates.userAuthenticate) && isMac) {
    const request = checkin('UserAuthenticate', { ...channel.identifiers, UserID: chance.uuid() })
    await say(request, { kind: 'accepted', also: [410] })
  }
  const stray = chance.happens(rates.strayReport) ? chance.uuid() : undefined
  if (stray !== undefined && !channel.unreported) {
    const request = report('Acknowledged', { ...channel.identifiers, CommandUUID: stray })
    channel.unreported = { commandUUID: stray, status: 'Acknowledged', request }
  }
  if (chance.happens(rates.malformed)) {
    await say(chance.pick(malformedMessages(channel.identifiers)), { kind: 'malformed' })
  }
}

/** Hands the server a bootstrap token and asks for it back: it must be the one handed over. */
async function escrow(
  { identifiers }: Channel,
  { say, chance, world, device }: Talk,
): Promise<void> {
  const token = chance.bytes(64)
  const set = checkin('SetBootstrapToken', { ...identifiers, BootstrapToken: token })
  if (!(await say(set))) return
  const request = checkin('GetBootstrapToken', identifiers)
  const answer = await say(request)
  if (!answer || Buffer.from(token).equals(bootstrapTokenIn(answer.body))) return
  accuse(world, { computer: device.identity.name, request }, [
    { rule: 'mdm-unreadable', detail: 'not the bootstrap token that was set' },
  ])
}

function bootstrapTokenIn(body: Uint8Array): Uint8Array {
  const read = readPlist(body)
  const token = read.ok && isDict(read.value) ? read.value['BootstrapToken'] : undefined
  return isBytes(token) ? token : new Uint8Array()
}
