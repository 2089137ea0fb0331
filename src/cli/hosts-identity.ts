// `muster hosts merge|split|delete|revoke-agent`: identity, as operators mend it. Each can be tried with --dry-run.
import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { type ApiRequest, segment } from './client.ts'
import { columnsOf } from './column.ts'
import { confirmed } from './confirmation.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples } from './group.ts'
import { textOf } from './showing.ts'

export function addHostsIdentity(hosts: Command, shell: Shell): void {
  examples(
    addPlanOptions(hosts.command('merge'))
      .description('make one host of two; the first survives')
      .argument('<survivor>', 'the host that stays')
      .argument('<other>', 'the host that becomes part of it')
      .action(shell.runs(merge)),
    'muster hosts merge C02FIXTURE01 0199c0de-… --dry-run',
  )
  examples(
    addPlanOptions(hosts.command('split'))
      .description('undo a merge: the latest one, unless --merge names another')
      .argument('<ref>', 'the host that others were merged into')
      .option('--merge <id>', 'the merge to undo')
      .action(shell.runs(split)),
    'muster hosts split C02FIXTURE01 --dry-run',
  )
  examples(
    addPlanOptions(hosts.command('delete'))
      .description("forget a host; one in Apple's list is reset to pending instead")
      .argument('<ref>', 'the host to forget')
      .action(shell.runs(remove)),
    'muster hosts delete C02FIXTURE01 --dry-run',
    'muster hosts delete C02FIXTURE01 --yes',
  )
  examples(
    addPlanOptions(hosts.command('revoke-agent'))
      .description(
        'end the node key of one osquery agent, so that another one can be the agent of the host',
      )
      .argument('<ref>', 'the host')
      .argument('<key>', 'the key of the agent, as `muster hosts get` shows it')
      .action(shell.runs(revokeAgent)),
    'muster hosts revoke-agent C02FIXTURE01 3f9a01bc77de --yes',
  )
}

export const addPlanOptions = (command: Command): Command =>
  command
    .option('--dry-run', 'tell what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')

const movesLook = [
  'CLAIMS: moves.claims',
  'CHANNELS: moves.channels',
  'DEP SERIALS: moves.dep_serials',
  'AGENTS: moves.agents',
  'OPEN COMMANDS: moves.open_commands',
  'DRY RUN: dry_run',
] as const

const mergeLook: Look = {
  name: 'survivor',
  columns: columnsOf('SURVIVOR: survivor', 'LOSER: loser', 'MERGE: merge_id', ...movesLook),
}
const splitLook: Look = {
  name: 'restored',
  columns: columnsOf('HOST: host', 'RESTORED: restored', 'MERGE: merge_id', ...movesLook),
}
const removalLook: Look = {
  name: 'host',
  columns: columnsOf(
    'OUTCOME: outcome',
    'HOST: host',
    'OPEN COMMANDS: open_commands',
    'DRY RUN: dry_run',
  ),
}

function merge(call: Call): Promise<Result<number, Fault>> {
  const [survivor = '', other = ''] = call.args
  return planned(call, {
    look: mergeLook,
    warning: `This makes ${other} a part of ${survivor}.`,
    word: survivor,
    request: {
      method: 'POST',
      path: `/hosts/${segment(survivor)}/merge`,
      json: { with: other, dry_run: call.options.flag('dryRun') },
    },
  })
}

function split(call: Call): Promise<Result<number, Fault>> {
  const [ref = ''] = call.args
  const merged = call.options.text('merge')
  return planned(call, {
    look: splitLook,
    warning: `This undoes a merge into ${ref}.`,
    word: ref,
    request: {
      method: 'POST',
      path: `/hosts/${segment(ref)}/split`,
      json: {
        ...(merged !== undefined && { merge_id: merged }),
        dry_run: call.options.flag('dryRun'),
      },
    },
  })
}

function remove(call: Call): Promise<Result<number, Fault>> {
  const [ref = ''] = call.args
  return planned(call, {
    look: removalLook,
    warning: `This forgets ${ref}, its history and its open commands.`,
    word: ref,
    request: {
      method: 'DELETE',
      path: `/hosts/${segment(ref)}`,
      query: { dry_run: call.options.flag('dryRun') ? 'true' : undefined },
    },
  })
}

function revokeAgent(call: Call): Promise<Result<number, Fault>> {
  const [ref = '', key = ''] = call.args
  return planned(call, {
    look: {
      name: 'key',
      columns: columnsOf(
        'REVOKED: key',
        'INSTANCE: instance',
        'AGENTS LEFT: agents_left',
        'DRY RUN: dry_run',
      ),
    },
    warning: `This ends the agent ${key} of ${ref}.`,
    word: key,
    request: {
      method: 'DELETE',
      path: `/hosts/${segment(ref)}/agents/${segment(key)}`,
      query: { dry_run: call.options.flag('dryRun') ? 'true' : undefined },
    },
  })
}

export type Plan = {
  readonly look: Look
  readonly warning: string
  /** What the operator types when asked. */
  readonly word: string
  readonly request: ApiRequest
}

/** Does what was planned once it is confirmed; a dry run needs no confirmation. */
export async function planned(call: Call, plan: Plan): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  if (!call.options.flag('dryRun')) {
    const sure = await confirmed(call, plan)
    if (!sure.ok) return sure
  }
  const answer = await client.value.json(plan.request)
  if (!answer.ok) return answer
  await call.io.stdout.write(textOf(call, plan.look, answer.value))
  return ok(exitCodes.ok)
}
