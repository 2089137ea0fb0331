// Reports as devices send them, which no strict reader takes: a command must be able to end all the same.
import { expect, test } from 'vitest'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { enrollmentIn } from '../../src/protocol/mdm/report-body.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const wrapped = (inside: string): Uint8Array =>
  bytes(`<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>${inside}</dict></plist>`)
const pair = (key: string, text: string): string => `<key>${key}</key><string>${text}</string>`
const head = pair('CommandUUID', 'C-1') + pair('Status', 'Acknowledged') + pair('UDID', 'D')

const app =
  '<dict><key>A</key><string>x</string><key>B</key><true/><key>C</key><true/><key>D</key><true/><key>E</key><true/></dict>'

// prettier-ignore
const read: readonly (readonly [string, Uint8Array, object])[] = [
  ['12,000 apps of five keys', wrapped(`<key>Apps</key><array>${app.repeat(12_000)}</array>${head}`), {}],
  ['one key twice', wrapped(`<key>X</key><true/><key>X</key><false/>${head}`), { unread: expect.stringContaining('duplicate-key') }],
  ['U+0003 in a name', wrapped(pair('Name', 'a\u0003b') + head), { unread: expect.stringContaining('illegal-character'), raw: { Name: 'a\uFFFDb' } }],
  ['U+0000 in a name', wrapped(pair('Name', 'a\u0000b') + head), { raw: { Name: 'a\uFFFDb' } }],
  ['U+FFFF in a name', wrapped(pair('Name', 'a\uFFFFb') + head), { raw: { Name: 'a\uFFFDb' } }],
  ['&#0; in a name', wrapped(pair('Name', 'a&#0;b') + head), { raw: { Name: 'a\uFFFDb' } }],
  ['&#x3; in a name', wrapped(pair('Name', 'a&#x3;b&amp;') + head), { raw: { Name: 'a\uFFFDb&' } }],
  ['&#xFFFF; in a name', wrapped(pair('Name', 'a&#xFFFF;b') + head), { raw: { Name: 'a\uFFFDb' } }],
  ['&nbsp; in a name', wrapped(pair('Name', 'a&nbsp;b') + head), { raw: { Name: 'a&nbsp;b' } }],
  ['an ampersand in a name', wrapped(pair('Name', 'A & B') + head), { raw: { Name: 'A & B' } }],
  ['a date that is none', wrapped('<key>At</key><date>soon</date>' + head), { raw: { At: 'soon' } }],
  ['a tag that no list has', wrapped(`<key>X</key><null/>${head}`), { unread: expect.stringContaining('unknown-tag') }],
  ['100 levels', wrapped(`<key>X</key>${'<array>'.repeat(100)}${'</array>'.repeat(100)}${head}`), { unread: expect.stringContaining('too-deep') }],
  ['no end', bytes(`<plist><dict>${head}<key>X</key><string>`), { unread: expect.stringContaining('truncated') }],
]

for (const [name, body, more] of read)
  test(`a report with ${name} says how its command went`, () => {
    expect(readReport(body)).toMatchObject({
      ok: true,
      value: { status: 'Acknowledged', commandUUID: 'C-1', enrollment: { key: 'D' }, ...more },
    })
  })

test('a report with the bytes FF FE C3 in a name says how its command went', () => {
  const body = Buffer.from(wrapped(pair('Name', 'abc') + head))
  body.set([0xff, 0xfe, 0xc3], body.indexOf('abc'))
  expect(readReport(body)).toMatchObject({
    ok: true,
    value: { status: 'Acknowledged', raw: { Name: '\uFFFD\uFFFD\uFFFD' } },
  })
})

// prettier-ignore
const odd: readonly (readonly [string, Uint8Array, object])[] = [
  ['a Status that Apple does not have', wrapped(pair('Status', 'Deferred') + pair('CommandUUID', 'C-1') + pair('UDID', 'D')), { said: 'Deferred', commandUUID: 'C-1', reason: 'unknown-status' }],
  ['no CommandUUID', wrapped(pair('Status', 'Error') + pair('UDID', 'D')), { commandUUID: null, reason: 'no-command-uuid' }],
  ['an empty CommandUUID', wrapped(pair('Status', 'Error') + pair('CommandUUID', '') + pair('UDID', 'D')), { commandUUID: null, reason: 'no-command-uuid' }],
  ['a CommandUUID that is none of ours', wrapped(pair('Status', 'Error') + pair('CommandUUID', 'C\u00E4') + pair('UDID', 'D')), { commandUUID: 'C\u00E4', reason: 'bad-command-uuid' }],
  ['a CommandUUID that is no text', wrapped(`${pair('Status', 'Error')}<key>CommandUUID</key><true/>${pair('UDID', 'D')}`), { commandUUID: null, reason: 'bad-command-uuid' }],
]

for (const [name, body, said] of odd)
  test(`a report with ${name} is odd, and not refused`, () => {
    expect(readReport(body)).toMatchObject({ ok: true, value: { status: 'odd', ...said } })
  })

// prettier-ignore
const refused: readonly (readonly [string, string])[] = [
  ['two UDIDs', pair('UDID', 'D') + pair('UDID', 'VICTIM') + pair('CommandUUID', 'C-1') + pair('Status', 'Acknowledged')],
  ['a UDID in a comment and another outside of one', `<!-- ${pair('UDID', 'D')} -->${pair('UDID', 'VICTIM')}${pair('UDID', 'D')}${pair('Status', 'Acknowledged')}`],
  ['two states', pair('Status', 'Acknowledged') + pair('Status', 'Error') + pair('UDID', 'D') + pair('CommandUUID', 'C-1')],
]

test('a report inside of something else is refused', () => {
  const inner = new TextDecoder().decode(wrapped(head))
  expect(readReport(bytes(`PUT /mdm HTTP/1.1\r\n\r\n${inner}`)).ok).toBe(false)
})

for (const [name, inside] of refused)
  test(`a report with ${name} is refused`, () => {
    expect(readReport(wrapped(inside)).ok).toBe(false)
  })

test('of a report without a Status it is known who sent it', () => {
  expect(enrollmentIn(wrapped(`${pair('UDID', 'D')}<key>Status`))).toMatchObject({ key: 'D' })
  expect(enrollmentIn(bytes('noise'))).toBeUndefined()
})

test('an error chain with one odd item keeps the others', () => {
  const item = `<dict>${pair('ErrorDomain', 'X')}<key>ErrorCode</key><integer>7</integer></dict>`
  const chain = `<key>ErrorChain</key><array>${item}<string>odd</string><dict><key>ErrorCode</key><integer>many</integer></dict>${item}</array>`
  expect(readReport(wrapped(chain + head))).toMatchObject({
    ok: true,
    value: {
      errorChain: [{ ErrorDomain: 'X', ErrorCode: 7 }, {}, { ErrorDomain: 'X', ErrorCode: 7 }],
    },
  })
})

test('a check-in with an odd character in a name enrols', () => {
  const inside = pair('MessageType', 'Authenticate') + pair('Topic', 'T') + pair('UDID', 'D')
  expect(readCheckin(wrapped(inside + pair('DeviceName', 'a\u0003b')))).toMatchObject({
    ok: true,
    value: { messageType: 'Authenticate', raw: { DeviceName: 'a\uFFFDb' } },
  })
})
