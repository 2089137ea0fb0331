// Somebody who logs in on a computer: a channel of its own, for as long as the device is enrolled.
import type { Actor } from './actor.ts'
import type { Hardware } from './computer.ts'
import { createMdmClient, type Manners } from './mdm-client.ts'

export function startUser(hardware: Hardware, manners: Manners, actor: Actor): void {
  const { dice } = actor
  const userId = `0000${dice.hex(4)}-0000-4000-8000-${dice.hex(12)}`.toUpperCase()
  const speaker = {
    name: `user of ${hardware.name}`,
    key: `${hardware.uuid}:${userId}`,
    identifiers: { UDID: hardware.uuid, UserID: userId, UserShortName: 'someone' },
  }
  const client = createMdmClient(speaker, manners, actor)
  const { rest, checkin } = client

  function logIn(): void {
    const secrets = { Token: new Uint8Array([4, 5, 6]), PushMagic: 'magic of a user' }
    checkin({ MessageType: 'TokenUpdate', ...secrets }, (answer) => {
      rest(answer?.kind === 'nothing' ? session : logIn)
    })
  }

  function session(): void {
    if (dice.chance(manners.reenrol)) return logIn()
    client.session({ over: () => rest(logIn), done: () => rest(session) })
  }

  rest(logIn)
}
