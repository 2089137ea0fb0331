// Secrets with marks on them go through everything a server does; none may turn up anywhere afterwards.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Computer, createComputer, identity } from '../computer.ts'
import { access, scripts, sessions } from './acts-of-access.ts'
import {
  agents,
  commands,
  enrolment,
  largeCommand,
  renewal,
  slips,
  strangers,
} from './acts-of-devices.ts'
import { byStaticChallenge, pushCertificates, waysIn } from './acts-of-enrolment.ts'
import { deliveries, webhooks } from './acts-of-receivers.ts'
import { openDatabase } from '../database.ts'
import { openScene, type Scene } from './scene.ts'
import { findsNoSecret, leaksOf } from './search.ts'
import { poison, poisoned } from './acts-of-poison.ts'
import { needs } from '../../programs/needs.ts'

const scene: Scene = await openScene()
const { canaries } = scene
let mac: Computer
let conflict: string
afterAll(() => scene.close())

beforeAll(async () => {
  await access(scene)
  const cookie = await sessions(scene)
  await pushCertificates(scene, cookie)
  await webhooks(scene, cookie)
  const { serial } = identity(1)
  await createComputer({ ...identity(1), url: '', enrollSecret: '' }).assign(scene.operator())
  mac = scene.computer(1, await waysIn(scene, serial))
  await enrolment(scene, mac)
  await commands(scene, mac)
  await largeCommand(scene, mac)
  await renewal(scene, mac)
  await agents(scene, mac)
  await strangers(scene, mac)
  await scripts(scene, mac.uuid)
  await slips(scene, mac)
  await deliveries(scene, mac)
  const challenge = canaries.planted('static SCEP challenge')
  conflict = await poison(scene, scene.computer(2, await byStaticChallenge(scene, challenge)))
}, 60_000)

test('enough secrets went through for this to mean something', needs('openssl'), () => {
  expect(canaries.names.length).toBeGreaterThan(100)
  const { token } = scene.muster()
  for (const form of [
    token,
    Buffer.from(token).toString('hex'),
    Buffer.from(`xx${token}`).toString('base64'),
  ])
    expect(canaries.foundIn(Buffer.from(`<${form}>`))).toHaveLength(1)
})

test(
  'an admin who asks for the secrets of a command sees them, and the journal says so',
  needs('openssl'),
  async () => {
    const [uuid] = scene.noted['uuid'] ?? []
    const revealed = await scene.operator().get(`/commands/${uuid}?reveal=true&reason=test`)
    const shown = { place: 'reveal', bytes: Buffer.from(JSON.stringify(revealed.body)) }
    expect(leaksOf(canaries)([shown])).toEqual(['lock PIN (plain) in reveal'])
    const journal = await scene.operator().all(`/hosts/${mac.serial}/journal?event=operator.reveal`)
    expect(journal).toHaveLength(1)
  },
)

test(
  'an event that was set apart is shown to an admin who asks for it',
  needs('openssl'),
  async () => {
    const { status, body } = await scene.operator().get(`/conflicts/${conflict}/event`)
    expect(status).toBe(200)
    expect(JSON.stringify(body)).toContain(canaries.planted(poisoned))
  },
)

test('something of every kind that is sealed was sealed', needs('openssl'), () => {
  const database = openDatabase(scene.muster().folder)
  const kinds = database.one(
    'SELECT group_concat(kind) FROM (SELECT DISTINCT kind FROM sealed ORDER BY kind)',
  )
  database.close()
  // The authority's key is brought here; one that is made is looked for in `known.test.ts`.
  expect(kinds).toBe(
    [
      'bootstrap_token',
      'command.request',
      'command.result',
      'proof',
      'push_address',
      'push_certificate_key',
      'set_apart',
      'stray_report',
      'unlock_token',
      'webhook_delivery',
      'webhook_secret',
    ].join(),
  )
})

findsNoSecret({
  canaries,
  muster: scene.muster,
  said: scene.said,
  async fillings() {
    const hosts = await scene.operator().all('/hosts')
    return {
      ...scene.noted,
      ref: [...hosts.map(({ id }) => String(id)), mac.serial, mac.uuid],
      'machines id': ['host', 'command'],
      // Shown by itself, above: to admins, and the journal says so.
      'conflicts id': [],
    }
  },
  toldOnce: ['first admin token', 'first enroll secret'],
})
