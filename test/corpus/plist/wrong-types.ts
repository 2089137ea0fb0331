// Messages whose known keys hold something else: each is refused, but for what says only how a command went.
import { type Body, plist, udid } from './case.ts'

type Fields = Readonly<Record<string, string>>

const text = (value: string): string => `<string>${value}</string>`
const of = (fields: Fields): Uint8Array =>
  Buffer.from(
    plist(
      `<dict>${Object.entries(fields)
        .map(([key, value]) => `<key>${key}</key>${value}`)
        .join('')}</dict>`,
    ),
  )

const idle = { Status: text('Idle'), UDID: text(udid) }
const outcome = { Status: text('Acknowledged'), UDID: text(udid), CommandUUID: text('C-1') }
const checkin = (type: string): Fields => ({
  MessageType: text(type),
  UDID: text(udid),
  Topic: text('com.apple.mgmt.x'),
})
const token = { ...checkin('TokenUpdate'), Token: '<data>AAEC</data>', PushMagic: text('m') }
const bootstrap = checkin('SetBootstrapToken')

const others: Readonly<Record<string, string>> = {
  integer: '<integer>1</integer>',
  real: '<real>1.5</real>',
  true: '<true/>',
  date: '<date>2026-01-01T00:00:00Z</date>',
  array: `<array>${text('x')}</array>`,
  dict: '<dict/>',
  data: '<data>AAEC</data>',
  string: text('x'),
}

/** One key of a sound message after another, with each type it must not have. */
const spoiled =
  (as: Body['as'], sound: Fields, outcome = 'wrong-type') =>
  (key: string, types: readonly string[]): readonly Body[] =>
    types.map((type) => ({
      name: `wrong type: ${key} of ${sound['MessageType'] ?? 'a report'} as ${type}`.replaceAll(
        /<\/?string>/g,
        '',
      ),
      bytes: of({ ...sound, [key]: others[type] ?? '' }),
      as,
      outcome,
    }))

const noText = ['integer', 'real', 'true', 'date', 'array', 'dict', 'data']
const noData = ['integer', 'true', 'date', 'array', 'dict', 'string']

export const wrongTypes: readonly Body[] = [
  ...spoiled('report', idle)('Status', noText),
  ...spoiled('report', idle)('UDID', noText),
  ...spoiled('report', outcome, 'ok')('CommandUUID', noText),
  ...spoiled('report', outcome, 'ok')('RequestType', noText),
  ...spoiled('report', idle)('UserID', noText),
  ...spoiled('checkin', token)('MessageType', noText),
  ...spoiled('checkin', token)('UDID', noText),
  ...spoiled('checkin', token)('Topic', noText),
  ...spoiled('checkin', token)('PushMagic', noText),
  ...spoiled('checkin', token)('Token', noData),
  ...spoiled('checkin', token)('UnlockToken', noData),
  ...spoiled('checkin', token)('AwaitingConfiguration', [
    'integer',
    'string',
    'data',
    'array',
    'dict',
  ]),
  ...spoiled('checkin', bootstrap)('BootstrapToken', noData),
  ...spoiled('checkin', checkin('Authenticate'))('SerialNumber', noText),
  ...spoiled('checkin', checkin('Authenticate'))('Topic', noText),
]
