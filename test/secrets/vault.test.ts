import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createVault } from '../../src/secrets/vault.ts'

const key = (fill: number) => new Uint8Array(32).fill(fill)
const vault = createVault(key(1))
const pin = Buffer.from('PIN 4711')

test('what is sealed in pieces opens whole', async () => {
  for (const size of [0, 1, 1_048_576, 2_500_000]) {
    const plain = Buffer.alloc(size, 'piece of ')
    expect(vault.open('ref', await vault.sealLarge('ref', plain))).toEqual({
      ok: true,
      value: plain,
    })
  }
})

test('what was sealed opens again under its ref, also after a restart', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 5_000 }),
      (ref, plain) => {
        const opened = createVault(key(1)).open(ref, vault.seal(ref, plain))
        expect(opened.ok && Buffer.compare(opened.value, plain)).toBe(0)
      },
    ),
  )
})

test('a sealed value swapped to another ref does not open', () => {
  expect(vault.open('host-b/pin', vault.seal('host-a/pin', pin))).toEqual({
    ok: false,
    error: { kind: 'not-authentic' },
  })
})

test('no byte of a sealed value can be changed unseen', () => {
  const sealed = vault.seal('ref', pin)
  for (let at = 0; at < sealed.length; at += 1) {
    for (const bit of [1, 0x80]) {
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ bit
      expect(vault.open('ref', changed).ok, `bit ${bit} of byte ${at}`).toBe(false)
    }
  }
})

test('a shortened or lengthened value does not open', () => {
  const sealed = vault.seal('ref', pin)
  for (let length = 0; length < sealed.length; length += 1) {
    expect(vault.open('ref', sealed.subarray(0, length)).ok).toBe(false)
  }
  expect(vault.open('ref', Buffer.concat([sealed, Buffer.from([0])])).ok).toBe(false)
})

test('another master key is recognised and named, not mistaken for damage', () => {
  const sealed = vault.seal('ref', pin)
  expect(createVault(key(2)).open('ref', sealed)).toEqual({
    ok: false,
    error: { kind: 'other-master-key', keyId: vault.keyId },
  })
})

test('a value of a later version is told apart from a damaged one', () => {
  const sealed = Uint8Array.from(vault.seal('ref', pin))
  sealed[0] = 2
  expect(vault.open('ref', sealed)).toEqual({ ok: false, error: { kind: 'unknown-format' } })
})

test('the same secret sealed twice looks different, and neither shows it', () => {
  const [one, two] = [vault.seal('ref', pin), vault.seal('ref', pin)]
  expect(Buffer.compare(one, two)).not.toBe(0)
  expect(Buffer.from(one).includes('4711')).toBe(false)
})

test('a sealed value inside a larger buffer opens', () => {
  const sealed = vault.seal('ref', pin)
  const page = new Uint8Array(sealed.length + 10)
  page.set(sealed, 5)
  const opened = vault.open('ref', page.subarray(5, 5 + sealed.length))
  expect(opened.ok && Buffer.from(opened.value).toString()).toBe('PIN 4711')
})

test('a master key of another length is a bug', () => {
  expect(() => createVault(new Uint8Array(16))).toThrow('32 bytes')
})
