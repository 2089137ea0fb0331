import { expect, test } from 'vitest'
import { readEnrollment } from '../../src/protocol/mdm/enrollment.ts'
import { dictOf, type PlistValue } from '../../src/protocol/plist/value.ts'

const ghost = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'

// prettier-ignore
const speakers = [
  // identifiers                                                     type                    channel   key
  [{ UDID: 'D' },                                                    'Device',               'device', 'D'],
  [{ UDID: 'D', UserShortName: 'kim' },                              'Device',               'device', 'D'],
  [{ UDID: 'D', UserID: 'U', UserShortName: 'kim' },                 'User',                 'user',   'D:U'],
  [{ UDID: 'D', UserID: 'a:b' },                                     'User',                 'user',   'D:a:b'],
  [{ UDID: 'D', UserID: ghost, UserShortName: 'kim@x' },             'SharedIPad',           'user',   'D:kim@x'],
  [{ UDID: 'D', UserID: ghost.toLowerCase(), UserShortName: 'kim' }, 'SharedIPad',           'user',   'D:kim'],
  [{ EnrollmentID: 'E' },                                            'UserEnrollmentDevice', 'device', 'E'],
  [{ UDID: '', EnrollmentID: 'E' },                                  'UserEnrollmentDevice', 'device', 'E'],
  [{ EnrollmentID: 'E', EnrollmentUserID: 'V' },                     'UserEnrollment',       'user',   'E:V'],
  [{ EnrollmentID: 'E', EnrollmentUserID: 'V', UserID: 'U' },        'UserEnrollment',       'user',   'E:V'],
  [{ UDID: 'D', EnrollmentID: 'E' },                                 'Device',               'device', 'D'],
  [{ UDID: 'D', EnrollmentID: 'E', UserID: 'U', EnrollmentUserID: 'V' }, 'User',             'user',   'D:U'],
] as const
for (const [identifiers, type, channel, key] of speakers) {
  test(`${JSON.stringify(identifiers)} is ${type} ${key}`, () => {
    const read = readEnrollment(dictOf(identifiers))
    expect(read).toMatchObject({ ok: true, value: { type, channel, key } })
    if (!read.ok) return
    expect(key.startsWith(read.value.deviceKey)).toBe(true)
    expect(read.value.user?.id).toBe(
      channel === 'user' ? key.slice(read.value.deviceKey.length + 1) : undefined,
    )
  })
}

test('both identifiers are noted, whichever speaks', () => {
  expect(readEnrollment(dictOf({ UDID: 'D', EnrollmentID: 'E' }))).toEqual({
    ok: true,
    value: {
      type: 'Device',
      channel: 'device',
      key: 'D',
      deviceKey: 'D',
      udid: 'D',
      enrollmentId: 'E',
    },
  })
})

test('a user keeps the names it came with', () => {
  const dict = dictOf({ UDID: 'D', UserID: 'U', UserShortName: 'kim', UserLongName: 'Kim Doe' })
  const user = { id: 'U', shortName: 'kim', longName: 'Kim Doe' }
  expect(readEnrollment(dict)).toMatchObject({ ok: true, value: { user } })
})

// prettier-ignore
const refused: readonly (readonly [Readonly<Record<string, PlistValue>>, string])[] = [
  [{},                                           'no-identity'],
  [{ UDID: '', EnrollmentID: '' },               'no-identity'],
  [{ UserID: 'U' },                              'no-identity'],
  [{ UDID: 5 },                                  'wrong-type'],
  [{ UDID: ['D'] },                              'wrong-type'],
  [{ UDID: 'D', UserID: true },                  'wrong-type'],
  [{ UDID: 'D', UserLongName: new Uint8Array() }, 'wrong-type'],
  [{ UDID: 'D\u007f' },                          'bad-identity'],
  [{ UDID: 'D'.repeat(257) },                    'bad-identity'],
  [{ UDID: 'D:U' },                              'bad-identity'],
  [{ EnrollmentID: 'E:V' },                      'bad-identity'],
  [{ UDID: 'D', UserID: '' },                    'bad-identity'],
  [{ UDID: 'D', UserID: ghost },                 'bad-identity'],
  [{ UDID: 'D', UserID: ghost, UserShortName: '' }, 'bad-identity'],
  [{ UDID: 'D', EnrollmentUserID: 'V' },         'two-identities'],
  [{ UDID: 'D', EnrollmentID: 'E', EnrollmentUserID: 'V' }, 'two-identities'],
  [{ EnrollmentID: 'E', UserID: 'U' },           'two-identities'],
]
for (const [identifiers, kind] of refused) {
  test(`${JSON.stringify(identifiers).slice(0, 60)} fails as ${kind}`, () => {
    expect(readEnrollment(dictOf(identifiers))).toMatchObject({ ok: false, error: { kind } })
  })
}
