import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../result.ts'
import { fail, ok } from '../result.ts'
import { masterKeyBytes } from './vault.ts'

export type MasterKey = {
  readonly key: Uint8Array
  /** Where it came from; `created` is worth a sentence at start, since losing the file loses every secret. */
  readonly origin: 'given' | 'file' | 'created'
}

/** `detail` is one sentence for the operator and holds no part of the key. */
export type MasterKeyFault = {
  readonly kind: 'malformed' | 'exposed' | 'unreadable' | 'missing'
  readonly detail: string
}

export const masterKeyFile = 'master.key'

/**
 * The master key: the given text if there is one, else the file in the data folder, made when missing.
 *
 * The folder must exist. The file has mode 0600 and is refused when others may read it. None is made
 * where something is sealed already: a new key could open none of it.
 */
export function loadMasterKey(
  given: string | undefined,
  { folder, isSealed = false }: { readonly folder: string; readonly isSealed?: boolean },
): Result<MasterKey, MasterKeyFault> {
  if (given !== undefined) {
    const key = decodeMasterKey(given)
    return key
      ? ok({ key, origin: 'given' })
      : fail({
          kind: 'malformed',
          detail: 'MUSTER_MASTER_KEY must be 32 bytes as base64 or hexadecimal',
        })
  }
  const path = join(folder, masterKeyFile)
  try {
    if (fs.existsSync(path)) return readKeyFile(path)
    return isSealed
      ? fail({
          kind: 'missing',
          detail: `This data folder was sealed with a key that is not here: set MUSTER_MASTER_KEY to it, or restore ${path}.`,
        })
      : ok({ key: createKeyFile(folder, path), origin: 'created' })
  } catch (error) {
    return fail({ kind: 'unreadable', detail: `${path}: ${String(error)}` })
  }
}

/** 32 bytes from base64, base64url (padded or not) or hexadecimal; undefined for anything else. */
export function decodeMasterKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[\w+/-]{43}=?$/.test(trimmed)) return undefined
  const key = Buffer.from(trimmed, 'base64')
  return key.length === masterKeyBytes ? key : undefined
}

function readKeyFile(path: string): Result<MasterKey, MasterKeyFault> {
  if ((fs.statSync(path).mode & 0o077) !== 0) {
    return fail({ kind: 'exposed', detail: `${path} must be readable by its owner only (0600)` })
  }
  const key = decodeMasterKey(fs.readFileSync(path, 'utf8'))
  return key
    ? ok({ key, origin: 'file' })
    : fail({ kind: 'malformed', detail: `${path} does not hold 32 bytes as base64` })
}

/** Appears whole or not at all, and never replaces a key that is already there. */
function createKeyFile(folder: string, path: string): Uint8Array {
  const key = randomBytes(masterKeyBytes)
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = fs.openSync(draft, 'wx', 0o600)
  try {
    fs.writeSync(file, `${key.toString('base64')}\n`)
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
  try {
    fs.linkSync(draft, path)
  } finally {
    fs.unlinkSync(draft)
  }
  // Secrets are sealed under this key from now on, so its name must survive a power cut too.
  const parent = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(parent)
  } finally {
    fs.closeSync(parent)
  }
  return key
}
