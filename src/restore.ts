// `muster restore`: makes a data folder of a backup, and settles what nobody knows since it was made.
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { takeLock } from '../storage/lock.ts'
import { migrations } from '../storage/migrations.ts'
import { syncPath } from '../storage/sync.ts'
import { versions } from './backups.ts'
import { diskSentence } from './backup/file.ts'
import type { BackupFacts, Manifest } from './backup/manifest.ts'
import { type Sink, type SinkFor, unpackBackup } from './backup/unpack.ts'
import { fail, ok, type Result } from './result.ts'
import { type Settled, settleRestored } from './restore-settling.ts'
import { decodeMasterKey, masterKeyFile } from './secrets/master-key.ts'
import { createVault } from './secrets/vault.ts'

export type RestoreOptions = {
  readonly file: string
  readonly folder: string
  /** The master key as text; else `master.key` in the folder, which may be there already. */
  readonly masterKey: string | undefined
}

export type Restored = BackupFacts & Settled & { readonly folder: string }

/** Unfinished until everything in it is on the disk: a start never finds half a backup. */
const unfinished = 'restore.part'

/** Fails with one sentence. The folder is then as it was. */
export async function restoreBackup(options: RestoreOptions): Promise<Result<Restored, string>> {
  const [file, folder] = [resolve(options.file), resolve(options.folder)]
  const part = join(folder, unfinished)
  const refused = (await fileFault(file)) ?? (await folderFault(folder))
  if (refused !== undefined) return fail(refused)
  const key = await keyId(options.masterKey, folder)
  if (!key.ok) return key
  const isNew = !existsSync(folder)
  try {
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { recursive: true, mode: 0o700 })
    const size = (await stat(file)).size
    const free = await statfs(folder)
    if (free.bavail * free.bsize < size)
      return fail(`There is no room in ${folder}: the backup needs ${megabytes(size)}.`)
    const unpacked = await unpackBackup({
      archive: createReadStream(file, { highWaterMark: 256 * 1_024 }),
      allows: (manifest) => manifestFault(manifest, key.value),
      sinkFor: sinksIn(part),
    })
    if (!unpacked.ok) return unpacked
    const settled = await settleRestored(part, unpacked.value.manifest)
    if (!settled.ok) return settled
    await moveAll(part, folder)
    return ok({ ...unpacked.value, ...settled.value, folder })
  } catch (error) {
    return fail(diskSentence(error, part))
  } finally {
    await rm(part, { recursive: true, force: true }).catch(() => undefined)
    if (isNew) await removeEmpty(folder)
  }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1_000_000)} MB`

async function fileFault(file: string): Promise<string | undefined> {
  try {
    return (await stat(file)).isFile() ? undefined : `${file} is a folder: give the name of a file.`
  } catch (error) {
    return diskSentence(error, file)
  }
}

async function folderFault(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : error,
  )
  if (names instanceof Error) return diskSentence(names, folder)
  // The operator may have put the master key there, and a former restore may have been interrupted.
  const others = names.filter((name) => name !== masterKeyFile && name !== unfinished)
  if (others.length === 0) return undefined
  if (others.includes('muster.lock') && (await isLocked(folder)))
    return `A Muster is running on the data folder ${folder}: stop it, and restore into an empty folder.`
  return `${folder} is not empty: restore into a new folder, or move away what is there.`
}

async function isLocked(folder: string): Promise<boolean> {
  const lock = await takeLock(join(folder, 'muster.lock'), 0)
  lock?.release()
  return lock === undefined
}

type Key = { readonly id: string } | undefined

async function keyId(given: string | undefined, folder: string): Promise<Result<Key, string>> {
  const path = join(folder, masterKeyFile)
  const text = given ?? (existsSync(path) ? await readFile(path, 'utf8') : undefined)
  if (text === undefined) return ok(undefined)
  const key = decodeMasterKey(text)
  return key === undefined
    ? fail('MUSTER_MASTER_KEY must be 32 bytes as base64 or hexadecimal.')
    : ok({ id: createVault(key).keyId })
}

function manifestFault(manifest: Manifest, key: Key): string | undefined {
  const { master_key_id: needed } = manifest
  if (key === undefined)
    return `The backup needs the master key ${needed} of its server: give it with --master-key-file or MUSTER_MASTER_KEY.`
  if (key.id !== needed)
    return `This is the master key ${key.id}, and the backup was sealed with ${needed}: give that one.`
  const schema = migrations.at(-1)?.version ?? 0
  const isNewer =
    manifest.schema > schema ||
    Object.entries(manifest.machines).some(([name, version]) => version > (versions[name] ?? 0))
  return isNewer
    ? `The backup was made by a newer Muster (${manifest.muster}): restore it with that version.`
    : undefined
}

/** Files under the names they have in a data folder. */
function sinksIn(part: string): SinkFor {
  return async (entry) => {
    const path =
      entry === 'database'
        ? join(part, 'muster.db')
        : join(part, 'blobs', entry.blob.slice(0, 2), entry.blob)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return fileSink(path)
  }
}

async function fileSink(path: string): Promise<Sink> {
  const file = await open(path, 'w', 0o600)
  return {
    write: (bytes) => file.writeFile(bytes),
    async close() {
      await file.sync()
      await file.close()
    },
    discard: () => file.close().catch(() => undefined),
  }
}

/** The database last: with it the folder is one that a server starts on. */
async function moveAll(from: string, to: string): Promise<void> {
  const names = await readdir(from)
  const [rest, database] = [
    names.filter((name) => !name.startsWith('muster.')),
    names.filter((name) => name === 'muster.db'),
  ]
  for (const shard of await readdir(join(from, 'blobs')).catch(() => []))
    await syncPath(join(from, 'blobs', shard))
  for (const name of [...rest, ...database]) {
    await syncPath(join(from, name))
    await rename(join(from, name), join(to, name))
  }
  await syncPath(to)
}

/** A folder that a refused restore made goes again. */
async function removeEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => ['unknown'])
  if (names.length === 0) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
}
