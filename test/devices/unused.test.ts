// A certificate that somebody got and nobody enrolled with.
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMdmRoutes, type MdmRoutesOptions } from '../../src/http/mdm/routes.ts'
import { fail } from '../../src/result.ts'
import { authenticate, authority, enrolled, idle, openRig, type Rig, tokenUpdate } from './rig.ts'

const ca = authority('Muster device CA of certificates nobody used')
let rig: Rig
beforeAll(async () => (rig = await openRig(ca)))
afterAll(() => rig.close())

test('it takes no host over once its hour is gone, though it was issued for that very host', async () => {
  const { who, badge, host } = await enrolled(rig)
  const late = await rig.badge({ mintedFor: host, first_use_by: Date.now() - 1 })
  for (const message of [authenticate(who), tokenUpdate(who), idle(who)])
    expect((await rig.say(late, message)).status).toBe(400)
  expect(rig.hostOf(late)).toBeNull()
  expect(rig.hostOf(badge)).toBe(host)
  expect((await rig.say(badge, idle(who))).status).toBe(200)
  const { fingerprint } = late.certificate
  // Nobody waits for it to be written.
  await expect
    .poll(() => rig.operator.all(`/hosts/${host}/journal?event=device.refused`))
    .toMatchObject([{ detail: { reason: 'expired-unused', fingerprint } }])
})

test('within its hour it does, and goes on after it', async () => {
  const { who, host } = await enrolled(rig)
  const soon = Date.now() + 1_500
  const badge = await rig.badge({ mintedFor: host, first_use_by: soon })
  for (const message of [authenticate(who), tokenUpdate(who)])
    expect((await rig.say(badge, message)).status).toBe(200)
  expect(rig.hostOf(badge)).toBe(host)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, soon + 20 - Date.now())))
  expect((await rig.say(badge, idle(who))).status).toBe(200)
})

test('the log says what to do about it, in one line', async () => {
  const lines: string[] = []
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  const fault = { kind: 'expired-unused', fingerprint: 'ab'.repeat(32), hostId: null } as const
  const options: Partial<MdmRoutesOptions> = {
    log: pino(out),
    sender: () => fail(fault),
    noteRefusal: () => {},
  }
  // Nothing else of them is reached: a device is refused before a word of it is read.
  const app = createMdmRoutes(options as MdmRoutesOptions)
  const answer = await app.request('/mdm', { method: 'PUT', body: '<plist/>' })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-length')).toBe('0')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    kind: 'expired-unused',
    detail: fault.fingerprint,
    advice: expect.stringContaining('install a new one'),
  })
})
