// `muster machines`: what a host and a command can be.
import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import { addListOptions, listing } from './listing.ts'
import { showing } from './showing.ts'

const look: Look = {
  name: 'id',
  columns: columnsOf('MACHINE: id', 'VERSION: version', 'STATES: counts.states'),
}

export function addMachines(program: Command, shell: Shell): void {
  const machines = group(program, 'machines', 'the statecharts every host and command lives by')
  addListOptions(
    machines
      .command('list')
      .alias('ls')
      .description('the machines there are')
      .action(
        shell.runs((call) => listing(call, { ...look, path: '/machines', query: {}, whole: true })),
      ),
  )
  examples(
    machines
      .command('get')
      .description('the definition of a machine, or its drawing')
      .argument('<id>', 'host or command')
      .option('--svg', 'the drawing as SVG, with how many are in each state')
      .option('--host <ref>', 'with --svg: lit for one host')
      .action(shell.runs(get)),
    'muster machines get host -o json | jq .definition',
    'muster machines get host --svg --host C02FIXTURE01 > host.svg',
  )
}

async function get(call: Call): Promise<Result<number, Fault>> {
  const path = `/machines/${segment(call.args[0] ?? '')}`
  if (!call.options.flag('svg')) return showing(call, { ...look, request: { method: 'GET', path } })
  const client = call.client()
  if (!client.ok) return client
  const query = { host: call.options.text('host') }
  const svg = await client.value.bytes({ method: 'GET', path: `${path}.svg`, query })
  if (!svg.ok) return svg
  await call.io.stdout.write(svg.value)
  return ok(exitCodes.ok)
}
