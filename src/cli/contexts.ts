// Named servers, as an operator keeps them in $XDG_CONFIG_HOME/muster/config.json.
import * as fs from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fail, ok, type Result } from '../result.ts'
import type { Fault } from './fault.ts'
import type { Env } from './io.ts'
import { at, isObject, type Json, parseJson, textAt } from './json.ts'

export type Context = { readonly url: string; readonly token?: string }

export type Contexts = {
  /** The one used when none is named. */
  readonly current: string | undefined
  readonly byName: ReadonlyMap<string, Context>
}

const none: Contexts = { current: undefined, byName: new Map() }

export const contextsPath = ({ XDG_CONFIG_HOME, HOME }: Env): string =>
  join(
    XDG_CONFIG_HOME === undefined || XDG_CONFIG_HOME === ''
      ? join(HOME ?? homedir(), '.config')
      : XDG_CONFIG_HOME,
    'muster',
    'config.json',
  )

/** No file is no contexts. Fails when there is one that is not ours, or that others may read. */
export function readContexts(env: Env): Result<Contexts, Fault> {
  const path = contextsPath(env)
  try {
    if (!fs.existsSync(path)) return ok(none)
    if ((fs.statSync(path).mode & 0o077) !== 0)
      return fail({
        kind: 'failed',
        detail: `${path} holds tokens and others may read it. Run: chmod 600 ${path}`,
      })
    return parse(path, fs.readFileSync(path, 'utf8'))
  } catch (error) {
    return fail({ kind: 'failed', detail: `${path} cannot be read: ${String(error)}` })
  }
}

function parse(path: string, text: string): Result<Contexts, Fault> {
  const json = parseJson(text)
  const contexts = at(json, 'contexts')
  if (!isObject(contexts))
    return fail({ kind: 'failed', detail: `${path} is not a file of contexts.` })
  const byName = new Map<string, Context>()
  for (const [name, one] of Object.entries(contexts)) {
    const [url, token] = [textAt(one, 'url'), textAt(one, 'token')]
    if (url === undefined)
      return fail({ kind: 'failed', detail: `The context ${name} in ${path} has no url.` })
    byName.set(name, { url, ...(token !== undefined && { token }) })
  }
  return ok({ current: textAt(json, 'current'), byName })
}

/** Written aside and renamed, readable by its owner only: it holds tokens. */
export function writeContexts(env: Env, { current, byName }: Contexts): Result<string, Fault> {
  const path = contextsPath(env)
  const content: Json = {
    ...(current !== undefined && { current }),
    contexts: Object.fromEntries(byName),
  }
  const draft = `${path}.${process.pid}`
  try {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    fs.writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
    fs.renameSync(draft, path)
    return ok(path)
  } catch (error) {
    return fail({ kind: 'failed', detail: `${path} cannot be written: ${String(error)}` })
  }
}
