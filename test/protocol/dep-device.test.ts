import { expect, test } from 'vitest'
import { readDevices } from '../../src/protocol/dep/device.ts'

const read = (...devices: unknown[]) => readDevices({ devices })
const on = (serial_number: string, op_date?: string, more: object = {}) => ({
  serial_number,
  ...(op_date && { op_date }),
  ...more,
})

test("a device keeps Apple's members, and all others in raw", () => {
  const device = {
    serial_number: ' ZZTEST01 ',
    model: 'MacBook Pro',
    asset_tag: '',
    color: null,
    profile_status: 'pushed',
    op_type: 'modified',
    op_date: '2026-11-23T09:00:00Z',
    new_member: { a: 1 },
  }
  expect(read(device)).toEqual({
    ok: true,
    value: [
      {
        serial_number: 'ZZTEST01',
        model: 'MacBook Pro',
        profile_status: 'pushed',
        op_type: 'modified',
        op_date: '2026-11-23T09:00:00Z',
        raw: device,
      },
    ],
  })
})

test('a device without op_type is an added one', () => {
  const devices = read({ serial_number: 'A' })
  expect(devices.ok && devices.value[0]?.op_type).toBe('added')
})

// prettier-ignore
const winners = [
  ['the later date',                    ['2026-11-23T09:00:00Z', '2026-11-23T09:05:00Z'],         1],
  ['the later date, listed first',      ['2026-11-23T09:05:00Z', '2026-11-23T09:00:00Z'],         0],
  ['the later fraction of a second',    ['2026-11-23T09:00:00.5Z', '2026-11-23T09:00:00Z'],       0],
  ['the later entry of equal dates',    ['2026-11-23T09:00:00Z', '2026-11-23T09:00:00.000Z'],     1],
  ['the later entry without dates',     [undefined, undefined],                                   1],
  ['the later entry beside nonsense',   ['2026-11-23T09:00:00Z', 'yesterday'],                    1],
] as const
for (const [name, dates, winner] of winners) {
  test(`of one serial named twice, ${name} wins`, () => {
    const devices = read(
      on('B'),
      ...dates.map((date, index) => on('A', date, { model: String(index) })),
      on('C'),
    )
    expect(devices.ok && devices.value.map((device) => device.serial_number)).toEqual([
      'B',
      'A',
      'C',
    ])
    expect(devices.ok && devices.value[1]?.model).toBe(String(winner))
  })
}

// prettier-ignore
const faults: readonly (readonly [string, unknown, readonly (readonly [string, RegExp])[]])[] = [
  ['null',                    null,                                       [['/devices', /array/]]],
  ['an array',                [],                                         [['/devices', /array/]]],
  ['devices as an object',    { devices: {} },                            [['/devices', /array/]]],
  ['a device of 17 kB',       { devices: [{ serial_number: 'A', x: 'x'.repeat(17_000) }] }, [['/devices/0', /16384 characters/]]],
  ['a device of 101 members', { devices: [Object.fromEntries(Array.from({ length: 101 }, (_, nth) => [`m${nth}`, 1]))] }, [['/devices/0', /100 members/]]],
  ['1,001 devices',           { devices: Array(1_001).fill({}) },         [['/devices', /more than 1000/]]],
  ['a device as text',        { devices: ['A'] },                         [['/devices/0', /object/]]],
  ['a device without serial', { devices: [{ serial_number: 'A' }, {}] },  [['/devices/1/serial_number', /required/]]],
  ['a blank serial',          { devices: [{ serial_number: ' \u0000' }] }, [['/devices/0/serial_number', /required/]]],
  ['a serial as a number',    { devices: [{ serial_number: 5 }] },        [['/devices/0/serial_number', /string/]]],
  ['a serial too long',       { devices: [{ serial_number: 'A'.repeat(65) }] }, [['/devices/0/serial_number', /64/]]],
  ['an inherited serial',     { devices: [JSON.parse('{"__proto__":{"serial_number":"A"}}')] }, [['/devices/0/serial_number', /required/]]],
  ['a profile_status of its own', { devices: [{ serial_number: 'A', profile_status: 'lost' }] }, [['/devices/0/profile_status', /empty, assigned, pushed, removed/]]],
  ['an op_type as a number',  { devices: [{ serial_number: 'A', op_type: 1, model: [] }] }, [['/devices/0/model', /string/], ['/devices/0/op_type', /string/]]],
]
for (const [name, page, expected] of faults) {
  test(`${name} is refused at ${expected.map(([pointer]) => pointer).join(' and ')}`, () => {
    const devices = readDevices(page)
    expect(devices.ok ? [] : devices.error).toEqual(
      expected.map(([pointer, detail]) => ({ pointer, detail: expect.stringMatching(detail) })),
    )
  })
}

test('a page of wrong devices is described by a hundred faults at most', () => {
  const devices = read(...Array<object>(1_000).fill({}))
  expect(devices.ok ? 0 : devices.error.length).toBe(100)
})
