// Messages of devices and operators, spoiled: each is one of Apple's or refused for a reason that has a name.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { buildCommand, readCommand } from '../../src/protocol/mdm/command.ts'
import { splitEndpoint } from '../../src/protocol/mdm/declarative.ts'
import { outlineOf } from '../../src/protocol/mdm/outline.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { redact } from '../../src/protocol/mdm/secrets.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { isDict } from '../../src/protocol/plist/value.ts'
import { holds, mutated, mutatedText } from './mutation.ts'

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/mdm/${name}.plist`, import.meta.url))

// prettier-ignore
const tokens = [
  '<key>', '</key>', '<string>', '</string>', '<string/>', '<data>AAEC</data>', '<data></data>', '<true/>', '<integer>1</integer>', '<dict/>',
  '<array/>', '<array><dict/></array>', '<key>UDID</key>', '<key>EnrollmentID</key>', '<key>UserID</key>', '<key>Status</key>', 'Idle', 'Error',
  '<key>MessageType</key>', 'Authenticate', 'TokenUpdate', 'CheckOut', '<key>Topic</key>', '<key>CommandUUID</key>', '<key>Token</key>',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'constructor', '__proto__', '../', '\u202e', '&#10;', 'x'.repeat(5_000), '<key>RequestType</key>',
]

/** How often each outcome came, so that a fuzzer that hits nothing shows. */
const seen = new Map<string, number>()
const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)

const checkins = [
  'authenticate-macos',
  'tokenupdate-macos-user',
  'setbootstraptoken',
  'checkout',
  'dm-tokens',
  'userauthenticate-2',
  'tokenupdate-sharedipad-user',
]

holds(
  'a spoiled check-in is understood or refused, and in outline it is the same',
  mutated(
    checkins.map((name) => fixture(`checkin-${name}`)),
    tokens,
  ),
  (bytes) => {
    const read = readCheckin(bytes)
    note(read.ok ? 'checkin' : `checkin ${read.error.kind}`)
    const whole = readPlist(bytes)
    if (!whole.ok || !isDict(whole.value)) return
    const outline = readCheckin(outlineOf(whole.value))
    if (outline.ok !== read.ok) throw new Error('the outline says otherwise')
    if (outline.ok && read.ok) {
      expect(outline.value.messageType).toBe(read.value.messageType)
      if (read.value.enrollment.deviceKey === '') throw new Error('a device without a key')
    }
  },
)

const reports = [
  'idle',
  'idle-macos-user',
  'acknowledged',
  'error',
  'notnow',
  'commandformaterror',
  'acknowledged-settings',
]

holds(
  'a spoiled report is understood or refused, and names no command that could be none of ours',
  mutated(
    reports.map((name) => fixture(`report-${name}`)),
    tokens,
  ),
  (bytes) => {
    const read = readReport(bytes)
    note(read.ok ? 'report' : `report ${read.error.kind}`)
    if (!read.ok || read.value.status === 'Idle') return
    if (read.value.status === 'odd') return
    if (!/^[ -~]{1,128}$/.test(read.value.commandUUID)) throw new Error('not a CommandUUID')
    if (read.value.errorChain.length > 16) throw new Error('a chain without end')
  },
)

const commands = ['deviceinformation', 'settings-devicename', 'installprofile']

holds(
  'a spoiled command is refused, or built again and read the same, and loses its secrets',
  mutated(
    commands.map((name) => fixture(`command-${name}`)),
    tokens,
  ),
  (bytes) => {
    const read = readCommand(bytes)
    note(read.ok ? 'command' : `command ${read.error.kind}`)
    if (!read.ok) return
    const { commandUUID = 'C-1', requestType, payload } = read.value
    const again = readCommand(buildCommand({ commandUUID, requestType, payload }))
    if (!again.ok) throw new Error(again.error.detail)
    expect(again.value.requestType).toBe(requestType)
    redact(payload)
  },
)

holds(
  'a spoiled endpoint of declarative management is known or refused',
  mutatedText(
    ['tokens', 'declaration-items', 'status', 'declaration/configuration/com.example.x'],
    ['/', '//', '..', '%2f', 'declaration/', 'asset', '', '\0'],
  ),
  (text) => {
    const split = splitEndpoint(text)
    if (!split.ok && split.error.detail === '') throw new Error('a fault without a word')
  },
)

test('the fuzzer gets behind the first door: many ways of failing, and many that do not', () => {
  for (const kind of ['checkin', 'report', 'command'])
    expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(500)
  expect(seen.size).toBeGreaterThan(15)
})
