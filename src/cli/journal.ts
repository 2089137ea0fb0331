// `muster journal`: what happened to all, and what operators changed that is about no host.
import type { Command } from 'commander'
import type { Shell } from './call.ts'
import { examples } from './group.ts'
import { journalLook } from './host-looks.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'

export function addJournal(program: Command, shell: Shell): void {
  const command = program
    .command('journal')
    .description('what happened, to hosts and to all else, newest first')
    .option('--event <names>', 'such as webhook.created; several by comma')
    .option('--actor <name>', 'host, or a CommandUUID')
    .option('--cause <kinds>', 'device, operator, alarm, sync, effect, identity')
    .action(
      shell.runs((call) =>
        listing(call, {
          ...journalLook,
          path: '/journal',
          query: filtersOf(call, ['event', 'actor', 'cause']),
        }),
      ),
    )
  examples(
    addListOptions(command),
    'muster journal --cause operator -o wide',
    'muster journal --event webhook.created,push_certificate.uploaded --limit 20',
  )
}
