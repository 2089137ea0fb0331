// One thing that is thrown is one request's failure: told in its own words, and gone when it is asked again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openServer, type Server } from '../../src/server.ts'
import { configured } from '../http/world.ts'
import { type Audience, morningOf, type Past, type Secrets, type Step } from './script.ts'
import { createTrap } from './trap.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-test-'))
const trap = createTrap()
const stray: unknown[] = []
const note = (error: unknown): void => void stray.push(error)
let server: Server
let secrets: Secrets
let lived = 0

beforeAll(async () => {
  // Anything that nobody catches would end a real process.
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  const config = configured({ MUSTER_DATA: folder, MUSTER_DEVICE_AUTH: 'none' })
  server = await openServer(config, pino({ level: 'silent' }), trap.between)
  const admin = await server.tokens.create('trap', { role: 'admin' })
  const enroll = await server.enrollSecrets.create('trap', {})
  if (!admin.ok || !enroll.ok) throw new Error('no secrets')
  const signedIn = await server.app.request('/sign-in', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    body: `token=${admin.value.secret}`,
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  secrets = { admin: admin.value.secret, enroll: enroll.value.secret, cookie }
})

afterAll(async () => {
  trap.disarm()
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
  server.closing()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

type Got = { readonly status: number; readonly headers: Headers; readonly text: string }

async function ask({ path, init }: Step): Promise<Got> {
  const response = await server.app.request(path, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const isDone = ({ status }: Got): boolean => status >= 200 && status < 400

/** NanoMDM's scripts are told so of a command that was made although its answer was lost. */
const isThere = ({ text }: Got): boolean => text.includes('command already exists')

/** How each is told that it failed for no fault of its own. */
const failures: Readonly<Record<Audience, (got: Got) => boolean>> = {
  mdm: ({ status, headers, text }) =>
    (status === 500 || status === 503) && text === '' && headers.get('content-length') === '0',
  osquery: ({ status, text }) => {
    const said = JSON.parse(text) as { readonly error?: unknown; readonly node_invalid?: unknown }
    return status >= 500 && typeof said.error === 'string' && said.node_invalid === undefined
  },
  api: ({ status, headers, text }) =>
    (status === 500 || status === 503) &&
    headers.get('content-type') === 'application/problem+json' &&
    !text.includes('planted'),
  scripts: ({ status, text }) => status === 500 && typeof JSON.parse(text) === 'object',
  page: ({ status, text }) => status >= 500 && text.includes('<title>A fault of the server'),
}

type Morning = {
  /** Throws that were planted and reached. */
  readonly planted: number
  readonly failed: number
  readonly wrong: readonly string[]
}

/** A computer's morning in which the n-th call of each request throws. Whatever fails is asked again at once. */
async function live(nth: number): Promise<Morning> {
  const past: Past = { nodeKey: '' }
  const wrong: string[] = []
  let [planted, failed] = [0, 0]
  for (const stepOf of morningOf(nth, secrets)) {
    const step = stepOf(past)
    trap.arm(nth)
    let got = await ask(step)
    trap.disarm()
    const where = trap.sprung()
    if (where !== undefined) planted += 1
    if (!isDone(got)) {
      failed += 1
      const told = `call ${nth} of ${step.name}, by ${where}: ${got.status} ${got.text}`
      if (where === undefined || !failures[step.audience](got)) wrong.push(told)
      got = await ask(step)
      if (!isDone(got) && !isThere(got)) wrong.push(`${told}, and again ${got.status} ${got.text}`)
    }
    const key = /"node_key":"([^"]+)"/.exec(got.text)?.[1]
    if (key !== undefined) past.nodeKey = key
  }
  return { planted, failed, wrong }
}

test('wherever anything is thrown, one request fails in its own words, and is served when it comes again', async () => {
  const mornings: Morning[] = []
  // Until no request makes so many calls.
  while (mornings.at(-1)?.planted !== 0) mornings.push(await live(mornings.length + 1))
  expect(mornings.flatMap(({ wrong }) => wrong)).toEqual([])
  const sum = (of: 'planted' | 'failed'): number =>
    mornings.reduce((all, morning) => all + morning[of], 0)
  // A few are only felt in the background, or are made good at once.
  expect(sum('failed')).toBeGreaterThan(sum('planted') * 0.7)
  expect(sum('planted')).toBeGreaterThan(80)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(stray).toEqual([])
  lived = mornings.length
}, 60_000)

test('afterwards the database is sound and nothing is left half done', async () => {
  expect(await server.keep.integrityCheck()).toEqual([])
  const hosts = await server.app.request('/api/v1/hosts?limit=1000', {
    headers: { authorization: `Bearer ${secrets.admin}` },
  })
  const { items } = (await hosts.json()) as {
    readonly items: readonly { readonly serial: string }[]
  }
  // Deleted while Apple's list assigns them, they are all pending again, each once.
  const serials = Array.from(
    { length: lived },
    (_, index) => `C02R${String(index + 1).padStart(6, '0')}`,
  )
  expect(items.map(({ serial }) => serial).toSorted()).toEqual(serials)
})
