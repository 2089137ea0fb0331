import * as fs from 'node:fs'
import { fail, ok, type Result } from '../result.ts'
import { type Context, readContexts } from './contexts.ts'
import type { Fault } from './fault.ts'
import type { Env } from './io.ts'

/** Which server a command speaks to, and as whom. */
export type Target = { readonly url: string; readonly token: string | undefined }

export type Asked = {
  readonly url: string | undefined
  readonly tokenFile: string | undefined
  readonly context: string | undefined
}

export const defaultUrl = 'http://127.0.0.1:8080'

/**
 * The server meant: what the command line says, then the environment, then the current context, then
 * this computer.
 *
 * A context's token goes to that context's server only: `--url` to another one does not carry it there.
 */
export function targetOf(asked: Asked, env: Env): Result<Target, Fault> {
  const chosen = contextOf(asked, env)
  if (!chosen.ok) return chosen
  const context = chosen.value
  const url = readUrl(asked.url ?? usualUrl(asked, env, context))
  if (!url.ok) return url
  const own = context && sameServer(context.url, url.value) ? context.token : undefined
  const token = tokenOf(asked, env, own)
  return token.ok ? ok({ url: url.value, token: token.value }) : token
}

function tokenOf(
  asked: Asked,
  env: Env,
  own: string | undefined,
): Result<string | undefined, Fault> {
  if (asked.tokenFile !== undefined) return readSecretFile(asked.tokenFile)
  const inEnv = envSecret('MUSTER_TOKEN', env)
  if (!inEnv.ok) return inEnv
  const fromEnv = inEnv.value
  return ok(isNamed(asked) ? (own ?? fromEnv) : (fromEnv ?? own))
}

/** A context that was named on the line outranks the environment. */
const isNamed = ({ context }: Asked): boolean => context !== undefined

const usualUrl = (asked: Asked, env: Env, context: Context | undefined): string =>
  (isNamed(asked) ? context?.url : undefined) ??
  given(env['MUSTER_URL']) ??
  context?.url ??
  defaultUrl

function contextOf({ context }: Asked, env: Env): Result<Context | undefined, Fault> {
  const contexts = readContexts(env)
  if (!contexts.ok) return contexts
  const name = context ?? given(env['MUSTER_CONTEXT']) ?? contexts.value.current
  if (name === undefined) return ok(undefined)
  const found = contexts.value.byName.get(name)
  return found === undefined
    ? fail({
        kind: 'usage',
        detail: `There is no context ${name}. See: muster config contexts`,
      })
    : ok(found)
}

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value)

/** An address without its last slash. A path stays: the server may live behind a proxy. */
export function readUrl(text: string): Result<string, Fault> {
  if (!URL.canParse(text))
    return fail({ kind: 'usage', detail: `Not an address like ${defaultUrl}: ${text}` })
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return fail({ kind: 'usage', detail: `Not an http or https address: ${text}` })
  if (url.username !== '' || url.password !== '')
    return fail({ kind: 'usage', detail: 'An address carries no password here; use a token.' })
  return ok(`${url.origin}${url.pathname}`.replace(/\/+$/, ''))
}

const sameServer = (one: string, other: string): boolean =>
  URL.canParse(one) && new URL(one).origin === new URL(other).origin

/** A secret from a variable, or from the file that the variable with `_FILE` at its end names. */
export function envSecret(variable: string, env: Env): Result<string | undefined, Fault> {
  const fileVariable = `${variable}_FILE`
  const text = given(env[variable])
  const path = given(env[fileVariable])
  if (text !== undefined && path !== undefined)
    return fail({ kind: 'usage', detail: `Set ${variable} or ${fileVariable}, not both.` })
  return path === undefined ? ok(text) : readSecretFile(path)
}

/** A secret as the only content of a file. */
export function readSecretFile(path: string): Result<string, Fault> {
  try {
    const secret = fs.readFileSync(path, 'utf8').trim()
    return /^\S+$/.test(secret)
      ? ok(secret)
      : fail({ kind: 'usage', detail: `${path} must hold one secret and nothing else.` })
  } catch (error) {
    return fail({ kind: 'failed', detail: `${path} cannot be read: ${String(error)}` })
  }
}
