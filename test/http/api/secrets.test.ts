import { beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../../src/http/auth.ts'
import { operationsOf } from './document.ts'
import { canary, type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: '0E111111-2222-3333-4444-555555555501', serial: 'SECR000001' }
const planted = `${canary}-pin`
let id = ''
let uuid = ''

/** Secrets go in wherever the wire has a place for them: tokens, payloads, results, a profile. */
beforeAll(async () => {
  id = await world.enrolled(mac)
  await world.assigned(mac.serial)
  await world.mdm({
    UDID: mac.udid,
    MessageType: 'SetBootstrapToken',
    BootstrapToken: Buffer.from(`${canary}-bootstrap`),
  })
  const says = (CommandUUID: string, more: Json) =>
    world.mdm({
      UDID: mac.udid,
      Status: 'Acknowledged',
      CommandUUID,
      ...(more as Record<string, string>),
    })
  uuid = await world.sent(id, {
    request_type: 'DeviceLock',
    payload: { PIN: planted, Message: 'hello' },
    priority: 9,
  })
  await world.mdm({ UDID: mac.udid, Status: 'Idle' })
  await says(uuid, { PersonalRecoveryKey: planted })
  const profile = Buffer.from(planted).toString('base64')
  await world.sent(id, { request_type: 'InstallProfile', payload: { Payload: { $data: profile } } })
  await world.sent(id, { request_type: 'SetRecoveryLock', payload: { NewPassword: planted } })
  await says('unknown-uuid', { UnlockToken: planted })
})

/** As text, in base64 as XML and JSON carry bytes, and in hexadecimal. */
const shapes = [
  canary,
  Buffer.from(canary).toString('base64').slice(0, -4),
  Buffer.from(canary).toString('hex'),
]
const tellsSecret = (text: string): boolean => shapes.some((shape) => text.includes(shape))

test('the canary is found where it is shown', async () => {
  expect(
    tellsSecret((await world.api(`/commands/${uuid}?format=plist&reveal=true&reason=test`)).text),
  ).toBe(true)
})

describe.each(['viewer', 'admin'] satisfies Role[])(
  'no page of the API tells a secret to a %s',
  (as) => {
    test('whatever is asked', async () => {
      const operations = await operationsOf(world, { ref: id, uuid, id: 'host' })
      const { items } = (await world.api(`/commands?host=${id}`)).json()
      const commands = (items as readonly Json[]).flatMap(({ command_uuid }) =>
        ['', '?format=plist', '?format=plist&part=request'].map(
          (query) => `/commands/${command_uuid as string}${query}`,
        ),
      )
      const reads = operations.filter(({ method, path }) => method === 'GET' && path !== '/events')
      expect(commands.length).toBe(9)
      for (const path of [...reads.map((operation) => operation.path), ...commands]) {
        const answered = await world.api(path, { as })
        expect(tellsSecret(answered.text), path).toBe(false)
        for (const secret of Object.values(world.secrets))
          expect(answered.text.includes(secret), path).toBe(false)
      }
    })

    test('nor do the metrics', async () => {
      expect(tellsSecret((await world.ask('/metrics', { as })).text)).toBe(false)
    })
  },
)

test('what is no secret stays readable beside it', async () => {
  const { request, result } = (await world.api(`/commands/${uuid}`)).json()
  expect(request).toMatchObject({ Command: { PIN: '[secret]', Message: 'hello' } })
  expect(result).toMatchObject({ PersonalRecoveryKey: '[secret]', Status: 'Acknowledged' })
})

test('order does not depend on what is hidden', async () => {
  const orders = await Promise.all(
    ['secret', 'push_magic', 'token', 'snapshot', 'unlockTokenRef'].map(async (column) =>
      world.api(`/hosts?sort=${column}`),
    ),
  )
  for (const { status } of orders) expect(status).toBe(422)
})

describe('revealing', () => {
  const revealed = async (): Promise<readonly Json[]> =>
    (await world.api(`/hosts/${id}/journal?event=operator.reveal`)).json()[
      'items'
    ] as readonly Json[]

  test('is for admins only, and a refused try is no reveal', async () => {
    const before = (await revealed()).length
    for (const query of ['reveal=true', 'format=plist&reveal=true']) {
      const refused = await world.api(`/commands/${uuid}?${query}`, { as: 'viewer' })
      expect(refused.status).toBe(403)
    }
    expect((await revealed()).length).toBe(before)
  })

  test('needs a reason, and without one is no reveal', async () => {
    const before = (await revealed()).length
    for (const query of ['reveal=true', 'reveal=true&reason=', 'reveal=true&reason=%20']) {
      const refused = await world.api(`/commands/${uuid}?${query}`)
      expect(refused.status).toBe(422)
      expect(tellsSecret(refused.text)).toBe(false)
    }
    expect((await revealed()).length).toBe(before)
  })

  test('leaves one row that says who saw which command', async () => {
    const before = (await revealed()).length
    const shown = (await world.api(`/commands/${uuid}?reveal=true&reason=locked%20out`)).json()
    expect(shown).toMatchObject({
      request: { Command: { PIN: planted } },
      result: { PersonalRecoveryKey: planted },
    })
    const rows = await revealed()
    expect(rows.length).toBe(before + 1)
    expect(rows[0]).toMatchObject({
      actor: uuid,
      cause: 'operator',
      cause_id: 'an admin',
      detail: { reason: 'locked out' },
    })
  })

  test('adds no state to the history of the command', async () => {
    const { history } = (await world.api(`/commands/${uuid}`)).json()
    expect((history as readonly Json[]).map(({ state }) => state)).toEqual([
      'queued',
      'sent',
      'acknowledged',
    ])
  })
})
