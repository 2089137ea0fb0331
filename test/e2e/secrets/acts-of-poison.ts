// A host that cannot take what it is told: its device says it again and again, until it is set apart.
import { openStore } from '../../../storage/open.ts'
import { buildPlist } from '../../../src/protocol/plist/build.ts'
import type { Computer } from '../computer.ts'
import { reportType } from '../wire.ts'
import { must } from './acts-of-access.ts'
import { done, type Scene } from './scene.ts'

export const poisoned = 'name in a poisoned report'

/** Gives the id of the conflict that this comes to. */
export async function poison(scene: Scene, mac: Computer): Promise<string> {
  await mac.enrolInMdm()
  const { body: host } = await scene.operator().get(`/hosts/${mac.serial}`)
  const hostId = String(host['id'])
  const wish = { request_type: 'DeviceInformation', payload: {} }
  const sent = await done(scene, `/hosts/${mac.serial}/commands`, wish)
  const CommandUUID = String(sent['command_uuid'])
  await mac.idle()
  await scene.restart((folder) => spoil(folder, hostId))
  const QueryResponses = { DeviceName: scene.plant(poisoned) }
  const report = { UDID: mac.uuid, Status: 'Acknowledged', CommandUUID, QueryResponses }
  const body = buildPlist(report)
  const headers = { 'content-type': reportType, ...mac.headers }
  for (const status of [500, 500, 200])
    must((await scene.ask('/mdm', { method: 'PUT', headers, body })).status, status)
  const { items } = (await scene.operator().get('/conflicts')).body
  const [conflict] = items as readonly { readonly id: string }[]
  if (conflict === undefined) throw new Error('nothing was set apart')
  return conflict.id
}

/** A snapshot that a machine with a bug might have left: it wakes, and throws when facts are told. */
async function spoil(folder: string, hostId: string): Promise<void> {
  const { store } = await openStore({ folder, onFatal: () => {} })
  const row = store.lookups.hostActor(hostId)
  if (row === undefined) throw new Error('the host was born')
  const snapshot = JSON.parse(row.snapshot)
  snapshot.context.facts = null
  const spoiled = { ...row, version: row.version + 1, snapshot: JSON.stringify(snapshot) }
  await store.commit([{ put: 'host_actor', row: spoiled }])
  await store.close()
}
