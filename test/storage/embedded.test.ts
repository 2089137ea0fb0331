import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { openStore } from '../../storage/open.ts'
import { storeConformance } from './store-conformance.ts'

describe('the embedded store', () => {
  const parent = mkdtempSync(join(tmpdir(), 'muster-test-'))
  afterAll(() => rmSync(parent, { recursive: true, force: true }))
  storeConformance(async () => {
    const folder = mkdtempSync(join(parent, 'store-'))
    const opened = await openStore({
      folder,
      onFatal: (reason) => {
        throw reason
      },
    })
    return opened.store
  })
})
