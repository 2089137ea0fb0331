// How hosts are chosen by what they are: the same options wherever a command takes many of them.
import type { Command } from 'commander'

export const hostFilters = [
  'mdm',
  'dep',
  'osquery',
  'presence',
  'status',
  'lifecycle',
  'platform',
  'first_seen_since',
  'first_seen_before',
  'q',
] as const

export const addHostFilters = (command: Command): Command =>
  command
    .option('--mdm <states>', 'unenrolled, authenticated, enrolled, enrolled.ready…')
    .option('--dep <states>', 'assigned, unassigned')
    .option('--osquery <states>', 'enrolled, unenrolled')
    .option('--presence <words>', 'online, offline, missing, never')
    .option('--status <words>', 'on_automatic, on_manual, on_personal, pending, off, none')
    .option('--lifecycle <words>', 'mdm_enrolled, osquery_enrolled, dep_assigned, unenrolled')
    .option('--platform <words>', 'darwin, ios, windows, linux…')
    .option(
      '--first-seen-since <time>',
      'first seen at this time or later, such as 2026-11-30T08:00:00Z',
    )
    .option('--first-seen-before <time>', 'first seen before this time')
    .option('-q, --q <prefix>', 'beginning of hostname or of any identifier')
