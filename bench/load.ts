// Load from a process of its own, so that making it costs the server nothing but its core.
import { execFile, fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Call } from './devices.ts'

export type Load = {
  readonly port: number
  /** Said in turn, over and over; all to one path. */
  readonly calls: readonly [Call, ...Call[]]
  readonly seconds: number
  /** Where scripts may be written. */
  readonly folder: string
}

/** Connections at once: enough that the server never waits for us. */
export const connections = 32

/** Answers a second. Rejects when any of them is not 2xx. */
export const answersPerSecond = (load: Load): Promise<number> =>
  wrk === undefined ? byNode(load) : byWrk(wrk, load)

const wrk = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'wrk'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

export const loadName = wrk === undefined ? 'a Node process' : 'wrk'

async function byWrk(path: string, { port, calls, seconds, folder }: Load): Promise<number> {
  const own = mkdtempSync(join(folder, 'muster-load-'))
  const script = join(own, 'load.lua')
  writeFileSync(script, luaOf(calls))
  try {
    const { stdout } = await promisify(execFile)(path, [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      `http://127.0.0.1:${port}`,
    ])
    const wrong = /Non-2xx or 3xx responses: (\d+)|Socket errors: .*[1-9]/.exec(stdout)
    if (wrong !== null) throw new Error(`${calls[0].path}: ${wrong[0]}`)
    return Number(/Requests\/sec: +([\d.]+)/.exec(stdout)?.[1])
  } finally {
    rmSync(own, { recursive: true })
  }
}

/** JSON strings are Lua strings too, as long as they hold ASCII without `\/` and `\u`. */
function luaOf(calls: Load['calls']): string {
  const [{ method, path }] = calls
  const heads = (headers: Call['headers']): string =>
    Object.entries(headers)
      .map(([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
      .join(', ')
  const said = calls.map(
    ({ headers, body }) => `{ { ${heads(headers)} }, ${JSON.stringify(body)} }`,
  )
  return `
    local said = { ${said.join(', ')} }
    local requests, nth = {}, 0
    function init()
      for index, call in ipairs(said) do
        requests[index] = wrk.format('${method}', '${path}', call[1], call[2])
      end
    end
    function request()
      nth = nth % #requests + 1
      return requests[nth]
    end`
}

function byNode(load: Load): Promise<number> {
  const child = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)))
  return new Promise((resolve, reject) => {
    child.once('message', (rate) => resolve(Number(rate)))
    child.once('exit', (code) => reject(new Error(`the load ended with code ${code}`)))
    child.send(load)
  })
}
