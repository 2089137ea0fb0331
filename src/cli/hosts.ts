// `muster hosts`: look at hosts. What changes them is in hosts-identity.ts.
import type { Command } from 'commander'
import type { Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { columnsOf } from './column.ts'
import type { Fault } from './fault.ts'
import { type Look, tableText } from './format.ts'
import { examples, group } from './group.ts'
import { channelLook, claimLook, commandLook, depDeviceLook, hostLook } from './host-looks.ts'
import { refHelp, refOf } from './host-ref.ts'
import { addHostFilters, hostFilters } from './host-filters.ts'
import { addHostsIdentity } from './hosts-identity.ts'
import { addPrune } from './hosts-prune.ts'
import { addHostJournal } from './journal.ts'
import { at, isObject, type Json, listAt } from './json.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'
import { showing } from './showing.ts'
import { addWatch } from './watching.ts'

export function addHosts(program: Command, shell: Shell): void {
  const hosts = group(program, 'hosts', 'the computers: find, look, explain, mend identity')
  addList(hosts, shell)
  addGet(hosts, shell)
  addExplain(hosts, shell)
  addHostJournal(hosts, shell)
  hosts
    .command('summary')
    .description('how many hosts are in each state')
    .action(shell.runs((call) => showing(call, { ...summaryLook, ...get('/hosts/summary') })))
  hosts
    .command('actor')
    .description("the host's actor: state, context, children, alarms")
    .argument('<ref>', refHelp)
    .action(
      shell.runs((call) => showing(call, { ...actorLook, ...get(`/hosts/${refOf(call)}/actor`) })),
    )
  addHostsIdentity(hosts, shell)
  addPrune(hosts, shell)
}

const get = (path: string) => ({ request: { method: 'GET', path } }) as const

function addList(hosts: Command, shell: Shell): void {
  const command = addHostFilters(hosts.command('list'))
    .alias('ls')
    .description('hosts by state; several values by comma, a leading ! leaves out')
    .option('--sort <column>', 'a column, with a leading - for descending')
    .action(
      shell.runs((call) =>
        listing(call, {
          ...hostLook,
          path: '/hosts',
          query: filtersOf(call, [...hostFilters, 'sort']),
        }),
      ),
    )
  examples(
    addListOptions(command),
    "muster hosts list --dep assigned --mdm '!enrolled'     assigned and not enrolled",
    'muster hosts list --osquery enrolled --sort -last_seen_at -o wide',
    'muster hosts list --presence missing --all -o name | xargs -n1 muster hosts explain',
    'muster hosts list --watch',
  )
}

function addGet(hosts: Command, shell: Shell): void {
  const command = hosts
    .command('get')
    .description('one host: facts, channels, claims, open commands, alarms')
    .argument('<ref>', refHelp)
    .action(
      shell.runs((call) =>
        showing(call, { ...hostLook, ...get(`/hosts/${refOf(call)}`), more: sections }),
      ),
    )
  examples(
    addWatch(command),
    'muster hosts get C02FIXTURE01',
    'muster hosts get C02FIXTURE01 -o json | jq .facts',
  )
}

const alarmLook: Look = { name: 'name', columns: columnsOf('ALARM: name', 'DUE: @due_at') }
const factLook: Look = {
  name: 'name',
  columns: columnsOf(
    'FACT: name',
    'VALUE: value',
    'SOURCE: source',
    'SINCE: @at',
    'AGENT SAYS: agent_says.value',
  ),
}

const agentLook: Look = {
  name: 'key',
  columns: columnsOf(
    'AGENT: key',
    'INSTANCE: instance',
    'ENROLLED: @enrolled_at',
    'DETAILS: @detail_at',
    '+ENDS: @expires_at',
  ),
}

const osqueryRefusalLook: Look = {
  name: 'route',
  columns: columnsOf(
    'OSQUERY MESSAGE: route',
    'OUTCOME: outcome',
    'REASON: reason',
    'SINCE: @since',
    'LAST: @last_at',
    'TIMES: count',
  ),
}

const parts: readonly (readonly [string, Look])[] = [
  ['channels', channelLook],
  ['claims', claimLook],
  ['dep_devices', depDeviceLook],
  ['agents', agentLook],
  ['osquery_refusals', osqueryRefusalLook],
  ['open_commands', commandLook],
  ['alarms', alarmLook],
]

/** What a host holds in lists, each as a table of its own. */
function sections(call: Call, host: Json): string {
  const facts = at(host, 'facts')
  const rows = isObject(facts)
    ? Object.entries(facts).map(([name, fact]) => ({ name, ...(isObject(fact) && fact) }))
    : []
  return [
    tableText(call, factLook, rows),
    ...parts.map(([key, look]) => tableText(call, look, listAt(host, key))),
  ]
    .filter((text) => text !== '')
    .map((text) => `\n${text}`)
    .join('')
}

const becauseLook: Look = {
  name: 'about',
  columns: columnsOf(
    'WHAT: about',
    'IS: ~value',
    'BECAUSE: fact',
    'SOURCE: source',
    'AT: @at',
    'SEQ: seq',
  ),
}

function addExplain(hosts: Command, shell: Shell): void {
  const command = hosts
    .command('explain')
    .description('why a host has its status and states: the fact, who said so and when')
    .argument('<ref>', refHelp)
    .action(shell.runs(explain))
  examples(addWatch(command), 'muster hosts explain C02FIXTURE01')
}

const explain = (call: Call): Promise<Result<number, Fault>> =>
  showing(call, {
    name: 'host_id',
    columns: columnsOf('HOST: host_id'),
    ...get(`/hosts/${refOf(call)}/explain`),
    more: (_, told) => `\n${tableText(call, becauseLook, reasonsIn(told))}`,
  })

const reasonsIn = (told: Json): readonly Json[] =>
  Object.entries(isObject(told) ? told : {}).flatMap(([about, why]) =>
    listAt(why, 'because').map((because) => ({
      about,
      value: at(why, 'value') ?? null,
      ...(isObject(because) && because),
    })),
  )

const summaryLook: Look = {
  name: 'total',
  columns: columnsOf(
    'TOTAL: total',
    'LIFECYCLE: lifecycle',
    'STATUS: status',
    'MDM: mdm',
    'DEP: dep',
    'OSQUERY: osquery',
    'PRESENCE: presence',
    'PLATFORM: platform',
  ),
}

const actorLook: Look = {
  name: 'machine',
  columns: columnsOf(
    'MACHINE: machine',
    'MACHINE VERSION: machine_version',
    'VERSION: version',
    'STATE: value',
    'RESIDENT: resident',
    'MAILBOX: mailbox',
    'CHILDREN: children',
    'ALARMS: alarms',
    'CONTEXT: context',
  ),
}
