// One client of the load: a Mac with an agent, and the operator who looks after it.
import { hash } from 'node:crypto'
import { buildPlist, type Buildable } from '../../src/protocol/plist/build.ts'
import type { Chance } from '../../src/simulator/chance.ts'
import { adminToken, enrollSecret } from '../e2e/muster.ts'
import { createOperator } from '../e2e/operator.ts'
import { checkinType, exchange, type Got, harms, jsonOf, plistOf, reportType } from '../e2e/wire.ts'
import { type CommandMemory, keep, type Life, type Memory, newCommand, newLife } from './memory.ts'

export type Load = {
  readonly url: string
  readonly memory: Memory
  readonly chance: Chance
  /** The disk fails: to be told to come back later is no fault of the server's. */
  readonly isPatient?: boolean
  /** Hears how the connection broke. */
  readonly broken?: (error: unknown) => void
}

/** Acts until the connection breaks, as it does when the server dies. Resolves to who it was by then. */
export async function liveUntilBroken(load: Load, from: Life): Promise<Life> {
  let life = from
  for (;;) {
    try {
      if (life.commands.size >= commandsMax) life = succeed(load, life)
      await act(load, life)
    } catch (error) {
      if (isBroken(error)) {
        load.broken?.(error)
        return life
      }
      if (load.isPatient === true && error instanceof Unavailable) {
        load.memory.refused += 1
        await sleep(retryMs)
      } else {
        load.memory.broke('refused', String(error))
        return life
      }
    }
  }
}

/** A 503: nothing is known of what was asked for, except that nobody promised it. */
class Unavailable extends Error {}

/** Often enough to see within milliseconds that a server serves again. */
const retryMs = 20

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** An answer that is no success, whoever got it. */
const refused = (what: string, status: number): Error =>
  new (status === 503 ? Unavailable : Error)(`${what} was answered ${status}`)

/** Then another computer takes its place: enrolments must be among what is interrupted, to the end. */
const commandsMax = 12

export function born({ memory, chance }: Omit<Load, 'url'>): Life {
  const serial = `C${chance.text('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', 11)}`
  const life = newLife(serial, chance.uuid())
  memory.present.add(life)
  return life
}

function succeed(load: Load, life: Life): Life {
  load.memory.present.delete(life)
  load.memory.past.push(life)
  return born(load)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

const isBroken = (error: unknown): boolean => /^ECONN|EPIPE/.test(codeOf(error))

function act(load: Load, life: Life): Promise<void> {
  const { chance } = load
  const wish = chance.fraction()
  if (!life.enrolled) return enrol(load, life)
  if (life.nodeKey === undefined) return enrolAgent(load, life)
  if (wish < 0.3) return enqueue(load, life)
  if (wish < 0.7) return converse(load, life)
  if (wish < 0.78) return updateToken(load, life)
  if (wish < 0.86) return escrow(load, life)
  if (wish < 0.96) return log(load, life)
  return list(load, [`D${chance.text('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', 11)}`])
}

async function enrol(load: Load, life: Life): Promise<void> {
  if (!life.assigned && load.chance.happens(0.5)) {
    await list(load, [life.serial])
    life.assigned = true
  }
  await checkin(load, life, {
    MessageType: 'Authenticate',
    SerialNumber: life.serial,
    DeviceName: 'Testrechner',
    OSVersion: '15.5',
    ProductName: 'Mac15,6',
  })
  await updateToken(load, life)
  life.enrolled = true
}

async function updateToken(load: Load, life: Life): Promise<void> {
  const Token = load.chance.bytes(32)
  const sent = Buffer.from(Token).toString('hex')
  life.push.sent.add(sent)
  await checkin(load, life, { MessageType: 'TokenUpdate', Token, PushMagic: life.serial })
  keep(life.push, sent)
}

async function escrow(load: Load, life: Life): Promise<void> {
  const BootstrapToken = load.chance.bytes(24)
  const sent = Buffer.from(BootstrapToken).toString('hex')
  life.bootstrap.sent.add(sent)
  await checkin(load, life, { MessageType: 'SetBootstrapToken', BootstrapToken })
  keep(life.bootstrap, sent)
  const got = await checkin(load, life, { MessageType: 'GetBootstrapToken' })
  const kept = plistOf(got)['BootstrapToken']
  if (!(kept instanceof Uint8Array) || Buffer.from(kept).toString('hex') !== sent)
    load.memory.broke('bootstrap token', `${life.serial} read another than it had set`)
}

async function enrolAgent(load: Load, life: Life): Promise<void> {
  const { serial, uuid } = life
  const answer = await agent(load, 'enroll', {
    enroll_secret: enrollSecret,
    host_identifier: uuid,
    platform_type: '21',
    host_details: {
      os_version: { name: 'macOS', version: '15.5', platform: 'darwin' },
      osquery_info: { version: '5.23.1', uuid, instance_id: `instance-of-${serial}` },
      system_info: { hostname: `mac-${serial}`, uuid, hardware_serial: serial },
    },
  })
  if (typeof answer['node_key'] !== 'string') throw new Error(`no node key for ${serial}`)
  life.nodeKey = answer['node_key']
}

async function log(load: Load, { nodeKey, lines }: Life): Promise<void> {
  const marks = Array.from({ length: load.chance.integer(1, 4) }, () => load.chance.uuid())
  const data = marks.map((mark) => ({ name: 'crash', action: 'snapshot', mark }))
  const log_type = load.chance.pick(['result', 'status'])
  await agent(load, 'log', { node_key: nodeKey, log_type, data })
  lines.push(...marks)
}

async function list({ url, memory }: Load, serials: readonly string[]): Promise<void> {
  const devices = serials.map((serial_number) => ({
    serial_number,
    model: 'MacBook Pro',
    profile_status: 'assigned',
    op_type: 'added',
  }))
  const { status, body } = await createOperator(url, adminToken).post('/dep/devices', { devices })
  if (status !== 200) throw refused('a device list', status)
  // One device each: a success in which it failed would be none.
  if (JSON.stringify(body).includes('"failed"')) throw refused(JSON.stringify(body), status)
  memory.acknowledged += 1
  memory.listed.push(...serials)
}

async function enqueue({ url, memory, chance }: Load, life: Life): Promise<void> {
  // A request whose answer was lost is asked again under its UUID, and must stay one command.
  const lost = [...life.commands.values()].find(({ queued }) => !queued)
  const repeatable = lost?.repeatable ?? chance.happens(0.5)
  const command = lost ?? newCommand(chance.uuid(), repeatable)
  life.commands.set(command.uuid, command)
  const { status } = await createOperator(url, adminToken).post(`/hosts/${life.serial}/commands`, {
    request_type: repeatable ? 'DeviceInformation' : 'RestartDevice',
    command_uuid: command.uuid,
  })
  if (status !== 201 && !(status === 200 && lost !== undefined)) throw refused('a command', status)
  command.queued = true
  memory.acknowledged += 1
}

async function converse(load: Load, life: Life): Promise<void> {
  const silent = [...life.commands.values()].filter(isSilent)
  const owed = [...life.commands.values()].find(isOwed)
  let next: Offered
  if (owed !== undefined && load.chance.happens(0.5)) next = await settle(load, life, owed)
  else {
    next = await report(load, life, { Status: 'Idle' })
    for (const command of silent) command.lost = true
  }
  while (next !== undefined) {
    const fate = load.chance.fraction()
    // Never heard of again, as when a device goes to sleep with a command in its hands.
    if (fate < 0.1) return
    next = fate < 0.2 ? await defer(load, life, next) : await settle(load, life, next)
  }
}

/** With the device, must not run twice, and nothing was said about it: an Idle makes it `unknown`. */
const isSilent = ({ repeatable, offered, deferred, reports, settled }: CommandMemory): boolean =>
  !repeatable && offered && !deferred && !settled && reports.size === 0

/** A report whose answer was lost is sent again, and what a device slept over is reported late. */
const isOwed = ({ settled, reports, lost }: CommandMemory): boolean =>
  !settled && (reports.size > 0 || lost)

async function defer(load: Load, life: Life, command: CommandMemory): Promise<Offered> {
  command.deferred = true
  command.offers = 0
  return report(load, life, { Status: 'NotNow', CommandUUID: command.uuid })
}

async function settle(load: Load, life: Life, command: CommandMemory): Promise<Offered> {
  const { chance } = load
  const first = chance.pick([
    'Acknowledged',
    'Acknowledged',
    'Error',
    'CommandFormatError',
  ] as const)
  const next = await finalReport(load, life, { command, status: first })
  if (!chance.happens(0.2)) return next
  // A reply was lost on the way, or the device contradicts itself: either way the first word stands.
  const second = chance.happens(0.5) ? first : 'Error'
  return (await finalReport(load, life, { command, status: second })) ?? next
}

const states = {
  Acknowledged: 'acknowledged',
  Error: 'error',
  CommandFormatError: 'format_error',
} as const

type FinalReport = { readonly command: CommandMemory; readonly status: keyof typeof states }

async function finalReport(
  load: Load,
  life: Life,
  { command, status }: FinalReport,
): Promise<Offered> {
  const keys = { Status: status, CommandUUID: command.uuid, Mark: load.chance.text('abcdef', 8) }
  if (!command.settled) command.reports.set(digestOf(bodyOf(life, keys)), states[status])
  const next = await report(load, life, keys)
  command.settled = true
  return next
}

type Offered = CommandMemory | undefined
type Keys = Readonly<Record<string, Buildable | undefined>>

const bodyOf = ({ uuid }: Life, keys: Keys): string => buildPlist({ UDID: uuid, ...keys })
const digestOf = (body: string): string => hash('sha256', body, 'hex')

/** Says something on the command channel and judges the command that comes back. */
async function report(load: Load, life: Life, keys: Keys): Promise<Offered> {
  const got = await put(load, reportType, bodyOf(life, keys))
  if (got.body.length === 0) return undefined
  const { CommandUUID } = plistOf(got)
  if (typeof CommandUUID !== 'string') throw new Error('not a command')
  const command = life.commands.get(CommandUUID)
  if (command === undefined) {
    load.memory.broke('invented command', `${life.serial} was offered ${CommandUUID}`)
    return undefined
  }
  const detail = `${life.serial} was offered ${command.uuid}`
  if (command.settled) load.memory.broke('sent after its result', detail)
  if (!command.repeatable && command.offers > 0) load.memory.broke('repeated', detail)
  command.offers += 1
  command.offered = true
  command.deferred = false
  return command
}

const checkin = (load: Load, { uuid }: Life, keys: Keys): Promise<Got> =>
  put(load, checkinType, buildPlist({ UDID: uuid, Topic: 'com.apple.mgmt.crash', ...keys }))

async function put({ url, memory }: Load, type: string, body: string): Promise<Got> {
  const got = await exchange(url, { path: '/mdm', headers: { 'content-type': type }, body })
  const harm = harms(got)
  if (harm.length > 0) throw new Error(`an answer that harms a client: ${harm.join(', ')}`)
  if (got.status !== 200) throw refused('an MDM message', got.status)
  memory.acknowledged += 1
  return got
}

async function agent({ url, memory }: Load, route: string, said: object) {
  const got = await exchange(url, {
    method: 'POST',
    path: `/api/osquery/${route}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(said),
  })
  const answer = jsonOf(got)
  if (got.status !== 200 || answer['node_invalid'] === true)
    throw refused(`osquery's ${route} (${String(got.body)})`, got.status)
  memory.acknowledged += 1
  return answer
}
