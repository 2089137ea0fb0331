import type { Json } from '../protocol/osquery/json.ts'
import type { ApiAnswer, ApiClient } from './api-client.ts'
import type { Chance } from './chance.ts'
import { drawWish } from './command-catalogue.ts'
import type { Computer } from './computer.ts'
import type { Identity } from './identity.ts'
import type { World } from './world.ts'

/** Somebody at the console: asks enrolled computers for things, and at times thinks better of it. */
export type Operator = { readonly act: () => Promise<void> }

export type OperatorOptions = {
  readonly api: ApiClient
  readonly chance: Chance
  readonly computers: readonly Computer[]
  readonly tell: World['tell']
}

/** Of commands sent: taken back at once. */
const regret = 0.04
/** Of commands sent: urgent. */
const urgency = 0.1
/** Of commands sent: worth nothing after some minutes. */
const haste = 0.15

/** Of commands to Macs whose user has a channel: for the user. */
const intimacy = 0.15
/** What may be asked of a user's channel without changing the Mac. */
const userWish = { request_type: 'ProfileList' }

/** A serial names a computer, except a personal phone, which has only its enrollment. */
const refOf = ({ serial, mdm }: Identity): string => serial ?? mdm?.EnrollmentID ?? ''

export function createOperator({ api, chance, computers, tell }: OperatorOptions): Operator {
  const send = async ({ identity, believes }: Computer): Promise<string | undefined> => {
    const { awaitingConfiguration, userChannel } = believes()
    const toUser = chance.happens(intimacy) && userChannel !== undefined
    const wish = toUser
      ? { ...userWish, channel: userChannel }
      : drawWish(identity.kind, awaitingConfiguration, chance)
    const body: Json = {
      ...wish,
      ...(chance.happens(urgency) && { priority: 10 }),
      ...(chance.happens(haste) && { expires_in_s: chance.integer(30, 600) }),
    }
    const path = `/hosts/${encodeURIComponent(refOf(identity))}/commands`
    const answer = await api.send({ kind: 'api.commands.send', method: 'POST', path, body })
    const queued = answer?.status === 201
    tell(identity.name, `${wish.request_type} ${queued ? 'queued' : 'not queued'}`)
    return queued ? commandUuidIn(answer) : undefined
  }
  return {
    act: async () => {
      const target = drawTarget(computers, chance)
      const commandUUID = target && (await send(target))
      if (commandUUID === undefined || !chance.happens(regret)) return
      const path = `/commands/${encodeURIComponent(commandUUID)}`
      await api.send({ kind: 'api.commands.cancel', method: 'DELETE', path })
    },
  }
}

/** Looks that find nobody enrolled before the operator gives up for now. */
const looksMax = 20

/** An enrolled computer. */
function drawTarget(computers: readonly Computer[], chance: Chance): Computer | undefined {
  for (let looks = 0; looks < looksMax && computers.length > 0; looks += 1) {
    const computer = computers[chance.integer(0, computers.length - 1)]
    if (computer?.believes().mdm === 'enrolled') return computer
  }
  return undefined
}

function commandUuidIn({ body }: ApiAnswer): string | undefined {
  const uuid =
    typeof body === 'object' && body !== null && 'command_uuid' in body
      ? body.command_uuid
      : undefined
  return typeof uuid === 'string' ? uuid : undefined
}
