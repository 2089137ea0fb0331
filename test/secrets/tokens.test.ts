import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashToken, mintToken, sameHash } from '../../src/secrets/tokens.ts'

test('a token is its prefix and 256 random bits', () => {
  const tokens = new Set(Array.from({ length: 1_000 }, () => mintToken('mst_')))
  expect(tokens.size).toBe(1_000)
  for (const token of tokens) expect(token).toMatch(/^mst_[\w-]{43}$/)
})

test('a token is stored as its SHA-256 in hexadecimal', () => {
  expect(hashToken('mst_ä')).toBe(createHash('sha256').update('mst_ä').digest('hex'))
})

test('hashes are equal only when every digit is', () => {
  const one = hashToken('a')
  expect(sameHash(one, hashToken('a'))).toBe(true)
  expect(sameHash(one, hashToken('b'))).toBe(false)
  expect(sameHash(one, one.slice(1))).toBe(false)
  expect(sameHash(one, '')).toBe(false)
})
