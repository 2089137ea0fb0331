// What the server keeps: the data folder's store, blobs, logs and the key that seals secrets.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createBlobSweep, type Swept } from '../storage/blob-sweep.ts'
import { holdable } from '../storage/held-blobs.ts'
import { type Logs, openLogs } from '../storage/logs.ts'
import { type OpenedStore, openStore, type StoreOptions } from '../storage/open.ts'
import type { Config } from './config/config.ts'
import { loadMasterKey, type MasterKey } from './secrets/master-key.ts'
import { createSealing, type Sealing } from './secrets/sealing.ts'
import { createVault } from './secrets/vault.ts'
import { realWorld } from './world.ts'

export type Keep = OpenedStore & {
  readonly folder: string
  readonly masterKey: MasterKey
  readonly sealing: Sealing
  readonly logs: Logs
  /** Blobs that no row named any more, taken away since the start. */
  readonly swept: () => Swept
  /** Keeps every blob in its place until the result is called. */
  readonly holdBlobs: () => () => void
  /** Names the master key without revealing it. */
  readonly masterKeyId: string
  close(): Promise<void>
}

/** Sealed at the first start and opened at every later one: proof that the master key is the same. */
const proofRef = 'master-key-proof'

/** Opens the data folder. Rejects with one sentence an operator can act on. */
export async function openKeep(
  config: Config,
  onFatal: (reason: Error) => void,
  hears: Pick<StoreOptions, 'onDamage' | 'onMended'> = {},
): Promise<Keep> {
  const folder = resolve(config.data)
  makeFolder(folder)
  const opened = await openStore({ folder, onFatal, ...hears })
  try {
    const isSealed = opened.store.lookups.sealed(proofRef) !== undefined
    const masterKey = loadMasterKey(config.masterKey, { folder, isSealed })
    if (!masterKey.ok) throw new Error(masterKey.error.detail)
    const vault = createVault(masterKey.value.key)
    const sealing = createSealing({
      vault,
      blobs: opened.blobs,
      sealed: (ref) => opened.store.lookups.sealed(ref),
    })
    await proveMasterKey(opened, sealing)
    const logs = await openLogs({ folder: join(folder, 'logs') })
    const held = holdable(opened.blobs)
    const sweep = createBlobSweep({
      ...opened,
      blobs: held.blobs,
      now: realWorld.now,
      later: realWorld.later,
    })
    return {
      ...opened,
      folder,
      masterKey: masterKey.value,
      sealing,
      logs,
      swept: sweep.swept,
      holdBlobs: held.hold,
      masterKeyId: vault.keyId,
      async close() {
        await sweep.stop()
        await logs.close()
        await opened.store.close()
      },
    }
  } catch (error) {
    await opened.store.close()
    throw error
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new Error(
      `MUSTER_DATA must be a folder that can be made and written, not ${folder} (${code}).`,
      { cause: error },
    )
  }
}

async function proveMasterKey({ store }: OpenedStore, sealing: Sealing): Promise<void> {
  const proof = await sealing.open(proofRef)
  if (proof.ok) return
  if (proof.error === 'unreadable')
    throw new Error(
      'MUSTER_MASTER_KEY is not the key this data folder was sealed with: give the former one, or restore its master.key file.',
    )
  const sealed = await sealing.seal({
    ref: proofRef,
    hostId: '',
    kind: 'proof',
    bytes: new TextEncoder().encode('muster'),
  })
  if (!sealed.ok) throw new Error('The blob folder cannot be written.')
  const kept = await store.commit([sealed.value])
  if (!kept.ok) throw new Error(`The database cannot be written: ${kept.error.kind}.`)
}
