// The fleet against the real server, over real sockets: what it finds here is the server's to fix.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { serve } from '../../src/serve.ts'
import type { Running } from '../../src/serve.ts'
import { calmRates } from '../../src/simulator/rates.ts'
import { simulate } from '../../src/simulator/run.ts'
import type { SimulateOptions } from '../../src/simulator/run.ts'

const token = 'an-admin-token-of-the-test'
const enrollSecret = 'an-enroll-secret-of-the-test'

let folder = ''
let running: Running | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-simulator-'))
  const config = readConfig(
    {},
    {
      MUSTER_LISTEN: '127.0.0.1:0',
      MUSTER_DATA: folder,
      MUSTER_DEVICE_AUTH: 'none',
      MUSTER_ADMIN_TOKEN: token,
      MUSTER_ENROLL_SECRET: enrollSecret,
      MUSTER_LOG_LEVEL: 'silent',
    },
  )
  if (!config.ok) throw new Error(config.error)
  running = await serve(config.value, () => {})
})
afterEach(async () => {
  await running?.stop()
  await rm(folder, { recursive: true })
})

const live = (options: Partial<SimulateOptions>): ReturnType<typeof simulate> =>
  simulate({ url: running?.url ?? '', token, enrollSecret, pollMs: 1, hosts: 40, ...options })

async function summary(): Promise<unknown> {
  const response = await fetch(`${running?.url}/api/v1/hosts/summary`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return response.json()
}

test('a fleet that lives through everything sees no rule broken', async () => {
  const { violations, requests } = await live({
    seed: 'everything',
    rounds: 40,
    commandEveryMs: 3,
    rates: {
      clone: 0.05,
      copiedAgent: 0.05,
      notNow: 0.2,
      error: 0.1,
      lostReply: 0.1,
      repeatReport: 0.1,
      strayReport: 0.02,
      checkOut: 0.02,
      reenroll: 0.03,
      reinstallAgent: 0.02,
      malformed: 0.02,
    },
  })
  expect(violations).toEqual({ total: 0, byRule: {}, examples: [] })
  expect(requests['mdm.Acknowledged']?.count).toBeGreaterThan(0)
})

test('when all is quiet the server holds what the computers hold of themselves', async () => {
  const { violations, believed } = await live({
    seed: 'quiet',
    rounds: 8,
    operator: false,
    rates: calmRates,
  })
  expect(violations.examples).toEqual([])
  expect(await summary()).toMatchObject({
    total: 40,
    mdm: { 'enrolled.ready': believed.mdm.enrolled },
    dep: { assigned: believed.appleList.assigned },
    osquery: { enrolled: believed.osquery.enrolled },
  })
})

test('where devices cannot enrol, the summary says why, once and in the server’s words', async () => {
  const summary = await live({
    hosts: 3,
    rounds: 3,
    enrolling: true,
    rates: { ...calmRates, arrive: 1 },
  })
  expect(summary.believed.mdm.enrolled ?? 0).toBe(0)
  expect(summary.keptOut).toEqual([expect.stringContaining('has no push certificate yet')])
})
