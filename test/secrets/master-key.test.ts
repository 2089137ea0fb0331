import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decodeMasterKey, loadMasterKey, masterKeyFile } from '../../src/secrets/master-key.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'muster-key-'))
const key = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 8))

// prettier-ignore
const spellings = [
  ['hexadecimal',            key.toString('hex'),              true],
  ['upper-case hexadecimal', key.toString('hex').toUpperCase(), true],
  ['base64',                 key.toString('base64'),           true],
  ['base64url',              key.toString('base64url'),        true],
  ['base64 with a newline',  `${key.toString('base64')}\n`,    true],
  ['nothing',                '',                               false],
  ['a password',             'correct horse battery staple',   false],
  ['31 bytes',               key.subarray(1).toString('base64'), false],
  ['33 bytes',               Buffer.concat([key, key.subarray(0, 1)]).toString('base64'), false],
  ['63 hexadecimal digits',  key.toString('hex').slice(1),     false],
] as const
for (const [name, text, accepted] of spellings) {
  test(`${name} is ${accepted ? 'a' : 'no'} master key`, () => {
    const decoded = decodeMasterKey(text)
    expect(decoded && Buffer.from(decoded).equals(key)).toBe(accepted ? true : undefined)
  })
}

test('without a given key one is created for its owner only, and found again', () => {
  const data = folder()
  const created = loadMasterKey(undefined, { folder: data })
  const found = loadMasterKey(undefined, { folder: data })
  expect(created.ok && created.value.origin).toBe('created')
  expect(found.ok && found.value.origin).toBe('file')
  expect(found.ok && created.ok && Buffer.compare(found.value.key, created.value.key)).toBe(0)
  expect(statSync(join(data, masterKeyFile)).mode & 0o777).toBe(0o600)
  expect(readdirSync(data)).toEqual([masterKeyFile])
})

test('a given key wins over the file and leaves it alone', () => {
  const data = folder()
  loadMasterKey(undefined, { folder: data })
  const before = readFileSync(join(data, masterKeyFile), 'utf8')
  const given = loadMasterKey(key.toString('hex'), { folder: data })
  expect(given.ok && given.value.origin).toBe('given')
  expect(readFileSync(join(data, masterKeyFile), 'utf8')).toBe(before)
})

test('a wrong given key is refused by the name of its setting, without being repeated', () => {
  const refused = loadMasterKey('hunter2', { folder: folder() })
  expect(refused.ok).toBe(false)
  expect(JSON.stringify(refused)).toContain('MUSTER_MASTER_KEY')
  expect(JSON.stringify(refused)).not.toContain('hunter2')
})

test('a key file that others may read is refused', () => {
  const data = folder()
  loadMasterKey(undefined, { folder: data })
  chmodSync(join(data, masterKeyFile), 0o640)
  const refused = loadMasterKey(undefined, { folder: data })
  expect(!refused.ok && refused.error.kind).toBe('exposed')
})

test('a damaged key file is refused and never replaced', () => {
  const data = folder()
  writeFileSync(join(data, masterKeyFile), 'oops', { mode: 0o600 })
  const refused = loadMasterKey(undefined, { folder: data })
  expect(!refused.ok && refused.error.kind).toBe('malformed')
  expect(readFileSync(join(data, masterKeyFile), 'utf8')).toBe('oops')
})

test('a folder that does not exist is a fault, not an exception', () => {
  const refused = loadMasterKey(undefined, { folder: join(folder(), 'missing') })
  expect(!refused.ok && refused.error.kind).toBe('unreadable')
})

test('where something is sealed already no new key is made, and the sentence says what is missing', () => {
  const data = folder()
  const refused = loadMasterKey(undefined, { folder: data, isSealed: true })
  expect(refused).toMatchObject({ ok: false, error: { kind: 'missing' } })
  expect(!refused.ok && refused.error.detail).toContain('MUSTER_MASTER_KEY')
  expect(existsSync(join(data, masterKeyFile))).toBe(false)
})
