import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readCheckin, type MessageType } from '../../src/protocol/mdm/checkin.ts'
import { readCommand } from '../../src/protocol/mdm/command.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { dictOf, type PlistValue } from '../../src/protocol/plist/value.ts'

const vector = (file: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/mdm/${file}`, import.meta.url))

type Vector = {
  readonly file: string
  readonly kind: string
  readonly enrollmentId?: string
  readonly channel?: string
  readonly enrollmentType?: string
}
const index: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../fixtures/mdm/index.json', import.meta.url), 'utf8'),
)

for (const { file, kind, enrollmentId: key, channel, enrollmentType: type } of index.vectors) {
  if (kind === 'checkin' || kind === 'report') {
    test(`${file} ${key === undefined ? 'is refused' : `is spoken by ${type} ${key}`}`, () => {
      const read = (kind === 'checkin' ? readCheckin : readReport)(vector(file))
      if (key === undefined) expect(read.ok).toBe(false)
      else expect(read).toMatchObject({ ok: true, value: { enrollment: { key, channel, type } } })
    })
  } else if (kind === 'command') {
    test(`${file} is a command`, () => expect(readCommand(vector(file)).ok).toBe(true))
  } else if (file.endsWith('.plist')) {
    test(`${file} is a property list`, () => expect(readPlist(vector(file)).ok).toBe(true))
  }
}

const topic = 'com.apple.mgmt.External.1'
const device = { UDID: 'D' }
const token = { Topic: topic, Token: Uint8Array.of(1), PushMagic: 'm' }

describe('a check-in', () => {
  // prettier-ignore
  const least: readonly (readonly [MessageType, Readonly<Record<string, PlistValue>>])[] = [
    ['Authenticate',          { Topic: topic }],
    ['TokenUpdate',           token],
    ['CheckOut',              {}],
    ['UserAuthenticate',      { UserID: 'U' }],
    ['SetBootstrapToken',     {}],
    ['GetBootstrapToken',     {}],
    ['GetToken',              { TokenServiceType: 'com.apple.maid' }],
    ['DeclarativeManagement', { Endpoint: 'tokens' }],
    ['ReturnToService',       {}],
  ]
  for (const [messageType, keys] of least) {
    test(`${messageType} needs ${Object.keys(keys).join(', ') || 'nothing'} beside its identity`, () => {
      const raw = dictOf({ MessageType: messageType, ...device, ...keys })
      const read = readCheckin(raw)
      expect(read).toMatchObject({ ok: true, value: { messageType, raw: keys } })
      expect(read.ok && read.value.raw).toBe(raw)
      for (const key of Object.keys(keys)) {
        const { [key]: _, ...rest } = raw
        expect(readCheckin(dictOf(rest)).ok, `without ${key}`).toBe(false)
      }
    })
  }

  test('tells a TokenUpdate that is silent about AwaitingConfiguration from one that denies it', () => {
    const update = { MessageType: 'TokenUpdate', ...device, ...token }
    const silent = readCheckin(dictOf(update))
    const denying = readCheckin(dictOf({ ...update, AwaitingConfiguration: false }))
    expect(silent.ok && 'AwaitingConfiguration' in silent.value).toBe(false)
    expect(denying).toMatchObject({ value: { AwaitingConfiguration: false } })
  })

  test('shows an absent and an empty bootstrap token as what they are', () => {
    const absent = readCheckin(vector('checkin-setbootstraptoken-clear.plist'))
    const empty = readCheckin(vector('checkin-setbootstraptoken-clear-empty.plist'))
    expect(absent.ok && 'BootstrapToken' in absent.value).toBe(false)
    expect(empty).toMatchObject({ value: { BootstrapToken: new Uint8Array() } })
  })

  test('passes unknown keys through in raw', () => {
    const raw = dictOf({ MessageType: 'CheckOut', ...device, FutureKey: ['x'] })
    expect(readCheckin(raw)).toMatchObject({ value: { raw: { FutureKey: ['x'] } } })
  })
})

describe('a report', () => {
  const outcome = { ...device, Status: 'Error', CommandUUID: 'C-1' }

  test('that is idle has no command, even if it names one', () => {
    expect(readReport(dictOf({ ...device, Status: 'Idle', CommandUUID: '//' }))).toEqual({
      ok: true,
      value: { enrollment: expect.objectContaining({ key: 'D' }), status: 'Idle' },
    })
  })

  test('keeps the error chain in order, with the codes as they came', () => {
    expect(readReport(vector('report-error.plist'))).toMatchObject({
      value: {
        status: 'Error',
        errorChain: [
          {
            ErrorCode: 4001,
            ErrorDomain: 'TestErrorDomain',
            LocalizedDescription: 'Erfundener Fehler',
            USEnglishDescription: 'Invented failure',
          },
          { ErrorCode: -1, ErrorDomain: 'TestUnderlying', LocalizedDescription: 'nested' },
        ],
      },
    })
  })

  // prettier-ignore
  const chains: readonly (readonly [PlistValue | undefined, readonly unknown[]])[] = [
    [undefined,                                        []],
    ['broken',                                         []],
    [dictOf({ ErrorCode: 1 }),                         []],
    [[true, dictOf({})],                               [{}]],
    [[dictOf({ ErrorCode: 'x', ErrorDomain: 'd' })],   [{ ErrorDomain: 'd' }]],
    [Array.from({ length: 40 }, () => dictOf({})),     Array.from({ length: 16 }, () => ({}))],
  ]
  for (const [ErrorChain, errorChain] of chains) {
    test(`with ${JSON.stringify(ErrorChain)?.slice(0, 40)} as error chain has ${errorChain.length} reasons`, () => {
      const report = dictOf({ ...outcome, ErrorChain })
      expect(readReport(report)).toMatchObject({ ok: true, value: { errorChain } })
    })
  }

  test('without a request type names none', () => {
    const read = readReport(dictOf({ ...outcome, RequestType: '' }))
    expect(read.ok && 'requestType' in read.value).toBe(false)
  })
})
