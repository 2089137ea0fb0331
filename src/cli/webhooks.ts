// `muster webhooks`: other programs that want to be told.
import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { readInput } from './command-wish.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import type { Json } from './json.ts'
import { addListOptions, listing } from './listing.ts'
import { durationMs } from './options.ts'
import { showing, textOf } from './showing.ts'
import { addDeliveries } from './webhooks-deliveries.ts'
import { addRemoval } from './webhooks-removal.ts'

const columns = [
  'ID: id',
  'NAME: name',
  'KIND: kind',
  '+URL: url',
  '+TOPICS: topics',
  'ENABLED: enabled',
  'WAITING: waiting',
  'LAST: ~last.state',
  '+STATUS: last.last_status',
  'WHEN: @last.finished_at',
  '+SWITCHED OFF: disabled_reason',
]

const look: Look = { name: 'id', columns: columnsOf(...columns) }
const created: Look = { name: 'id', columns: columnsOf('ID: id', 'URL: url', 'SECRET: secret') }

export function addWebhooks(program: Command, shell: Shell): void {
  const webhooks = group(program, 'webhooks', 'programs that are told what happens')
  addListOptions(
    webhooks
      .command('list')
      .alias('ls')
      .description('every webhook, with what it was told last')
      .action(
        shell.runs((call) => listing(call, { ...look, path: '/webhooks', query: {}, whole: true })),
      ),
  )
  examples(
    webhooks
      .command('create')
      .description('make a webhook; its secret is shown this once')
      .argument('<name>', 'what it is for')
      .argument('<url>', 'https, unless the server allows it')
      .option('--kind <kind>', 'standard (default), or nanomdm: whole MDM messages')
      .option('--topics <list>', 'events such as mdm.CheckOut or mdm.*, by comma (default all)')
      .option('--secret-file <file>', 'a secret the receiver knows already; - for stdin')
      .action(shell.runs(create)),
    'muster webhooks create tickets https://tickets.example.com/muster --topics mdm.CheckOut',
    'muster webhooks create nanocmd https://cmd.example.com/webhook --kind nanomdm',
  )
  webhooks
    .command('show')
    .description('a webhook and what it was told last')
    .argument('<id>', 'as the list shows it')
    .action(
      shell.runs((call) =>
        showing(call, { ...look, request: { method: 'GET', path: pathOf(call) } }),
      ),
    )
  for (const [verb, enabled, what] of [
    ['enable', true, 'switch a webhook on; it goes on where it was'],
    ['disable', false, 'switch a webhook off; what waits goes on waiting'],
  ] as const)
    webhooks
      .command(verb)
      .description(what)
      .argument('<id>', 'as the list shows it')
      .action(shell.runs((call) => posted(call, pathOf(call), { look, json: { enabled } })))
  examples(
    webhooks
      .command('rotate-secret')
      .description('give a webhook another secret, shown this once')
      .argument('<id>', 'as the list shows it')
      .option(
        '--grace <duration>',
        'how long the one before signs along (default 1d; NanoMDM: not at all)',
        durationMs,
      )
      .option('--secret-file <file>', 'a secret the receiver knows already; - for stdin')
      .action(shell.runs(rotate)),
    'muster webhooks rotate-secret 0199c0de-…',
    'muster webhooks rotate-secret 0199c0de-… --grace 0',
  )
  addRemoval(webhooks, shell)
  addDeliveries(webhooks, shell)
}

const pathOf = ({ args }: Call): string => `/webhooks/${segment(args[0] ?? '')}`

async function create(call: Call): Promise<Result<number, Fault>> {
  const [name = '', url = ''] = call.args
  const { options } = call
  const secret = await broughtSecret(call)
  if (!secret.ok) return secret
  const topics = options.text('topics')
  const made = await posted(call, '/webhooks', {
    look: created,
    json: {
      name,
      url,
      kind: options.text('kind') ?? 'standard',
      topics: topics === undefined ? [] : topics.split(',').map((topic) => topic.trim()),
      ...secret.value,
    },
  })
  if (made.ok) await call.tell(keepIt)
  return made
}

async function rotate(call: Call): Promise<Result<number, Fault>> {
  const secret = await broughtSecret(call)
  if (!secret.ok) return secret
  const graceMs = call.options.number('grace')
  const rotated = await posted(call, `${pathOf(call)}/rotate-secret`, {
    look: {
      name: 'id',
      columns: columnsOf('ID: id', 'SECRET: secret', 'FORMER UNTIL: @former_secret_until'),
    },
    json: { ...secret.value, ...(graceMs !== undefined && { grace_ms: graceMs }) },
  })
  if (rotated.ok) await call.tell(keepIt)
  return rotated
}

const keepIt = 'The secret is shown this once: keep it now.'

/** As a member of the body; nothing where the server is to make one. */
async function broughtSecret(call: Call): Promise<Result<{ readonly secret?: string }, Fault>> {
  const file = call.options.text('secretFile')
  if (file === undefined) return ok({})
  const read = await readInput(call, file)
  return read.ok ? ok({ secret: Buffer.from(read.value).toString('utf8').trim() }) : read
}

async function posted(
  call: Call,
  path: string,
  { look: shown, json }: { readonly look: Look; readonly json: Json },
): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const answer = await client.value.json({ method: 'POST', path, json })
  if (!answer.ok) return answer
  await call.io.stdout.write(textOf(call, shown, answer.value))
  return ok(exitCodes.ok)
}
