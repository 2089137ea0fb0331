import { onTestFinished } from 'vitest'
import { type OpenedStore, openStore, type StoreOptions } from '../../storage/open.ts'
import { temporaryFolder } from './folder.ts'

/** Opens the embedded store and closes it after the test; a thread that dies fails the test. */
export async function openEmbedded(options: Partial<StoreOptions> = {}): Promise<OpenedStore> {
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
