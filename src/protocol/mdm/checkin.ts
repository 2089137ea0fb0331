import { fail, ok, type Result } from '../../result.ts'
import type { Dict } from '../plist/value.ts'
import { type Enrollment, readEnrollment } from './enrollment.ts'
import { type Fields, type Form, readFields } from './fields.ts'
import type { MessageFault } from './message-fault.ts'
import { readCheckinBody } from './report-body.ts'

/**
 * A check-in as one of Apple's nine messages, with Apple's key names. `raw` holds the whole message, unknown
 * keys included.
 */
export type Checkin = { readonly [Type in MessageType]: CheckinOf<Type> }[MessageType]

export type CheckinOf<Type extends MessageType> = Fields<(typeof forms)[Type]> & {
  readonly messageType: Type
  readonly enrollment: Enrollment
  readonly raw: Dict
}

export type MessageType = keyof typeof forms

export type CheckinFault = MessageFault

/**
 * Reads a check-in.
 *
 * Required is what a server cannot do without; the schema asks for more, but simulators and old systems
 * leave out names and models. A bootstrap token that is absent or empty asks us to forget ours.
 * Fails: malformed body, unknown MessageType, no or a contradictory identity, a known key missing or of a
 * wrong type.
 * Source: Apple device-management, `mdm/checkin`.
 */
export function readCheckin(body: Dict | Uint8Array): Result<Checkin, CheckinFault> {
  const read = readCheckinBody(body)
  if (!read.ok) return read
  const raw = read.value
  const { MessageType } = raw
  if (typeof MessageType !== 'string') {
    const kind = MessageType === undefined ? 'missing-key' : 'wrong-type'
    return fail({ kind, detail: 'MessageType is not there as a string' })
  }
  if (!isMessageType(MessageType)) {
    return fail({ kind: 'unknown-message-type', detail: 'a MessageType Apple does not have' })
  }
  const enrollment = readEnrollment(raw)
  if (!enrollment.ok) return enrollment
  const channel = channels[MessageType]
  if (channel !== undefined && enrollment.value.channel !== channel) {
    return fail({
      kind: 'wrong-channel',
      detail: `${MessageType} belongs to the ${channel} channel`,
    })
  }
  const fields = readFields(raw, forms[MessageType])
  if (!fields.ok) return fields
  // The form that was read is the one the message type names.
  return ok({
    messageType: MessageType,
    enrollment: enrollment.value,
    raw,
    ...fields.value,
  } as Checkin)
}

const isMessageType = (name: string): name is MessageType => Object.hasOwn(forms, name)

/** Messages that only one channel may send. A user's Authenticate would reset the device it logs in on. */
const channels: { readonly [Type in MessageType]?: Enrollment['channel'] } = {
  Authenticate: 'device',
  CheckOut: 'device',
  UserAuthenticate: 'user',
}

const forms = {
  Authenticate: {
    Topic: 'string!',
    DeviceName: 'string',
    ModelName: 'string',
    Model: 'string',
    OSVersion: 'string',
    BuildVersion: 'string',
    ProductName: 'string',
    SerialNumber: 'string',
    IMEI: 'string',
    MEID: 'string',
  },
  TokenUpdate: {
    Topic: 'string!',
    Token: 'data!',
    PushMagic: 'string!',
    UnlockToken: 'data',
    AwaitingConfiguration: 'boolean',
    NotOnConsole: 'boolean',
  },
  CheckOut: { Topic: 'string' },
  UserAuthenticate: { DigestResponse: 'string' },
  SetBootstrapToken: { BootstrapToken: 'data', AwaitingConfiguration: 'boolean' },
  GetBootstrapToken: { AwaitingConfiguration: 'boolean' },
  GetToken: { TokenServiceType: 'string!', TokenParameters: 'dict' },
  DeclarativeManagement: { Endpoint: 'string!', Data: 'data' },
  ReturnToService: {},
} as const satisfies { readonly [name: string]: Form }
