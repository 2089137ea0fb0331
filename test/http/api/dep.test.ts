import { expect, test } from 'vitest'
import { type Answered, type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const see = (...devices: readonly Json[]): Promise<Answered> =>
  world.api('/dep/devices', { method: 'POST', body: { devices } })
const outcomes = async (...devices: readonly Json[]): Promise<readonly unknown[]> =>
  ((await see(...devices)).json()['items'] as readonly Json[]).map(({ serial, outcome }) => [
    serial,
    outcome,
  ])

test('each serial gets its outcome: created, unchanged, changed, removed, unknown', async () => {
  const device = {
    serial_number: 'DEPS000001',
    model: 'MacBook Air',
    op_date: '2026-01-01T00:00:00Z',
  }
  expect(await outcomes(device)).toEqual([['DEPS000001', 'created']])
  expect(await outcomes(device)).toEqual([['DEPS000001', 'unchanged']])
  const later = { ...device, profile_status: 'assigned', op_date: '2026-01-02T00:00:00Z' }
  expect(await outcomes(later)).toEqual([['DEPS000001', 'changed']])
  expect(await outcomes({ ...later, op_type: 'deleted', op_date: '2026-01-03T00:00:00Z' })).toEqual(
    [['DEPS000001', 'removed']],
  )
  expect(await outcomes({ serial_number: 'DEPS000002', op_type: 'deleted' })).toEqual([
    ['DEPS000002', 'unknown'],
  ])
  expect((await world.api('/hosts/DEPS000001')).json()).toMatchObject({
    dep: { state: 'unassigned' },
  })
})

test('a placeholder for a serial is no computer', async () => {
  const seen = (await see({ serial_number: '0' }, { serial_number: 'DEPS000003' })).json()
  expect(seen['items']).toMatchObject([
    { serial: '0', outcome: 'failed', host_id: null, detail: expect.stringContaining('serial') },
    { serial: 'DEPS000003', outcome: 'created', detail: null },
  ])
})

test('a thousand devices are taken at once, and each is a pending host', async () => {
  const before = Number((await world.api('/hosts?status=pending')).json()['total'])
  const devices = Array.from({ length: 1_000 }, (_, index) => ({
    serial_number: `DEPK${String(index).padStart(6, '0')}`,
  }))
  const seen = await see(...devices)
  expect(seen.status).toBe(200)
  expect(
    new Set((seen.json()['items'] as readonly Json[]).map(({ host_id }) => host_id)).size,
  ).toBe(1_000)
  expect((await world.api('/hosts?status=pending&limit=1')).json()['total']).toBe(before + 1_000)
})

test('one wrong device and none counts', async () => {
  const wrong = await see(
    { serial_number: 'DEPS000010' },
    { serial_number: 'DEPS000011', profile_status: 'lost' },
  )
  expect(wrong.status).toBe(422)
  expect(wrong.json()['errors']).toMatchObject([{ pointer: '/devices/1/profile_status' }])
  expect((await world.api('/hosts/DEPS000010')).status).toBe(404)
})
