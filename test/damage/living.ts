// Runs a server on each spoilt copy of a folder while devices, a viewer and a scraper ask it.
import { cpSync, openSync, closeSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Chance, createChance } from '../../src/simulator/chance.ts'
import { adminToken, type Muster, startMuster } from '../e2e/muster.ts'
import { createOperator } from '../e2e/operator.ts'
import { exchange } from '../e2e/wire.ts'
import { computerAt, env, type Member, type Tree } from './fleet.ts'

export type Spoiling = 'byte' | 'page'
export type Moment = 'before the start' | 'while it runs'

/** One server on one spoilt file. */
export type Case = {
  readonly tree: Tree
  readonly spoiling: Spoiling
  readonly moment: Moment
  /** Which of several spoilt bytes. */
  readonly nth: number
}

export type Lived = {
  readonly case: Case
  /** `refused` is a start that says in one sentence why it is none. */
  readonly end: 'lived' | 'refused' | 'ended'
  /** How many new computers of two could enrol. */
  readonly enrolled: number
  /** What it said where it ended, or gave another code than 0 in the end. */
  readonly said: string
}

export const nameOf = ({ tree, spoiling, moment, nth }: Case): string =>
  `${spoiling}${nth > 0 ? ` ${nth + 1}` : ''} of ${tree.name} ${moment}`

const pageBytes = 4_096

/** What a server does by itself with what is damaged, it does within this. */
const livedMs = 2_500

export type LivingOptions = {
  /** The sound folder; it is copied. */
  readonly folder: string
  readonly members: readonly Member[]
  readonly copy: string
}

export async function live(options: LivingOptions, one: Case): Promise<Lived> {
  const { folder, copy } = options
  rmSync(copy, { recursive: true, force: true })
  cpSync(folder, copy, { recursive: true })
  if (one.moment === 'before the start') spoil(copy, one)
  let muster: Muster
  try {
    muster = await startMuster(copy, env)
  } catch (error) {
    const said = String(error)
    // A crash is no sentence.
    const end = /fatal|panicked|\n\s+at /.test(said) ? 'ended' : 'refused'
    return { case: one, end, enrolled: 0, said }
  }
  const enrolled = await lifeOn(muster, options, one)
  const alive = muster.process.exitCode === null && muster.process.signalCode === null
  const code = await muster.end('SIGTERM')
  const isWell = alive && code === 0
  const said = isWell ? '' : `exit ${code}: ${muster.said().err.slice(-1_500)}`
  return { case: one, end: isWell ? 'lived' : 'ended', enrolled, said }
}

/** Gives how many of two new computers could enrol, before and after the server had time to mend. */
async function lifeOn(
  muster: Muster,
  { members, copy }: LivingOptions,
  one: Case,
): Promise<number> {
  const until = performance.now() + livedMs
  if (one.moment === 'while it runs') {
    await askAll(muster, members)
    spoil(copy, one)
  }
  const before = await enrol(muster, 9_000)
  do await askAll(muster, members)
  while (performance.now() < until && muster.process.exitCode === null)
  return before + (await enrol(muster, 9_100))
}

/** The file alone, as a disk would do it: whoever has it open is not asked. */
function spoil(folder: string, one: Case): void {
  const { tree, spoiling } = one
  const chance = createChance(nameOf(one))
  const page = spoiling === 'page' ? tree.root : of(chance, tree.pages)
  const file = openSync(join(folder, 'muster.db'), 'r+')
  try {
    const from = (page - 1) * pageBytes
    const bytes = Buffer.alloc(pageBytes)
    readSync(file, bytes, 0, pageBytes, from)
    if (spoiling === 'page')
      for (let at = 0; at < pageBytes; at += 1) bytes[at] = chance.integer(0, 255)
    else {
      const used = [...bytes.keys()].filter((at) => bytes[at] !== 0)
      const at = of(chance, used)
      bytes[at] = (bytes[at] ?? 0) ^ chance.integer(1, 255)
    }
    writeSync(file, bytes, 0, pageBytes, from)
  } finally {
    closeSync(file)
  }
}

const of = (chance: Chance, all: readonly number[]): number =>
  all[chance.integer(0, all.length - 1)] ?? 0

/** A computer that was never here, by both protocols. Its answer may be a refusal. */
async function enrol(muster: Muster, number: number): Promise<number> {
  const mac = computerAt(muster.url, number)
  try {
    await mac.enrolInMdm()
    await mac.enrolInOsquery()
    return 1
  } catch {
    return 0
  }
}

async function askAll(muster: Muster, members: readonly Member[]): Promise<void> {
  await Promise.all([
    ...members.map(async (member) => speak(muster.url, member)),
    look(muster.url),
    operate(muster.url, members),
  ])
}

/** A known computer asks for work, says something new, reports, and its agent writes. */
async function speak(url: string, { number, nodeKey }: Member): Promise<void> {
  const mac = computerAt(url, number)
  await passing(mac.checkin('TokenUpdate', { Token: Buffer.alloc(32, number), PushMagic: 'm' }))
  const offered = await passing(mac.idle())
  if (offered !== undefined) await passing(mac.report('Acknowledged', offered.uuid))
  for (const [route, body] of [
    ['config', {}],
    ['distributed/read', {}],
    ['distributed/write', { queries: {}, statuses: {} }],
    ['log', { log_type: 'result', data: [{ name: 'q', unixTime: '1' }] }],
  ] as const)
    await passing(mac.agent(route, { node_key: nodeKey, ...body }))
}

const sorts = [
  'last_seen_at',
  'first_seen_at',
  'hostname',
  'serial',
  'platform',
  'os_version',
  'model',
  'status',
  'lifecycle',
  'id',
]

/** All that a viewer may look at, and what a scraper takes. */
async function look(url: string): Promise<void> {
  const operator = createOperator(url, adminToken)
  const { body } = (await passing(operator.get('/webhooks'))) ?? {}
  const webhooks = (body?.['items'] as readonly { readonly id: string }[] | undefined) ?? []
  const serial = 'C02E2E0001'
  const paths = [
    ...sorts.map((sort) => `/hosts?sort=${sort}`),
    '/hosts?q=C02',
    ...['online', 'offline', 'missing', 'never', '!online'].map((it) => `/hosts?presence=${it}`),
    '/hosts?mdm=enrolled&dep=assigned',
    '/hosts/summary',
    ...['', '/journal', '/commands', '/actor', '/explain'].map((end) => `/hosts/${serial}${end}`),
    '/commands',
    '/commands?state=acknowledged',
    '/commands?request_type=ProfileList',
    '/conflicts',
    '/conflicts?open=true',
    '/certificates',
    '/journal',
    '/machines/host',
    '/machines/command',
    '/tokens',
    '/enroll-secrets',
    '/enrollment-links',
    '/push-certificates',
    ...webhooks.flatMap(({ id }) => [`/webhooks/${id}`, `/webhooks/${id}/deliveries`]),
  ]
  for (const path of paths) await passing(operator.get(path))
  const headers = { authorization: `Bearer ${adminToken}` }
  for (const path of ['/metrics', '/readyz', '/livez', '/hosts', `/hosts/${serial}`])
    await passing(exchange(url, { method: 'GET', path, headers }))
}

async function operate(url: string, members: readonly Member[]): Promise<void> {
  const operator = createOperator(url, adminToken)
  for (const { number } of members.slice(0, 2))
    await passing(
      operator.post(`/hosts/${computerAt(url, number).serial}/commands`, {
        request_type: 'ProfileList',
        payload: {},
      }),
    )
  const { body } = (await passing(operator.get('/webhooks'))) ?? {}
  for (const { id } of (body?.['items'] as readonly { readonly id: string }[] | undefined) ?? []) {
    await passing(operator.post(`/webhooks/${id}/test`, {}))
    await passing(operator.post(`/webhooks/${id}/replay`, { since: '2020-01-01T00:00:00Z' }))
  }
}

/** Refusals are answers; only the end of the process counts here. */
async function passing<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked
  } catch {
    return undefined
  }
}
