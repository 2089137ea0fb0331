import type { HostEvent } from '../../machines/host-events.ts'
import type { Write } from '../../storage/store.ts'
import type { Checkin, CheckinOf } from '../protocol/mdm/checkin.ts'
import { buildPlist } from '../protocol/plist/build.ts'
import { dictOf } from '../protocol/plist/value.ts'
import { unreachable } from '../result.ts'
import { succession } from './binding.ts'
import type { Credential } from './credential.ts'
import { type MdmAnswer, nothing, refusalOf, refused } from './mdm-answer.ts'
import { authenticate } from './mdm-authenticate.ts'
import { declarations } from './mdm-declarations.ts'
import { byDevice, type MdmMeans } from './mdm-means.ts'
import type { Party } from './mdm-parties.ts'
import type { Speaker } from './mdm-speakers.ts'

type Spoken<Message> = { readonly message: Message; readonly party: Speaker }
type Known = Exclude<Checkin, CheckinOf<'Authenticate'>>

/** Of all messages only Authenticate resolves identity; the others go by the enrollment they name. */
export const createCheckins =
  (means: MdmMeans) =>
  async (message: Checkin, credential: Credential): Promise<MdmAnswer> => {
    if (message.messageType === 'Authenticate') {
      const known = await means.speakers.known(message.enrollment, credential)
      return known.ok ? authenticate(means, message, known.value) : refused(known.error)
    }
    const speaker = await means.speakers.of(message.enrollment, credential)
    return speaker.ok
      ? ofKnownDevice(means, { message, party: speaker.value })
      : refused(speaker.error)
  }

async function ofKnownDevice(
  means: MdmMeans,
  { message, party }: Spoken<Known>,
): Promise<MdmAnswer> {
  switch (message.messageType) {
    case 'TokenUpdate':
      return tokenUpdate(means, { message, party })
    case 'CheckOut':
      return tell(means, party, {
        event: { type: 'mdm.CheckOut', at: means.world.now(), channel: party.channel },
      })
    case 'SetBootstrapToken':
      return setBootstrapToken(means, { message, party })
    case 'GetBootstrapToken':
      return getBootstrapToken(means, party)
    case 'UserAuthenticate':
      return whenEnrolled(means, party, () => refused('user-declined'))
    case 'GetToken':
      return whenEnrolled(means, party, () => refused('unknown-token-service'))
    case 'DeclarativeManagement':
      return whenEnrolled(means, party, (isQuarantined) =>
        declarations(means.askDeclarations, {
          message,
          party,
          isQuarantined,
          at: means.world.now(),
        }),
      )
    case 'ReturnToService':
      // Nobody has set a device up for it: the user's wish to start over is declined politely.
      return whenEnrolled(means, party, () => ({
        kind: 'plist',
        value: dictOf({ ReturnToService: dictOf({ Enabled: false }) }),
      }))
    default:
      return unreachable(message)
  }
}

async function tokenUpdate(
  means: MdmMeans,
  { message, party }: Spoken<CheckinOf<'TokenUpdate'>>,
): Promise<MdmAnswer> {
  const { hostId, channel } = party
  const { enrollment, Token, PushMagic, UnlockToken } = message
  const pushRef = secretRef('push', party)
  const unlockRef = secretRef('unlock_token', party)
  const address = buildPlist(dictOf({ Token, PushMagic }))
  const secrets = [
    { ref: pushRef, kind: 'push_address', bytes: new TextEncoder().encode(address) },
    ...(UnlockToken === undefined
      ? []
      : [{ ref: unlockRef, kind: 'unlock_token', bytes: UnlockToken }]),
  ]
  const writes: Write[] = []
  for (const secret of secrets) {
    const sealed = await means.sealing.seal({ ...secret, hostId })
    if (!sealed.ok) return refused('unavailable')
    writes.push(sealed.value)
  }
  const event: HostEvent = {
    type: 'mdm.TokenUpdate',
    at: means.world.now(),
    channel,
    kind: enrollment.channel,
    enrollmentType: enrollment.type,
    topic: message.Topic,
    pushRef,
    userShortName: enrollment.user?.shortName ?? null,
    awaitingConfiguration: message.AwaitingConfiguration ?? null,
    unlockTokenRef: UnlockToken === undefined ? null : unlockRef,
  }
  return tell(means, party, { event, writes: [...writes, ...successionRows(means, party)] })
}

/**
 * A device that tells its token lives with the certificate it tells it by: those before it end. Where two hosts are
 * enrolled under one key, the key stays where the Authenticate left it.
 */
function successionRows(
  { lookups, world }: MdmMeans,
  { hostId, channel, fingerprint }: Speaker,
): readonly Write[] {
  if (fingerprint === undefined) return []
  const row = lookups.enrollment(channel)
  const bound = { fingerprint, hostId, at: world.now(), cause: byDevice({ channel }) }
  return [
    ...(row === undefined || row.host_id === hostId ? [] : [{ put: 'enrollment', row } as const]),
    ...succession(lookups, bound),
  ]
}

/** Two hosts may enrol under one key, as clones do: neither may read, replace or drop what is the other's. */
const secretRef = (kind: string, { hostId, channel }: Party): string =>
  `${kind}/${hostId}/${channel}`

async function setBootstrapToken(
  means: MdmMeans,
  { message, party }: Spoken<CheckinOf<'SetBootstrapToken'>>,
): Promise<MdmAnswer> {
  const { BootstrapToken: bytes } = message
  const { hostId } = party
  const ref = secretRef('bootstrap_token', party)
  const at = means.world.now()
  // Absent and empty both ask us to forget ours.
  if (bytes === undefined || bytes.length === 0)
    return tell(means, party, {
      event: { type: 'mdm.SetBootstrapToken', at, ref: null },
      writes: [{ drop: 'sealed', ref }],
    })
  const sealed = await means.sealing.seal({ ref, hostId, kind: 'bootstrap_token', bytes })
  if (!sealed.ok) return refused('unavailable')
  return tell(means, party, {
    event: { type: 'mdm.SetBootstrapToken', at, ref },
    writes: [sealed.value],
  })
}

async function getBootstrapToken(means: MdmMeans, party: Party): Promise<MdmAnswer> {
  const looked = await means.hosts.look(party.hostId)
  if (!looked.ok) return refused(refusalOf(looked.error))
  const { value, context } = looked.value.snapshot
  if (value.mdm === 'unenrolled') return refused('not-enrolled')
  means.hosts.lastSeen.touch(party.hostId, 'mdm')
  if (context.bootstrapTokenRef === null) return nothing
  const token = await means.sealing.open(context.bootstrapTokenRef)
  if (!token.ok) return refused('failed')
  return { kind: 'plist', value: dictOf({ BootstrapToken: token.value }) }
}

/** Answers messages that change nothing, if the host's state lets their sender speak. */
async function whenEnrolled(
  { hosts }: MdmMeans,
  { hostId }: Party,
  answer: (isQuarantined: boolean) => MdmAnswer | Promise<MdmAnswer>,
): Promise<MdmAnswer> {
  const looked = await hosts.look(hostId)
  if (!looked.ok) return refused(refusalOf(looked.error))
  const { value, context } = looked.value.snapshot
  if (value.mdm === 'unenrolled') return refused('not-enrolled')
  hosts.lastSeen.touch(hostId, 'mdm')
  return answer(context.quarantined)
}

type Told = { readonly event: HostEvent; readonly writes?: readonly Write[] }

/** One event, one commit; a state that does not take it says that the sender is not enrolled. */
async function tell({ hosts }: MdmMeans, party: Party, told: Told): Promise<MdmAnswer> {
  const { event, writes: withReply = [] } = told
  const cause = byDevice(party)
  const asked = await hosts.ask(party.hostId, { events: [event], cause, withReply, seen: 'mdm' })
  if (!asked.ok) return refused(refusalOf(asked.error))
  return asked.value.reply === undefined ? refused('not-enrolled') : nothing
}
