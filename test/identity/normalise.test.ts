import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalise } from '../../src/identity/normalise.ts'

const uuid = '0D7B2C4A-91E5-4E6B-8F1C-2A9D3E5F7B10'

// prettier-ignore
const accepted = [
  // field              said                                            kind                 value
  ['serial',            ' c02xk0aaphx1\n',                              'serial',            'C02XK0AAPHX1'],
  ['serial',            'VMware-56 4d 1a 2b 3c 4d 5e 6f-70 81 92 a3 b4 c5 d6 e7', 'serial',  'VMWARE-56 4D 1A 2B 3C 4D 5E 6F-70 81 92 A3 B4 C5 D6 E7'],
  ['uuid',              `{${uuid.toLowerCase()}}`,                      'uuid',              uuid],
  ['uuid',              uuid.replaceAll('-', ''),                       'uuid',              uuid],
  ['udid',              uuid.toLowerCase(),                             'uuid',              uuid],
  ['udid',              '00008112-000a5c2e1b46d01e',                    'udid',              '00008112-000A5C2E1B46D01E'],
  ['udid',              'da39a3ee5e6b4b0d3255bfef95601890afd80709',     'udid',              'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709'],
  ['enrollmentId',      ' 8a6e0c1b-User ',                              'enrollment_id',     '8a6e0c1b-User'],
  ['osqueryInstance',   'b3c5d1f0-1111-4222-8333-944455556666',         'osquery_instance',  'b3c5d1f0-1111-4222-8333-944455556666'],
] as const
for (const [field, said, kind, value] of accepted)
  test(`${field} ${JSON.stringify(said)} is the ${kind} ${value}`, () => {
    expect(normalise({ [field]: said })).toEqual({ claims: [{ kind, value }], refused: [] })
  })

// prettier-ignore
const refused = [
  // field            said                                        because
  ['serial',          '',                                         'placeholder'],
  ['serial',          '   ',                                      'placeholder'],
  ['serial',          '0',                                        'placeholder'],
  ['serial',          '0000000000',                               'placeholder'],
  ['serial',          '-1',                                       'placeholder'],
  ['serial',          'None',                                     'placeholder'],
  ['serial',          'N/A',                                      'placeholder'],
  ['serial',          'Default string',                           'placeholder'],
  ['serial',          'To Be Filled By O.E.M.',                   'placeholder'],
  ['serial',          'System Serial Number',                     'placeholder'],
  ['serial',          'Not Specified',                            'placeholder'],
  ['serial',          'XXXXXXXX',                                 'placeholder'],
  ['uuid',            '',                                         'placeholder'],
  ['uuid',            'Not Specified',                            'placeholder'],
  ['uuid',            '00000000-0000-0000-0000-000000000000',     'placeholder'],
  ['uuid',            '{ffffffff-ffff-ffff-ffff-ffffffffffff}',   'placeholder'],
  ['uuid',            '03000200-0400-0500-0006-000700080009',     'placeholder'],
  ['uuid',            '03020100-0504-0706-0809-0A0B0C0D0E0F',     'placeholder'],
  ['uuid',            '10000000-0000-8000-0040-000000000000',     'placeholder'],
  ['uuid',            'FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE',     'placeholder'],
  ['uuid',            '03000200040005000006000700080009',         'placeholder'],
  ['udid',            '0000000000000000000000000000000000000000', 'placeholder'],
  ['uuid',            'my-laptop',                                'not-a-uuid'],
  ['uuid',            `${uuid}0`,                                 'not-a-uuid'],
  ['serial',          'C02\u0000XK0',                             'not-printable-ascii'],
  ['serial',          'C02\nXK0',                                 'not-printable-ascii'],
  ['udid',            '０0008112-000A5C2E1B46D01E',                'not-printable-ascii'],
  ['enrollmentId',    'Ѕerial',                                   'not-printable-ascii'],
  ['serial',          'AB'.repeat(65),                            'too-long'],
  ['osqueryInstance', 'ab'.repeat(5_000),                         'too-long'],
] as const
for (const [field, said, kind] of refused)
  test(`${field} ${JSON.stringify(said.slice(0, 44))} names no computer: ${kind}`, () => {
    expect(normalise({ [field]: said })).toEqual({ claims: [], refused: [{ field, kind }] })
  })

test('a UUID said twice is one claim, and two different ones are a contradiction within itself', () => {
  expect(normalise({ uuid, udid: uuid.toLowerCase() }).claims).toHaveLength(1)
  expect(normalise({ uuid, udid: uuid.replace('0D', '1D') }).refused).toEqual([
    { field: 'udid', kind: 'two-uuids' },
  ])
})

test('normalising what was normalised changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 140 }), fc.uuid(), (text, random) => {
      for (const raw of [{ serial: text }, { udid: text }, { uuid: random }, { udid: random }]) {
        const [claim] = normalise(raw).claims
        if (claim === undefined) continue
        const again = claim.kind === 'serial' ? { serial: claim.value } : { udid: claim.value }
        expect(normalise(again).claims).toEqual([claim])
      }
    }),
    { numRuns: 2_000 },
  )
})
