// `muster hosts prune`: forget all hosts that a filter finds, such as those that a flood of enrolments made.
import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import type { Client } from './client.ts'
import { columnsOf } from './column.ts'
import { confirmed } from './confirmation.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples } from './group.ts'
import { addHostFilters, hostFilters } from './host-filters.ts'
import { addPlanOptions } from './hosts-identity.ts'
import { at, type Json, listAt } from './json.ts'
import { filtersOf } from './listing.ts'
import { collect } from './options.ts'
import { textOf } from './showing.ts'

export function addPrune(hosts: Command, shell: Shell): void {
  examples(
    addPlanOptions(addHostFilters(hosts.command('prune')))
      .description('forget all hosts that the filters find, such as those that a flood made')
      .option('--filter <key=value>', "a filter as in the API's address; may be repeated", collect)
      .action(shell.runs(prune)),
    'muster hosts prune --lifecycle osquery_enrolled --first-seen-since 2026-11-30T08:00:00Z --dry-run',
  )
}

const look: Look = {
  name: 'found',
  columns: columnsOf(
    'FOUND: found',
    'DELETED: deleted',
    'RESET: reset_to_pending',
    'FAILED: failed',
    'LEFT: left',
    'DRY RUN: dry_run',
  ),
}

async function prune(call: Call): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const filter = String(new URLSearchParams(textsOf(call)))
  const tried = await remove(client.value, { filter, dry_run: true })
  if (!tried.ok) return tried
  const found = countAt(tried.value, 'found')
  if (call.options.flag('dryRun') || found === 0) return shown(call, tried.value)
  const warning = `This forgets ${found} hosts, their history and their open commands.`
  const sure = await confirmed(call, { warning, word: String(found) })
  if (!sure.ok) return sure
  return removeAll(call, client.value, { filter, expected: found })
}

type Filtered = { readonly filter: string; readonly expected: number }

/** Request after request, until nothing is left or nothing goes any more. */
async function removeAll(
  call: Call,
  client: Client,
  { filter, expected }: Filtered,
): Promise<Result<number, Fault>> {
  const sum = { deleted: 0, reset_to_pending: 0 }
  for (let request = 0; ; request += 1) {
    const done = await remove(client, { filter, ...(request === 0 && { expected }) })
    if (!done.ok) return done
    const deleted = countAt(done.value, 'deleted')
    sum.deleted += deleted
    sum.reset_to_pending += countAt(done.value, 'reset_to_pending')
    const left = countAt(done.value, 'left')
    if (left > 0 && deleted > 0) continue
    const failed = listAt(done.value, 'failed')
    await shown(call, { dry_run: false, found: expected, ...sum, failed, left })
    return ok(left > 0 || failed.length > 0 ? exitCodes.someFailed : exitCodes.ok)
  }
}

const remove = (client: Client, json: Json): Promise<Result<Json, Fault>> =>
  client.json({ method: 'POST', path: '/hosts/remove', json })

const textsOf = (call: Call): Record<string, string> =>
  Object.fromEntries(
    Object.entries(filtersOf(call, hostFilters)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  )

const countAt = (answer: Json, name: string): number => Number(at(answer, name) ?? 0)

async function shown(call: Call, answer: Json): Promise<Result<number, Fault>> {
  await call.io.stdout.write(textOf(call, look, answer))
  return ok(exitCodes.ok)
}
