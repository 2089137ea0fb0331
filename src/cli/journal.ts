// `muster journal` and `muster hosts journal`: what happened, to all or to one host.
import type { Command } from 'commander'
import { type Call, type Shell } from './call.ts'
import { examples } from './group.ts'
import { journalLook } from './host-looks.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'
import { refHelp, refOf } from './host-ref.ts'

export function addJournal(program: Command, shell: Shell): void {
  const command = program
    .command('journal')
    .description('what happened, to hosts and to all else, newest first')
  list(command, shell, { event: 'webhook.created', pathOf: () => '/journal' })
  examples(
    command,
    'muster journal --cause operator -o wide',
    'muster journal --event webhook.created,push_certificate.uploaded --limit 20',
  )
}

export function addHostJournal(hosts: Command, shell: Shell): void {
  const command = hosts
    .command('journal')
    .description('what happened to a host and its commands, newest first')
    .argument('<ref>', refHelp)
  list(command, shell, {
    event: 'mdm.TokenUpdate',
    pathOf: (call) => `/hosts/${refOf(call)}/journal`,
  })
  examples(
    command,
    'muster hosts journal C02FIXTURE01 --cause operator --limit 20',
    'muster hosts journal C02FIXTURE01 --all -o ndjson > journal.ndjson',
  )
}

type Listed = { readonly event: string; readonly pathOf: (call: Call) => string }

function list(command: Command, shell: Shell, { event, pathOf }: Listed): void {
  command
    .option('--event <names>', `such as ${event}; several by comma`)
    .option('--actor <name>', 'host, or the id of a command')
    .option('--cause <kinds>', 'device, operator, alarm, sync, effect, identity')
    .action(
      shell.runs((call) =>
        listing(call, {
          ...journalLook,
          path: pathOf(call),
          query: filtersOf(call, ['event', 'actor', 'cause']),
        }),
      ),
    )
  addListOptions(command)
}
