// `muster tokens` and `muster enroll-secrets`: who may ask the API, and what agents enrol with.
import type { Command } from 'commander'
import { agentFlags } from '../protocol/osquery/agent-flags.ts'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { confirmed } from './confirmation.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import type { Json } from './json.ts'
import { addListOptions, listing } from './listing.ts'
import { textOf } from './showing.ts'
import { reach, toldReached } from './targets.ts'

type Kind = {
  readonly noun: string
  readonly path: '/tokens' | '/enroll-secrets'
  readonly what: string
  readonly list: Look
  /** With the secret itself, which the server tells once. */
  readonly created: Look
}

const tokenColumns = [
  'NAME: name',
  'ROLE: role',
  'CREATED: @created_at',
  'LAST USED: @last_used_at',
]
const secretColumns = ['NAME: name', 'CREATED: @created_at']

const tokens: Kind = {
  noun: 'tokens',
  path: '/tokens',
  what: 'API token',
  list: { name: 'id', columns: columnsOf('ID: id', ...tokenColumns) },
  created: { name: 'id', columns: columnsOf('ID: id', ...tokenColumns, 'TOKEN: secret') },
}

const enrollSecrets: Kind = {
  noun: 'enroll-secrets',
  path: '/enroll-secrets',
  what: 'enroll secret',
  list: { name: 'id', columns: columnsOf('ID: id', ...secretColumns) },
  created: { name: 'id', columns: columnsOf('ID: id', ...secretColumns, 'SECRET: secret') },
}

export function addAccess(program: Command, shell: Shell): void {
  const tokenGroup = group(program, tokens.noun, 'API tokens and what they may do')
  addListAndDelete(tokenGroup, shell, tokens)
  examples(
    tokenGroup
      .command('create')
      .description('make a token; it is shown this once')
      .argument('<name>', 'what the journal calls its user')
      .option('--role <role>', 'viewer reads, admin changes (default viewer)')
      .action(
        shell.runs((call) =>
          create(call, tokens, {
            name: call.args[0] ?? '',
            role: call.options.text('role') ?? 'viewer',
          }),
        ),
      ),
    'muster tokens create grafana',
    'muster tokens create ci --role admin -o json | jq -r .secret > token.txt',
  )
  const secretGroup = group(program, enrollSecrets.noun, 'secrets that osquery agents enrol with')
  addListAndDelete(secretGroup, shell, enrollSecrets)
  examples(
    secretGroup
      .command('create')
      .description('make a secret; it is shown this once')
      .argument('<name>', 'what it is for')
      .action(shell.runs((call) => create(call, enrollSecrets, { name: call.args[0] ?? '' }))),
    'muster enroll-secrets create autumn-2026',
  )
  examples(
    secretGroup
      .command('flags')
      .description('print the flag file of an osquery agent')
      .argument('<host>', 'where agents reach the server, as host or host:port')
      .action(shell.runs(flags)),
    'muster enroll-secrets flags mdm.example.com > osquery.flags',
  )
}

async function flags({ args, io }: Call): Promise<Result<number, Fault>> {
  await io.stdout.write(`${agentFlags(args[0] ?? '').join('\n')}\n`)
  return ok(exitCodes.ok)
}

function addListAndDelete(command: Command, shell: Shell, kind: Kind): void {
  addListOptions(
    command
      .command('list')
      .alias('ls')
      .description(`every ${kind.what}, without the secret itself`)
      .action(
        shell.runs((call) =>
          listing(call, { ...kind.list, path: kind.path, query: {}, whole: true }),
        ),
      ),
  )
  examples(
    command
      .command('delete')
      .description(`end an ${kind.what}`)
      .argument('<id...>', 'as the list shows them')
      .option('-y, --yes', 'do not ask')
      .action(shell.runs((call) => remove(call, kind))),
    `muster ${kind.noun} delete 0199c0de-… --yes`,
  )
}

async function create(
  call: Call,
  { path, created }: Kind,
  json: Json,
): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const made = await client.value.json({ method: 'POST', path, json })
  if (!made.ok) return made
  await call.io.stdout.write(textOf(call, created, made.value))
  await call.tell('It is shown this once: keep it now.')
  return ok(exitCodes.ok)
}

async function remove(call: Call, { path, what, list }: Kind): Promise<Result<number, Fault>> {
  const { args } = call
  const client = call.client()
  if (!client.ok) return client
  const sure = await confirmed(call, {
    warning: `This ends ${args.length === 1 ? `the ${what} ${args[0] ?? ''}` : `${args.length} of them`}.`,
    word: args.length === 1 ? (args[0] ?? '') : String(args.length),
  })
  if (!sure.ok) return sure
  const removed = await reach(call, args, async (id) => {
    const gone = await client.value.json({ method: 'DELETE', path: `${path}/${segment(id)}` })
    // An empty answer is an answer; what was ended is what was named.
    return gone.ok ? ok(gone.value ?? { id }) : gone
  })
  if (!removed.ok) return removed
  return toldReached(
    call,
    { ...list, columns: columnsOf('DELETED: id') },
    { ...removed.value, of: args.length },
  )
}
