// What a webhook was told: the log, telling it again, and trying it.
import type { Command } from 'commander'
import { fail, ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples } from './group.ts'
import type { Json } from './json.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'
import { wholeNumber } from './options.ts'
import { textOf } from './showing.ts'

const look: Look = {
  name: 'id',
  columns: columnsOf(
    'ID: id',
    'TOPIC: topic',
    'STATE: ~state',
    'TRIES: attempts',
    'STATUS: last_status',
    'CREATED: @created_at',
    '+NEXT: @due_at',
    '+HOST: host_id',
    '+ERROR: last_error',
  ),
}
const replayed: Look = { name: 'deliveries', columns: columnsOf('DELIVERIES: deliveries') }

export function addDeliveries(webhooks: Command, shell: Shell): void {
  examples(
    addListOptions(
      webhooks
        .command('deliveries')
        .description('what a webhook was told and is yet to be told, newest first')
        .argument('<id>', 'of the webhook')
        .option('--state <list>', 'pending, delivered or failed, by comma')
        .option('--topic <list>', 'events by comma')
        .option('--host <id>', 'about one host')
        .action(
          shell.runs((call) =>
            listing(call, {
              ...look,
              path: `${pathOf(call)}/deliveries`,
              query: filtersOf(call, ['state', 'topic', 'host']),
            }),
          ),
        ),
    ),
    'muster webhooks deliveries 0199c0de-… --state failed -o wide',
  )
  examples(
    webhooks
      .command('replay')
      .description('send again what was sent before, under the same ids')
      .argument('<id>', 'of the webhook')
      .option('--delivery <id>', 'one delivery')
      .option('--since <time>', 'all kept ones created since, such as 2026-11-24T08:00:00Z')
      .option(
        '--after-seq <n>',
        'the journal after that seq',
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      )
      .action(shell.runs(replay)),
    'muster webhooks replay 0199c0de-… --delivery msg_0199…_42',
    'muster webhooks replay 0199c0de-… --since 2026-11-24T08:00:00Z',
  )
  webhooks
    .command('test')
    .description('send a message that says it is a test')
    .argument('<id>', 'of the webhook')
    .action(shell.runs((call) => post(call, `${pathOf(call)}/test`, { shown: look })))
}

const pathOf = ({ args }: Call): string => `/webhooks/${segment(args[0] ?? '')}`

function replay(call: Call): Promise<Result<number, Fault>> {
  const { options } = call
  const [delivery, since] = [options.text('delivery'), options.text('since')]
  const afterSeq = options.number('afterSeq')
  const given = [delivery, since, afterSeq].filter((one) => one !== undefined)
  if (given.length !== 1)
    return Promise.resolve(
      fail({ kind: 'usage', detail: 'Give one of --delivery, --since and --after-seq.' }),
    )
  if (delivery !== undefined)
    return post(call, `${pathOf(call)}/deliveries/${segment(delivery)}/replay`, { shown: look })
  const json: Json = since === undefined ? { after_seq: afterSeq ?? 0 } : { since }
  return post(call, `${pathOf(call)}/replay`, { shown: replayed, json })
}

async function post(
  call: Call,
  path: string,
  { shown, json }: { readonly shown: Look; readonly json?: Json },
): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const answer = await client.value.json({
    method: 'POST',
    path,
    ...(json !== undefined && { json }),
  })
  if (!answer.ok) return answer
  await call.io.stdout.write(textOf(call, shown, answer.value))
  return ok(exitCodes.ok)
}
