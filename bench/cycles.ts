// Commands from an operator's wish to the device's result, each step durable before the next.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerProcess } from './servers.ts'
import { type Client, openClient, sayAll } from './client.ts'
import { acknowledged, authenticate, type Call, idle, tokenUpdate, uuidOf } from './devices.ts'
import type { Bench, Setup } from './figure.ts'
import { type House, openHouse } from './house.ts'
import { numbered } from './polls.ts'
import { adminToken, startMuster } from './servers.ts'

/** Hosts in conversation at once. One alone would wait for the disk three times per command. */
const talkingHosts = 512
const httpHosts = 128

const target = { kind: 'at-least', value: 2_000 } as const

export const cycles: Bench = {
  name: 'cycles',
  async run(setup) {
    const inside = await insideRate(setup)
    const overHttp = await httpRate(setup)
    return [
      {
        what: `Command cycles, in process, ${talkingHosts} hosts at once`,
        value: inside.rate,
        unit: '/s',
        target,
      },
      {
        what: 'Command cycles, in process: processor time of all threads',
        value: inside.cpuUs,
        unit: 'µs',
      },
      {
        what: `Command cycles, three requests each over HTTP, ${httpHosts} hosts at once`,
        value: overHttp,
        unit: '/s',
        target,
      },
    ]
  },
}

/** `cpuUs` is per cycle, of this process: it does not mind what else the machine does. */
type Talked = { readonly rate: number; readonly cpuUs: number }

/** So many hosts, each in its own conversation, after one second that does not count. */
async function rateOf(
  hosts: number,
  seconds: number,
  cycle: (nth: number) => Promise<void>,
): Promise<Talked> {
  const start = performance.now() + 1_000
  let before: NodeJS.CpuUsage | undefined
  let count = 0
  const end = start + seconds * 1_000
  async function converse(nth: number): Promise<void> {
    while (performance.now() < end) {
      await cycle(nth)
      if (performance.now() < start) continue
      before ??= process.cpuUsage()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: hosts }, (_, nth) => converse(nth)))
  const { user, system } = process.cpuUsage(before)
  return { rate: count / ((performance.now() - start) / 1_000), cpuUs: (user + system) / count }
}

async function insideRate({ folder, seconds }: Setup): Promise<Talked> {
  const own = mkdtempSync(join(folder, 'muster-cycles-'))
  const house = await openHouse(own)
  try {
    const ids = await Promise.all(
      Array.from({ length: talkingHosts }, (_, nth) => enrolled(house, nth)),
    )
    return await rateOf(talkingHosts, seconds * 2, (nth) => cycleInside(house, nth, ids[nth] ?? ''))
  } finally {
    await house.close()
    rmSync(own, { recursive: true })
  }
}

async function enrolled({ mdm, keep }: House, nth: number): Promise<string> {
  await mdm(authenticate(nth))
  await mdm(tokenUpdate(nth))
  return keep.store.lookups.enrollment(uuidOf(nth))?.host_id ?? ''
}

const wish = {
  requestType: 'DeviceInformation',
  payload: { Queries: ['DeviceName', 'OSVersion', 'IsSupervised'] },
}

/** Writing bodies is the devices' work, so it is done once. */
const idleCalls = numbered(talkingHosts, idle)
const unnamed = '00000000-0000-0000-0000-000000000000'
const doneCalls = numbered(talkingHosts, (nth) => acknowledged(nth, unnamed))

function doneWith(nth: number, commandUUID: string): Call {
  const call = doneCalls[nth] ?? acknowledged(nth, unnamed)
  return { ...call, body: call.body.replace(unnamed, commandUUID) }
}

const idleOf = (nth: number): Call => idleCalls[nth] ?? idle(nth)

async function cycleInside({ commands, mdm }: House, nth: number, hostId: string): Promise<void> {
  const sent = await commands.send(
    { ...wish, hostId, priority: 0, expiresInMs: 3_600_000 },
    { kind: 'operator', id: 'bench' },
  )
  if (!sent.ok) throw new Error(sent.error.kind)
  const offered = await mdm(idleOf(nth))
  if (offered.kind !== 'command') throw new Error('the command was not offered')
  await mdm(doneWith(nth, sent.value.row.command_uuid))
}

async function httpRate({ folder, seconds }: Setup): Promise<number> {
  const own = mkdtempSync(join(folder, 'muster-cycles-'))
  const muster = await startMuster(own)
  try {
    await sayAll(muster.port, numbered(httpHosts, authenticate))
    await sayAll(muster.port, numbered(httpHosts, tokenUpdate))
    return await talk(muster, seconds)
  } finally {
    await muster.stop()
    rmSync(own, { recursive: true })
  }
}

async function talk({ port }: ServerProcess, seconds: number): Promise<number> {
  const clients = await Promise.all(Array.from({ length: httpHosts }, () => openClient(port)))
  const { rate } = await rateOf(httpHosts, seconds * 2, async (nth) => {
    const client = clients[nth]
    if (client !== undefined) await cycleOver(client, nth)
  })
  for (const client of clients) client.close()
  return rate
}

async function cycleOver(client: Client, nth: number): Promise<void> {
  const sent = await client.say(enqueue(nth))
  const uuid = /"command_uuid":"([^"]+)"/.exec(sent.body)?.[1]
  if (sent.status !== 201 || uuid === undefined) throw new Error(`${sent.status} ${sent.body}`)
  const offered = await client.say(idleOf(nth))
  if (!offered.body.includes(uuid)) throw new Error('the command was not offered')
  const done = await client.say(doneWith(nth, uuid))
  if (done.status !== 200) throw new Error(`the report was answered ${done.status}`)
}

const enqueue = (nth: number): Call => ({
  method: 'POST',
  path: `/api/v1/hosts/${uuidOf(nth)}/commands`,
  headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ request_type: wish.requestType, payload: wish.payload }),
})
