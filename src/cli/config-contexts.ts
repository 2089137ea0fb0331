// `muster config`: servers by name.
import type { Command } from 'commander'
import { fail, ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { columnsOf } from './column.ts'
import { usage } from './command-wish.ts'
import {
  type Context,
  type Contexts,
  contextsPath,
  readContexts,
  writeContexts,
} from './contexts.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { listText, type Look } from './format.ts'
import { examples, group } from './group.ts'
import { readSecretFile, readUrl } from './target.ts'

export function addConfig(program: Command, shell: Shell): void {
  const config = group(program, 'config', 'servers by name, with their tokens')
  config
    .command('contexts')
    .description('the contexts there are; tokens are not shown')
    .action(shell.runs(list))
  examples(
    config
      .command('set')
      .description(
        'make or change a context, from --url and --token-file; the first becomes current',
      )
      .argument('<name>')
      .action(shell.runs(set)),
    'muster config set production --url https://mdm.example.com --token-file token.txt',
  )
  config
    .command('use')
    .description('make a context the current one')
    .argument('<name>')
    .action(shell.runs(use))
  config
    .command('delete')
    .description('forget a context')
    .argument('<name>')
    .action(shell.runs(forget))
}

const look: Look = {
  name: 'name',
  columns: columnsOf('CURRENT: current', 'NAME: name', 'URL: url', 'TOKEN: token'),
}

async function list(call: Call): Promise<Result<number, Fault>> {
  const contexts = readContexts(call.env)
  if (!contexts.ok) return contexts
  const { current, byName } = contexts.value
  const items = [...byName].map(([name, { url, token }]) => ({
    name,
    url,
    current: name === current,
    token: token === undefined ? 'none' : 'kept',
  }))
  if (items.length === 0) await call.tell(`There are none in ${contextsPath(call.env)}.`)
  const envelope = { items, total: items.length, next: null }
  await call.io.stdout.write(listText(call, look, { items, envelope }))
  return ok(exitCodes.ok)
}

function set(call: Call): Promise<Result<number, Fault>> {
  const [name = ''] = call.args
  return change(call, ({ current, byName }) => {
    const context = wantedContext(call, byName.get(name))
    if (!context.ok) return context
    return ok({ current: current ?? name, byName: new Map([...byName, [name, context.value]]) })
  })
}

function wantedContext({ options }: Call, before: Context | undefined): Result<Context, Fault> {
  const given = options.text('url') ?? before?.url
  if (given === undefined) return usage('A new context needs --url.')
  const url = readUrl(given)
  if (!url.ok) return url
  const file = options.text('tokenFile')
  if (file !== undefined) {
    const token = readSecretFile(file)
    return token.ok ? ok({ url: url.value, token: token.value }) : token
  }
  // A token belongs to the server it was made on: another address does not inherit it.
  return ok(before?.url === url.value ? before : { url: url.value })
}

function use(call: Call): Promise<Result<number, Fault>> {
  const [name = ''] = call.args
  return change(call, ({ byName }) =>
    byName.has(name) ? ok({ current: name, byName }) : noSuch(name),
  )
}

function forget(call: Call): Promise<Result<number, Fault>> {
  const [name = ''] = call.args
  return change(call, ({ current, byName }) =>
    byName.has(name)
      ? ok({
          current: current === name ? undefined : current,
          byName: new Map([...byName].filter(([one]) => one !== name)),
        })
      : noSuch(name),
  )
}

const noSuch = (name: string): Result<never, Fault> =>
  fail({ kind: 'usage', detail: `There is no context ${name}. See: muster config contexts` })

async function change(
  call: Call,
  decide: (contexts: Contexts) => Result<Contexts, Fault>,
): Promise<Result<number, Fault>> {
  const contexts = readContexts(call.env)
  if (!contexts.ok) return contexts
  const wanted = decide(contexts.value)
  if (!wanted.ok) return wanted
  const written = writeContexts(call.env, wanted.value)
  if (!written.ok) return written
  await call.tell(`Kept in ${written.value}.`)
  return ok(exitCodes.ok)
}
