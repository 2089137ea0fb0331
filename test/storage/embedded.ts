import { onTestFinished } from 'vitest'
import type { Faults } from '../../storage/faults.ts'
import { type OpenedStore, openStore } from '../../storage/open.ts'
import { temporaryFolder } from './folder.ts'

/** Opens the embedded store and closes it after the test; a thread that dies fails the test. */
export async function openEmbedded(
  options: {
    readonly folder?: string
    readonly faults?: Faults
    readonly lockWaitMs?: number
  } = {},
): Promise<OpenedStore> {
  const opened = await openStore({
    folder: temporaryFolder(),
    onFatal: (reason) => {
      throw reason
    },
    ...options,
  })
  onTestFinished(() => opened.store.close())
  return opened
}
