import type { Command } from 'commander'
import type { Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import { conflictLook } from './host-looks.ts'
import { addPlanOptions, planned } from './hosts-identity.ts'
import { at, type Json } from './json.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'
import { showing } from './showing.ts'
import { yaml } from './yaml.ts'

export function addConflicts(program: Command, shell: Shell): void {
  const conflicts = group(program, 'conflicts', 'identities that contradict each other')
  const list = conflicts
    .command('list')
    .alias('ls')
    .description('open conflicts, newest first')
    .option('--open <which>', 'true, false or any')
    .action(
      shell.runs((call) =>
        listing(call, { ...conflictLook, path: '/conflicts', query: filtersOf(call, ['open']) }),
      ),
    )
  examples(
    addListOptions(list),
    'muster conflicts list -o wide',
    'muster conflicts list --open any --all -o json',
  )
  examples(
    conflicts
      .command('event')
      .description('what a failing host could not take; looking is journalled')
      .argument('<id>', 'as conflicts list shows it')
      .action(shell.runs(event)),
    'muster conflicts event failing-0199c0de-… -o json',
  )
  examples(
    addPlanOptions(conflicts.command('resolve'))
      .description('settle a conflict by one of the choices it names')
      .argument('<id>', 'as conflicts list shows it')
      .argument('<choice>', 'merge, confirm-replacement, keep-separate or dismiss')
      .action(shell.runs(resolve)),
    'muster conflicts resolve 0199c0de-… keep-separate --dry-run',
  )
}

const eventLook: Look = {
  name: 'cause.id',
  columns: columnsOf('CAUSE: cause.kind', 'BY: cause.id'),
}

function event(call: Call): Promise<Result<number, Fault>> {
  const path = `/conflicts/${segment(call.args[0] ?? '')}/event`
  return showing(call, { ...eventLook, request: { method: 'GET', path }, more: eventsText })
}

/** Whole, since what the machine threw at may be anywhere in it. */
const eventsText = (_: Call, kept: Json): string => `\nevents:\n${yaml(at(kept, 'events') ?? [])}`

const planLook: Look = {
  name: 'conflict',
  columns: columnsOf('CONFLICT: conflict', 'CHOICE: choice', 'HOSTS: hosts', 'DRY RUN: dry_run'),
}

function resolve(call: Call): Promise<Result<number, Fault>> {
  const [id = '', choice = ''] = call.args
  return planned(call, {
    look: planLook,
    warning: `This settles the conflict ${id} by ${choice}.`,
    word: choice,
    request: {
      method: 'POST',
      path: `/conflicts/${segment(id)}/resolve`,
      json: { choice, dry_run: call.options.flag('dryRun') },
    },
  })
}
