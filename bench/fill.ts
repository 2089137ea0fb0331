// A database of many hosts, made once by real turns of real actors and kept for later runs.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HostEvent } from '../machines/host-events.ts'
import { createHosts, type Hosts } from '../src/runtime/hosts.ts'
import { hashToken } from '../src/secrets/tokens.ts'
import { realWorld } from '../src/world.ts'
import { openStore } from '../storage/open.ts'
import type { Write } from '../storage/store.ts'
import { serialOf, uuidOf } from './devices.ts'
import type { Setup } from './figure.ts'

/** Hosts created at once: two full groups of the writer. */
const atOnce = 1_024

/** Awake while filling: nobody is asked twice. */
const residentsMax = 2_048

const day = 86_400_000

/** A data folder with so many hosts; made when there is none of this schema and these machines yet. */
export async function filledFolder({ folder, hosts, say }: Setup): Promise<string> {
  const path = join(folder, `muster-bench-${hosts}-${shapeOfRows()}`)
  if (existsSync(path)) return path
  const draft = `${path}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  const opened = await openStore({
    folder: draft,
    onFatal: (reason) => {
      throw reason
    },
  })
  const fleet = createHosts({ store: opened.store, world: realWorld, residentsMax })
  const now = Date.now()
  for (let start = 0; start < hosts; start += atOnce) {
    const size = Math.min(atOnce, hosts - start)
    await Promise.all(Array.from({ length: size }, (_, nth) => add(fleet, start + nth, now)))
    if (start % (atOnce * 16) === 0) say(`filling: ${start} of ${hosts} hosts`)
  }
  await fleet.drain()
  await opened.store.close()
  renameSync(draft, path)
  return path
}

/** Names what the rows depend on: another schema or machine gets a database of its own. */
function shapeOfRows(): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = [
    'bench/fill.ts',
    'storage/schema/*.ts',
    'machines/*.ts',
    'src/runtime/projection.ts',
  ]
  const hash = createHash('sha256')
  for (const file of globSync(files, { cwd: root }).toSorted())
    hash.update(readFileSync(join(root, file)))
  return hash.digest('hex').slice(0, 12)
}

/** Of ten: three managed with an agent, three managed, two with an agent only, two that only Apple told of. */
const managed = (nth: number): boolean => nth % 10 < 6
const withAgent = (nth: number): boolean => [0, 1, 2, 6, 7].includes(nth % 10)
const assigned = (nth: number): boolean => nth % 10 >= 8 || nth % 10 < 4

async function add(fleet: Hosts, nth: number, now: number): Promise<void> {
  const hostId = realWorld.uuid()
  const seenAt = now - ((nth * 7_919_000) % (45 * day))
  const events = eventsOf(nth, now - 50 * day)
  const heard = managed(nth) || withAgent(nth)
  const seen: Write = {
    put: 'last_seen',
    row: {
      host_id: hostId,
      at: seenAt,
      mdm_at: managed(nth) ? seenAt : null,
      osquery_at: withAgent(nth) ? seenAt : null,
    },
  }
  const created = await fleet.create(hostId, {
    events,
    cause: { kind: 'sync', id: 'bench' },
    writes: claimsOf(nth, hostId, now),
  })
  if (!created.ok) throw new Error(created.error.kind)
  if (!heard) return
  const told = await fleet.ask(hostId, {
    events: [],
    cause: { kind: 'sync', id: 'bench' },
    writes: [seen],
  })
  if (!told.ok) throw new Error(told.error.kind)
}

function eventsOf(nth: number, at: number): readonly HostEvent[] {
  return [
    ...(assigned(nth) ? [assignment(nth, at)] : []),
    ...(managed(nth) ? enrollment(nth, at) : []),
    ...(withAgent(nth) ? [agentEnrollment(nth, at)] : []),
  ]
}

const identityOf = (nth: number) => ({ serial: serialOf(nth), uuid: uuidOf(nth) })
const models = ['MacBookPro18,3', 'Mac14,2', 'Macmini9,1', 'iMac21,1'] as const
const versions = ['15.5', '15.4.1', '14.7.6', '13.7'] as const

const assignment = (nth: number, at: number): HostEvent => ({
  type: 'dep.assigned',
  at,
  identity: { serial: serialOf(nth) },
  quarantined: false,
  facts: { model: models[nth % 4] ?? models[0], platform: 'darwin', color: 'SILVER' },
  device: {
    serial_number: serialOf(nth),
    profile_status: 'assigned',
    profile_uuid: null,
    op_date: '2026-01-01T00:00:00Z',
    since: at,
    raw: { serial_number: serialOf(nth), model: models[nth % 4], profile_status: 'assigned' },
  },
})

const enrollment = (nth: number, at: number): readonly HostEvent[] => [
  {
    type: 'mdm.Authenticate',
    at,
    channel: uuidOf(nth),
    enrollmentType: 'Device',
    topic: 'com.apple.mgmt.External.bench',
    identity: identityOf(nth),
    quarantined: false,
    facts: {
      hostname: `bench-${nth}`,
      platform: 'darwin',
      model: models[nth % 4] ?? models[0],
      os_version: versions[nth % 4] ?? versions[0],
      os_build: '24F74',
    },
  },
  {
    type: 'mdm.TokenUpdate',
    at,
    channel: uuidOf(nth),
    kind: 'device',
    enrollmentType: 'Device',
    topic: 'com.apple.mgmt.External.bench',
    pushRef: `${uuidOf(nth)}.push`,
    userShortName: null,
    awaitingConfiguration: false,
    unlockTokenRef: null,
  },
]

const agentEnrollment = (nth: number, at: number): HostEvent => ({
  type: 'osquery.enroll',
  at,
  identity: identityOf(nth),
  quarantined: false,
  facts: { hostname: `bench-${nth}`, platform: 'darwin', osquery_version: '5.16.0' },
  agent: {
    keyHash: hashToken(`bench-key-${nth}`),
    instance: uuidOf(nth + 0x20_0000),
    enrolledAt: at,
    expiresAt: null,
    detailAt: at,
  },
  graceUntil: at,
})

function claimsOf(nth: number, host_id: string, now: number): readonly Write[] {
  const kinds =
    managed(nth) || withAgent(nth) ? (['serial', 'uuid'] as const) : (['serial'] as const)
  return kinds.map((kind) => ({
    put: 'claim',
    row: {
      kind,
      value: identityOf(nth)[kind],
      host_id,
      status: 'active',
      source: managed(nth) || assigned(nth) ? 'apple' : 'agent',
      first_seen: now,
      last_seen: now,
    },
  }))
}
