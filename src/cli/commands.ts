// `muster commands`: what was asked of computers, and what became of it.
import type { Command } from 'commander'
import { fail, ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { rest, segment } from './client.ts'
import { story } from './command-story.ts'
import { commandAt, isFinal, verdictOf } from './command-wait.ts'
import { addSend } from './commands-send.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { examples, group } from './group.ts'
import { commandLook } from './host-looks.ts'
import { type Json, jsonText, listAt, textAt } from './json.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'
import { durationMs } from './options.ts'
import { harmless } from './safe-text.ts'
import { showing, textOf } from './showing.ts'
import { reach, toldReached } from './targets.ts'
import { pad } from './width.ts'
import { addWatch } from './watching.ts'

export function addCommands(program: Command, shell: Shell): void {
  const commands = group(program, 'commands', 'what is asked of computers, and what became of it')
  addSend(commands, shell)
  const list = commands
    .command('list')
    .alias('ls')
    .description('commands, newest first; several values by comma, a leading ! leaves out')
    .option('--host <ref>', 'of one host')
    .option('--command-uuid <uuid>', 'of that CommandUUID, which several hosts may have')
    .option('--state <states>', 'queued, pushed, sent, not_now, acknowledged, error…')
    .option('--request-type <types>', 'such as DeviceInformation')
    .action(
      shell.runs((call) => {
        const query = filtersOf(call, ['host', 'command_uuid', 'state', 'request_type'])
        return listing(call, { ...commandLook, path: '/commands', query })
      }),
    )
  examples(
    addListOptions(list),
    'muster commands list --host C02FIXTURE01',
    'muster commands list --state queued,pushed,sent,not_now --watch',
    'muster commands list --state error --all -o name | xargs -n1 muster commands get',
  )
  const get = commands
    .command('get')
    .description('one command: its history, request, result and errors')
    .argument('<uuid>', 'its CommandUUID or id')
    .option('--host <ref>', 'of which host, where several have a command of that CommandUUID')
    .option('--plist', 'what the device reported, as a property list')
    .option('--part <part>', 'with --plist: result or request (default result)')
    .option('--reveal', 'with the secrets, such as a PIN; admins only, with --reason')
    .option('--reason <text>', 'with --reveal: why; the journal keeps who looked and why')
    .action(shell.runs(getOne))
  examples(
    addWatch(get),
    'muster commands get 5e9b7f0a-… -o yaml',
    'muster commands get 5e9b7f0a-… --plist > report.plist',
  )
  examples(
    commands
      .command('watch')
      .description('follow a command until it ends; exit code 0 means acknowledged')
      .argument('<uuid>', 'its CommandUUID or id')
      .option('--timeout <duration>', 'watch no longer than this', durationMs)
      .action(shell.runs(watch)),
    'muster commands watch 5e9b7f0a-… --timeout 10m',
  )
  examples(
    commands
      .command('cancel')
      .description('take back what was never sent')
      .argument('<uuid...>', 'CommandUUIDs or ids')
      .action(shell.runs(cancel)),
    'muster commands cancel 5e9b7f0a-…',
  )
}

async function getOne(call: Call): Promise<Result<number, Fault>> {
  const path = `/commands/${segment(call.args[0] ?? '')}`
  const reveal = call.options.flag('reveal') ? 'true' : undefined
  const reason = call.options.text('reason')
  const host = call.options.text('host')
  if (!call.options.flag('plist')) {
    const request = { method: 'GET', path, query: { reveal, reason, host } } as const
    return showing(call, { ...commandLook, request, more: story })
  }
  const query = { format: 'plist', part: call.options.text('part'), reveal, reason, host }
  const client = call.client()
  if (!client.ok) return client
  const bytes = await client.value.bytes({ method: 'GET', path, query })
  if (!bytes.ok) return bytes
  await call.io.stdout.write(bytes.value)
  return ok(exitCodes.ok)
}

/** Commands move within seconds or hours; nobody sees the difference of less than a second. */
const lookEveryMs = 500

async function watch(call: Call): Promise<Result<number, Fault>> {
  const { io, options, signal } = call
  const client = call.client()
  if (!client.ok) return client
  const deadline = io.elapsedMs() + (options.number('timeout') ?? Number.POSITIVE_INFINITY)
  let told = 0
  for (;;) {
    const looked = await commandAt(client.value, call.args[0] ?? '')
    if (!looked.ok) return looked
    const command = looked.value
    const history = listAt(command, 'history')
    for (const step of history.slice(told)) await tellStep(call, step)
    told = history.length
    if (isFinal(command)) return ended(call, command)
    if (io.elapsedMs() >= deadline)
      return fail({ kind: 'timed-out', detail: 'The command had not ended in time.' })
    const rested = await rest(Math.min(lookEveryMs, deadline - io.elapsedMs()), signal)
    if (!rested.ok) return rested
  }
}

/** As wide as the longest state. */
const stateWidth = 'acknowledged'.length

async function tellStep({ format, io }: Call, step: Json): Promise<void> {
  if (format === 'ndjson') await io.stdout.write(`${jsonText(step, 0)}\n`)
  if (format !== 'table' && format !== 'wide') return
  const [at = '', state = '', cause = ''] = ['at', 'state', 'cause'].map((key) =>
    harmless(textAt(step, key) ?? '-'),
  )
  await io.stdout.write(`${at}  ${pad(state, stateWidth)}  ${cause}\n`)
}

async function ended(call: Call, command: Json): Promise<Result<number, Fault>> {
  if (call.format === 'json' || call.format === 'yaml' || call.format === 'name')
    await call.io.stdout.write(textOf(call, commandLook, command))
  const verdict = verdictOf({ commands: [command], timedOut: false })
  return verdict.ok ? ok(exitCodes.ok) : verdict
}

async function cancel(call: Call): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const cancelled = await reach(call, call.args, (uuid) =>
    client.value.json({ method: 'DELETE', path: `/commands/${segment(uuid)}` }),
  )
  if (!cancelled.ok) return cancelled
  return toldReached(call, commandLook, { ...cancelled.value, of: call.args.length })
}
