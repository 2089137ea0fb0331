import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { confirmed } from './confirmation.ts'
import type { Fault } from './fault.ts'
import { examples } from './group.ts'
import { reach, toldReached } from './targets.ts'

export const addRemoval = (webhooks: Command, shell: Shell): Command =>
  examples(
    webhooks
      .command('delete')
      .description('delete webhooks with everything they were told')
      .argument('<id...>', 'as the list shows them')
      .option('-y, --yes', 'do not ask')
      .action(shell.runs(remove)),
    'muster webhooks delete 0199c0de-… --yes',
  )

async function remove(call: Call): Promise<Result<number, Fault>> {
  const { args } = call
  const client = call.client()
  if (!client.ok) return client
  const [only = ''] = args
  const sure = await confirmed(call, {
    warning: `This deletes ${args.length === 1 ? `the webhook ${only}` : `${args.length} webhooks`} and what waits for it.`,
    word: args.length === 1 ? only : String(args.length),
  })
  if (!sure.ok) return sure
  const removed = await reach(call, args, async (id) => {
    const gone = await client.value.json({ method: 'DELETE', path: `/webhooks/${segment(id)}` })
    return gone.ok ? ok(gone.value ?? { id }) : gone
  })
  if (!removed.ok) return removed
  const look = { name: 'id', columns: columnsOf('DELETED: id') }
  return toldReached(call, look, { ...removed.value, of: args.length })
}
