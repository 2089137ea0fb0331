// A computer as a device: enrols, is told what to do, and now and then begins again or leaves.
import type { Actor } from './actor.ts'
import { createMdmClient, isOver, type Manners } from './mdm-client.ts'

export type Hardware = { readonly name: string; readonly serial: string; readonly uuid: string }

export function startComputer(hardware: Hardware, manners: Manners, actor: Actor): void {
  const { dice } = actor
  const { name, serial, uuid } = hardware
  const client = createMdmClient({ name, key: uuid, identifiers: { UDID: uuid } }, manners, actor)
  const { rest, checkin } = client

  function authenticate(): void {
    const message = {
      MessageType: 'Authenticate',
      SerialNumber: serial,
      DeviceName: `Mac ${name}`,
      OSVersion: `26.${dice.between(0, 3)}`,
    }
    checkin(message, (answer) => (answer?.kind === 'nothing' ? token() : rest(authenticate)))
  }

  function token(): void {
    const secrets = { Token: new Uint8Array([1, 2, 3]), PushMagic: 'magic' }
    checkin({ MessageType: 'TokenUpdate', ...secrets }, (answer) => {
      if (answer?.kind === 'nothing') rest(session)
      else rest(isOver(answer) ? authenticate : token)
    })
  }

  function session(): void {
    if (dice.chance(manners.reenrol)) return authenticate()
    if (dice.chance(manners.checkOut))
      return checkin({ MessageType: 'CheckOut' }, () => rest(authenticate, manners.pauseMs * 3))
    client.session({ over: () => rest(authenticate), done: () => rest(session) })
  }

  rest(authenticate)
}
