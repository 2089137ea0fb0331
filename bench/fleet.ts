// What operators ask of a large fleet, over HTTP as they ask it.
import { openClient, type Client } from './client.ts'
import { type Bench, type Figure, median, type Setup, timed } from './figure.ts'
import { filledFolder } from './fill.ts'
import { adminToken, type ServerProcess, startMuster } from './servers.ts'

const rounds = 15

type Question = { readonly what: string; readonly path: string; readonly mostMs?: number }

const questions: readonly Question[] = [
  { what: 'list of 1,000', path: '/hosts?limit=1000', mostMs: 50 },
  { what: 'page of 100 by hostname', path: '/hosts?limit=100&sort=hostname', mostMs: 10 },
  {
    what: 'page of 100 enrolled by osquery and not by MDM',
    path: '/hosts?limit=100&mdm=!enrolled&osquery=enrolled',
    mostMs: 10,
  },
  { what: 'page of 100 last seen', path: '/hosts?limit=100&sort=-last_seen_at', mostMs: 10 },
  { what: 'search by prefix of 100 matches', path: '/hosts?limit=100&q=bench-77', mostMs: 10 },
  { what: 'page of 100 by presence', path: '/hosts?limit=100&presence=missing', mostMs: 10 },
  { what: 'counts', path: '/hosts/summary', mostMs: 5 },
]

/** Starts of the process: one alone may meet a busy moment. */
const starts = 3

export const fleet: Bench = {
  name: 'fleet',
  async run(setup) {
    const path = await filledFolder(setup)
    const readyMs: number[] = []
    for (let nth = 1; nth < starts; nth += 1) {
      const muster = await startMuster(path)
      readyMs.push(muster.readyMs)
      await muster.stop()
    }
    const muster = await startMuster(path)
    readyMs.push(muster.readyMs)
    try {
      const count = setup.hosts.toLocaleString('en-US')
      return [
        {
          what: `${count} hosts: process started until ready`,
          value: median(readyMs),
          unit: 'ms',
          target: { kind: 'at-most', value: 2_000 },
        },
        ...(await answers(muster, setup)),
      ]
    } finally {
      await muster.stop()
    }
  },
}

async function answers({ port }: ServerProcess, { hosts }: Setup): Promise<readonly Figure[]> {
  const client = await openClient(port)
  const figures: Figure[] = []
  for (const { what, path, mostMs } of questions) {
    figures.push({
      what: `${hosts.toLocaleString('en-US')} hosts: ${what}`,
      value: await timed({ rounds }, () => ask(client, path)),
      unit: 'ms',
      ...(mostMs !== undefined && { target: { kind: 'at-most', value: mostMs } as const }),
    })
  }
  client.close()
  return figures
}

async function ask(client: Client, path: string): Promise<void> {
  const said = await client.say({
    method: 'GET',
    path: `/api/v1${path}`,
    headers: { Authorization: `Bearer ${adminToken}` },
    body: '',
  })
  if (said.status !== 200) throw new Error(`${path}: ${said.status} ${said.body}`)
}
