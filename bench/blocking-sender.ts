// Sends the worst bodies one after another, each made before its time is taken.
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { type WorstBody, nodeKey, worstBodies } from './worst-bodies.ts'
import { type WorstAsk, worstAsks } from './worst-operator.ts'

export type FromSender =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly name: string; readonly status: number }

const { url, adminToken, enrollSecret, runs, only } = workerData as {
  readonly url: string
  readonly adminToken: string
  readonly enrollSecret: string
  readonly runs: number
  readonly only: string
}

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../test/fixtures/mdm/${name}.plist`, import.meta.url))

async function put(body: Uint8Array, type: string): Promise<number> {
  const headers = { 'content-type': `application/x-apple-aspen-mdm${type}` }
  const answer = await fetch(`${url}/mdm`, { method: 'PUT', headers, body: Uint8Array.from(body) })
  await answer.arrayBuffer()
  return answer.status
}

async function post(route: string, body: Uint8Array, headers = {}): Promise<Response> {
  return fetch(`${url}/api/osquery/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: Uint8Array.from(body),
  })
}

for (const name of ['checkin-authenticate-macos', 'checkin-tokenupdate-macos'])
  if ((await put(fixture(name), '-checkin')) !== 200) throw new Error(`${name} was refused`)
const enrolled = await post(
  'enroll',
  Buffer.from(
    JSON.stringify({
      enroll_secret: enrollSecret,
      host_details: { system_info: { uuid: '6E0D9C2F-8B53-4F5C-A068-1C2D3E4F5061' } },
    }),
  ),
)
const { node_key: key } = (await enrolled.json()) as { readonly node_key: string }
if (key.length !== nodeKey.length) throw new Error('a key of another length')

/** What an agent may send uncompressed. */
const wireBytesMax = 10 * 1_024 * 1_024

/** To the Mac of the fixtures. */
async function command(body: Uint8Array): Promise<number> {
  const answer = await fetch(`${url}/api/v1/hosts/5D0C9B1E-7A42-4E4B-9F57-0B1C2D3E4F50/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/xml' },
    body: Uint8Array.from(body),
  })
  await answer.arrayBuffer()
  return answer.status
}

const signedIn = await fetch(`${url}/sign-in`, {
  method: 'POST',
  redirect: 'manual',
  headers: { 'content-type': 'application/x-www-form-urlencoded', origin: url },
  body: `token=${adminToken}`,
})
const cookie = signedIn.headers.get('set-cookie')?.split(';', 1)[0]
if (cookie === undefined) throw new Error('the console let nobody in')

// NanoMDM's scripts call themselves this.
const password = `Basic ${Buffer.from(`nanomdm:${adminToken}`).toString('base64')}`

/** As operators, scripts and enrolling devices ask. */
async function ask({ method, path, type, auth }: WorstAsk, body: Uint8Array): Promise<number> {
  const answer = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      'content-type': type,
      ...(auth === 'token' && { authorization: `Bearer ${adminToken}` }),
      ...(auth === 'password' && { authorization: password }),
      ...(auth === 'cookie' && { cookie, origin: url }),
    },
    body: Uint8Array.from(body),
  })
  await answer.arrayBuffer()
  return answer.status
}

/** Others' bodies are sent as they are; an agent's with its key. */
async function send({ as }: WorstBody, bytes: Uint8Array, isGzip: boolean): Promise<number> {
  if (as === 'plist') return put(bytes, '')
  if (as === 'command') return command(bytes)
  const route = as === 'log' ? 'log' : 'distributed/write'
  const answer = await post(route, bytes, isGzip ? { 'content-encoding': 'gzip' } : {})
  await answer.arrayBuffer()
  return answer.status
}

const tell = async (message: FromSender): Promise<void> => {
  parentPort?.postMessage(message)
  if (parentPort) await once(parentPort, 'message')
}

/** Sends once the server's time so far is set aside. */
async function timed(name: string, sending: () => Promise<number>): Promise<void> {
  await tell({ kind: 'ready' })
  await tell({ kind: 'answered', name, status: await sending() })
}

for (let run = 0; run < runs; run += 1) {
  for (const one of worstAsks.filter(({ name }) => name.includes(only))) {
    const body = one.make()
    await timed(one.name, () => ask(one, body))
  }
  for (const worst of worstBodies.filter(({ name }) => name.includes(only))) {
    const plain = Buffer.from(worst.make())
    const keyAt = plain.indexOf(nodeKey)
    if (keyAt >= 0) plain.write(key, keyAt, 'latin1')
    const isAgents = worst.as === 'log' || worst.as === 'write'
    const isGzip = plain.length > wireBytesMax && isAgents
    const bytes = isGzip ? gzipSync(plain, { level: 1 }) : plain
    await timed(`${worst.as}: ${worst.name}`, () => send(worst, bytes, isGzip))
  }
}
parentPort?.close()
