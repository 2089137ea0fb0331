// What computers and those who manage them tell each other: enrolment, commands, reports, agents.
import { buildPlist } from '../../../src/protocol/plist/build.ts'
import type { Computer } from '../computer.ts'
import type { Json } from '../operator.ts'
import { checkinType, plistOf, reportType } from '../wire.ts'
import { must } from './acts-of-access.ts'
import { done, type Scene } from './scene.ts'

export async function enrolment(scene: Scene, mac: Computer): Promise<void> {
  const { plant, data } = scene
  await mac.enrolInMdm()
  await mac.enrolUser('B7A4D2E3-1C6F-4D88-9F2A-3E5C7B9D1F23')
  const BootstrapToken = data('BootstrapToken')
  await mac.checkin('SetBootstrapToken', { BootstrapToken })
  const { BootstrapToken: kept } = plistOf(await mac.checkin('GetBootstrapToken'))
  if (Buffer.compare(Buffer.from(kept as Uint8Array), BootstrapToken) !== 0)
    throw new Error('another bootstrap token came back')
  await mac.checkin('UserAuthenticate', {
    UserID: 'B7A4D2E3-1C6F-4D88-9F2A-3E5C7B9D1F23',
    DigestResponse: plant('DigestResponse'),
  })
}

/** The device gets what nobody else sees. */
export async function commands(scene: Scene, mac: Computer): Promise<void> {
  const { plant } = scene
  const path = `/hosts/${mac.serial}/commands`
  for (const [wish, result] of wishesOf(scene)) {
    const uuid = String((await done(scene, path, wish))['command_uuid'])
    scene.note('uuid', uuid)
    const offered = await mac.idle()
    if (offered?.uuid !== uuid || offered.command['RequestType'] !== wish['request_type'])
      throw new Error(`not offered: ${JSON.stringify(wish)}`)
    await mac.report('Acknowledged', uuid, result as never)
    // A host that acknowledged EraseDevice takes commands again once it speaks.
    if (wish['request_type'] === 'EraseDevice') await mac.idle()
  }
  const raw = buildPlist({
    Command: { RequestType: 'DeviceLock', PIN: plant('PIN in a raw command') },
    CommandUUID: 'canary-raw',
  })
  const { token } = scene.muster()
  const sent = await scene.ask(`/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/xml' },
    body: raw,
  })
  must(sent.status, 201)
  scene.note('uuid', 'canary-raw')
  await mac.idle()
  await mac.report('Error', 'canary-raw', {
    ErrorChain: [{ ErrorCode: 1, ErrorDomain: 'x', LocalizedDescription: 'Nein' }],
    Password: plant('password in an error report'),
  })
  // Late, doubled, and about a command that nobody sent.
  await mac.report('Acknowledged', 'canary-raw', { PIN: plant('PIN in a late report') })
  await mac.report('Acknowledged', 'nobody-sent-this', {
    RecoveryKey: plant('key in a stray report'),
  })
}

/** Above 64 kB it is read in another thread and kept in a blob. */
export async function largeCommand(scene: Scene, mac: Computer): Promise<void> {
  const secret = scene.data('password in a large profile')
  const Payload = Buffer.concat([Buffer.alloc(90_000, 'x'), secret])
  const path = `/hosts/${mac.serial}/commands`
  const payload = { Payload: { $data: Payload.toString('base64') } }
  const wish = { request_type: 'InstallProfile', payload }
  const uuid = String((await done(scene, path, wish))['command_uuid'])
  await mac.idle()
  scene.note('uuid', uuid)
  const RecoveryKey = Buffer.concat([
    Buffer.alloc(90_000, 'y'),
    scene.data('key in a large report'),
  ])
  await mac.report('Acknowledged', uuid, { RecoveryKey })
}

/** The profile that a renewal installs has a challenge in it. */
export async function renewal(scene: Scene, mac: Computer): Promise<void> {
  const { items } = (await scene.operator().get(`/certificates?host=${mac.serial}`)).body
  const [{ fingerprint } = {}] = items as readonly Json[]
  await done(scene, `/certificates/${String(fingerprint)}/renew`)
  const { uuid = '', command } = (await mac.idle()) ?? {}
  const profile = Buffer.from(command?.['Payload'] as Uint8Array).toString('latin1')
  const challenge = /<key>Challenge<\/key>\s*<string>([^<]+)</.exec(profile)?.[1] ?? ''
  scene.canaries.watch('challenge of a renewal', challenge)
  await mac.report('Acknowledged', uuid)
}

export async function agents(scene: Scene, mac: Computer): Promise<void> {
  const { plant } = scene
  const node_key = scene.canaries.watch('node key', await mac.enrolInOsquery())
  await mac.agent('config', { node_key })
  await mac.agent('distributed/read', { node_key })
  await mac.agent('log', {
    node_key,
    log_type: 'status',
    data: [{ message: 'fine', severity: '0' }],
  })
  await mac.agent('log', { node_key, log_type: 'status', data: 7 })
  const unknown = await mac.agent('config', { node_key: plant('unknown node key') })
  if (unknown['node_invalid'] !== true) throw new Error('an unknown key was taken')
  const wrong = { enroll_secret: plant('wrong enroll secret'), host_identifier: 'x' }
  if (!('error' in (await mac.agent('enroll', wrong)))) throw new Error('a wrong secret was taken')
  await mac.agent('enroll', { enroll_secret: [plant('enroll secret of a wrong type')] })
}

/** Secrets in what is refused: log lines about it must not repeat them. */
export async function strangers(scene: Scene, mac: Computer): Promise<void> {
  const { plant, data } = scene
  const put = (type: string, body: string, headers = {}) =>
    scene.ask('/mdm', { method: 'PUT', headers: { 'content-type': type, ...headers }, body })
  const own = mac.headers
  const cut = `<plist version="1.0"><dict><key>Token</key><data>${plant('token in a body cut short')}`
  await put(checkinType, cut, own)
  const UDID = mac.uuid
  const type = plant('secret as a message type')
  await put(checkinType, buildPlist({ MessageType: type, UDID }), own)
  await put(reportType, buildPlist({ Status: plant('secret as a status'), UDID }), own)
  const half = { MessageType: 'TokenUpdate', UDID, PushMagic: plant('magic without a token') }
  await put(checkinType, buildPlist({ ...half, Topic: 'x' }), own)
  const wrong = { ...own, 'x-muster-proxy-secret': plant('wrong proxy secret') }
  must((await put(reportType, buildPlist({ Status: 'Idle', UDID }), wrong)).status, 400)
  const torn = { ...own, 'client-cert': plant('certificate that is none') }
  must((await put(reportType, buildPlist({ Status: 'Idle', UDID }), torn)).status, 400)
  const signed = { 'mdm-signature': plant('signature that is none') }
  must((await put(reportType, buildPlist({ Status: 'Idle', UDID }), signed)).status, 400)
  const stranger = scene.computer(7)
  const keys = { Token: data('another token'), PushMagic: plant('another magic') }
  must((await stranger.checkin('TokenUpdate', keys)).status, 400)
}

/** The same of operators, and a command that is still on its way. */
export async function slips(scene: Scene, mac: Computer): Promise<void> {
  const { plant } = scene
  const path = `/hosts/${mac.serial}/commands`
  const lock = (payload: Json, more: Json = {}) =>
    scene.operator().post(path, { request_type: 'DeviceLock', payload, ...more })
  must((await lock({ PIN: plant('PIN in a bad wish'), Bad: null })).status, 422)
  const [used] = scene.noted['uuid'] ?? []
  must((await lock({ PIN: plant('PIN of another body') }, { command_uuid: used })).status, 409)
  const { token } = scene.muster()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const torn = `{"payload": {"PIN": "${plant('PIN in bad JSON')}`
  must((await scene.ask(`/api/v1${path}`, { method: 'POST', headers, body: torn })).status, 400)
  const xml = { ...headers, 'content-type': 'application/xml' }
  const cut = `<plist><dict><key>PIN</key><string>${plant('PIN in XML cut short')}`
  must((await scene.ask(`/api/v1${path}`, { method: 'POST', headers: xml, body: cut })).status, 400)
  scene.note('uuid', String((await lock({ PIN: plant('PIN on its way') })).body['command_uuid']))
}

/** Each with a secret of its payload, and the secret that its result brings. */
const wishesOf = ({ plant, data }: Scene): readonly (readonly [Json, Json])[] => [
  [{ request_type: 'DeviceLock', payload: { PIN: plant('lock PIN'), Message: 'Hallo' } }, {}],
  [{ request_type: 'EraseDevice', payload: { PIN: plant('erase PIN') } }, {}],
  [
    {
      request_type: 'SetRecoveryLock',
      payload: { NewPassword: plant('NewPassword'), CurrentPassword: plant('CurrentPassword') },
    },
    {},
  ],
  [
    { request_type: 'SetFirmwarePassword', payload: { NewPassword: plant('firmware password') } },
    {},
  ],
  [{ request_type: 'VerifyRecoveryLock', payload: { Password: plant('verified password') } }, {}],
  [
    {
      request_type: 'RotateFileVaultKey',
      payload: { KeyType: 'personal', FileVaultUnlock: { Password: plant('FileVault password') } },
    },
    { RotateResult: { EncryptedNewRecoveryKey: data('EncryptedNewRecoveryKey') } },
  ],
  [
    {
      request_type: 'InstallProfile',
      payload: { Payload: { $data: data('Wi-Fi password in a profile').toString('base64') } },
    },
    {},
  ],
  [
    {
      request_type: 'AccountConfiguration',
      payload: {
        AutoSetupAdminAccounts: [
          { shortName: 'admin', passwordHash: { $data: data('passwordHash').toString('base64') } },
        ],
      },
    },
    {},
  ],
  [
    { request_type: 'SecurityInfo' },
    {
      SecurityInfo: {
        FDE_PersonalRecoveryKeyCMS: data('recovery key CMS'),
        PersonalRecoveryKey: plant('recovery key'),
      },
    },
  ],
  [
    { request_type: 'ActivationLockBypassCode' },
    { ActivationLockBypassCode: plant('ActivationLockBypassCode') },
  ],
]
