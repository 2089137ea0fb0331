import fc from 'fast-check'
import { buildBinary } from 'plist'
import { describe, expect, test } from 'vitest'
import {
  buildCommand,
  isRequestType,
  readCommand,
  unsafeToRepeat,
} from '../../src/protocol/mdm/command.ts'
import {
  emptyDeclarationItems,
  emptyTokens,
  splitEndpoint,
} from '../../src/protocol/mdm/declarative.ts'
import { knownRequestTypes } from '../../src/protocol/mdm/request-types.ts'
import { redact, secretMark, secretPaths } from '../../src/protocol/mdm/secrets.ts'
import { dictOf, type PlistValue } from '../../src/protocol/plist/value.ts'

describe('a command', () => {
  test('reads back as it was built', () => {
    const payload = dictOf({
      Queries: ['UDID'],
      Big: 2n ** 63n,
      Blob: Uint8Array.of(0),
      __proto__x: '',
    })
    const command = { commandUUID: 'C-1', requestType: 'DeviceInformation', payload }
    expect(readCommand(buildCommand(command))).toStrictEqual({ ok: true, value: command })
  })

  test('is of the type it was asked for, whatever its payload says', () => {
    const payload = dictOf({ RequestType: 'EraseDevice' })
    const built = buildCommand({ commandUUID: 'C-1', requestType: 'ProfileList', payload })
    expect(readCommand(built)).toMatchObject({ value: { requestType: 'ProfileList' } })
  })

  test('given in binary without a CommandUUID leaves the choice to us', () => {
    const body = Uint8Array.from(buildBinary({ Command: { RequestType: 'DeviceLock', PIN: '1' } }))
    const value = { requestType: 'DeviceLock', payload: dictOf({ PIN: '1' }) }
    expect(readCommand(body)).toStrictEqual({ ok: true, value })
  })

  // prettier-ignore
  const repeats: readonly (readonly [string, Readonly<Record<string, PlistValue>>, boolean])[] = [
    ['EraseDevice',        {},                true],
    ['DeviceLock',         {},                false],
    ['DeviceLock',         { PIN: '123456' }, true],
    ['RotateFileVaultKey', {},                true],
    ['ShutDownDevice',     {},                true],
    ['ProfileList',        {},                false],
    ['InstallProfile',     {},                false],
    ['constructor',        {},                false],
  ]
  for (const [requestType, payload, unsafe] of repeats) {
    const keys = Object.keys(payload).join(', ') || 'nothing'
    test(`${requestType} with ${keys} ${unsafe ? 'is never' : 'may be'} sent again blindly`, () => {
      expect(unsafeToRepeat(requestType, dictOf(payload))).toBe(unsafe)
    })
  }

  test('has a known name for each of Apple’s 68', () => {
    expect(knownRequestTypes.size).toBe(68)
    for (const name of knownRequestTypes.keys()) expect(isRequestType(name), name).toBe(true)
    expect(knownRequestTypes.get('NSExtensionMappings')).toBe('user')
    expect(knownRequestTypes.get('EraseDevice')).toBe('device')
    expect(knownRequestTypes.get('InstallProfile')).toBe('both')
  })
})

describe('declarative management', () => {
  // prettier-ignore
  const endpoints = [
    ['tokens',                            { kind: 'tokens' }],
    ['declaration-items',                 { kind: 'declaration-items' }],
    ['status',                            { kind: 'status' }],
    ['declaration/activation/a.b',        { kind: 'declaration', declarationKind: 'activation', identifier: 'a.b' }],
    ['declaration/configuration/a/b',     { kind: 'declaration', declarationKind: 'configuration', identifier: 'a/b' }],
    ['declaration/__proto__/a',           undefined],
    ['declaration/asset/',                undefined],
    ['declaration/asset',                 undefined],
    [`declaration/asset/${'a'.repeat(257)}`, undefined],
    ['declarations',                      undefined],
    ['Tokens',                            undefined],
    ['',                                  undefined],
  ] as const
  for (const [endpoint, value] of endpoints) {
    test(`asks at "${endpoint.slice(0, 40)}" for ${value?.kind ?? 'nothing we know'}`, () => {
      const split = splitEndpoint(endpoint)
      if (value === undefined)
        expect(split).toMatchObject({ ok: false, error: { kind: 'unknown-endpoint' } })
      else expect(split).toEqual({ ok: true, value })
    })
  }

  test('names one set of declarations in both answers, and the time without a fraction', () => {
    const { SyncTokens } = emptyTokens(Date.UTC(2026, 10, 23, 10) + 999)
    expect(SyncTokens.Timestamp).toBe('2026-11-23T10:00:00Z')
    expect(SyncTokens.DeclarationsToken).toBe(emptyDeclarationItems.DeclarationsToken)
    expect(Object.values(emptyDeclarationItems.Declarations)).toEqual([[], [], [], []])
  })
})

describe('secrets', () => {
  // prettier-ignore
  const cases: readonly (readonly [Readonly<Record<string, PlistValue>>, readonly string[]])[] = [
    [{ PIN: '123456', Message: 'Lost' },                                   ['/PIN']],
    [{ CurrentPassword: 'a', NewPassword: 'b' },                           ['/CurrentPassword', '/NewPassword']],
    [{ FileVaultUnlock: dictOf({ Password: 'a' }), KeyType: 'personal' },  ['/FileVaultUnlock']],
    [{ AutoSetupAdminAccounts: [dictOf({ shortName: 'a', passwordHash: Uint8Array.of(1) })] },
                                                                           ['/AutoSetupAdminAccounts/0/passwordHash']],
    [{ Payload: Uint8Array.of(1) },                                        ['/Payload']],
    [{ Payload: dictOf({ Echo: 'x' }) },                                   []],
    [{ QueryResponses: dictOf({ PushToken: Uint8Array.of(1), UDID: 'D' }) }, ['/QueryResponses/PushToken']],
    [{ Queries: ['PushToken', 'UDID'] },                                   []],
    [{ RequestType: 'ActivationLockBypassCode' },                          []],
    [{ ActivationLockBypassCode: 'AAAAA-BBBBB' },                          ['/ActivationLockBypassCode']],
    [{ SecurityInfo: dictOf({ PasscodePresent: true }), Password: true },  []],
    [{ Token: Uint8Array.of(1), PushMagic: 'm', UnlockToken: Uint8Array.of(1), UDID: 'D' },
                                                                           ['/Token', '/PushMagic', '/UnlockToken']],
    [{ BootstrapToken: Uint8Array.of(1) },                                 ['/BootstrapToken']],
    [{ TokenParameters: dictOf({ SecurityToken: 's', PhoneUDID: 'D' }) },  ['/TokenParameters/SecurityToken']],
    [{ 'a/b': dictOf({ PIN: 4 }) },                                        ['/a~1b/PIN']],
  ]
  for (const [value, paths] of cases) {
    test(`of ${Object.keys(value).join(', ')} are ${paths.join(', ') || 'none'}`, () => {
      expect(secretPaths(dictOf(value))).toEqual(paths)
      expect(redact(dictOf(value)).redacted).toBe(paths.length)
    })
  }

  test('never leave a redacted value, wherever they stand', () => {
    const keys = [
      'PIN',
      'Password',
      'UnlockToken',
      'passwordHash',
      'FileVaultUnlock',
      'AppleCareToken',
    ]
    const canary = 'CANARY-7f3a'
    const open = fc.letrec<{ value: PlistValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('open', 1, true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')).map(dictOf),
        fc.constantFrom(...keys).map((key) => dictOf({ [key]: canary, near: 'open' })),
        fc.constantFrom(...keys).map((key) => dictOf({ [key]: [dictOf({ x: canary })] })),
      ),
    })).value
    fc.assert(
      fc.property(open, (value) => {
        const { value: shown, redacted } = redact(value)
        const text = JSON.stringify(shown)
        expect(text).not.toContain(canary)
        expect(text.split(secretMark).length - 1).toBe(redacted)
        expect(redacted).toBe(JSON.stringify(value).split(canary).length - 1)
      }),
    )
  })
})
