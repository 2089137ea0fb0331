// `muster commands send` and `render`.
import type { Command } from 'commander'
import { randomUUID } from 'node:crypto'
import { buildCommand } from '../protocol/mdm/command.ts'
import { commandUuidRule, isCommandUuid } from '../protocol/mdm/command-uuid.ts'
import { payloadOfJson } from '../protocol/mdm/payload-json.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { story } from './command-story.ts'
import { verdictOf, waitFor } from './command-wait.ts'
import {
  type CommandWish,
  isGrave,
  readPayload,
  readWish,
  strangeness,
  usage,
} from './command-wish.ts'
import { confirmed } from './confirmation.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { examples } from './group.ts'
import { commandLook } from './host-looks.ts'
import { listAt } from './json.ts'
import { durationMs, wholeNumber } from './options.ts'
import { harmless } from './safe-text.ts'
import { reach, toldReached } from './targets.ts'

export function addSend(commands: Command, shell: Shell): void {
  const send = commands
    .command('send')
    .usage('<ref...> <RequestType> [options]')
    .description('send a command to one host or to several')
    .argument('<ref...>', 'hosts, and last the RequestType unless -f gives it')
    .option('--payload <json>', 'keys of Command beside RequestType: JSON, @file, or - for stdin')
    .option('-f, --file <plist>', 'the whole command as a property list; - for stdin')
    .option('--channel <key>', "a user channel's enrollment key; the device when left out")
    .option('--priority <n>', 'higher goes first', wholeNumber(-1_000, 1_000))
    .option('--expires-in <duration>', 'give up when it was not answered by then', durationMs)
    .option('--command-uuid <uuid>', 'choose the UUID; sent again it is the same command')
    .option('-y, --yes', 'do not ask before what locks, erases or restarts')
    .action(shell.runs(sendAll))
  examples(
    addWaitOptions(send),
    'muster commands send C02FIXTURE01 DeviceInformation --payload \'{"Queries":["OSVersion"]}\'',
    'muster commands send C02FIXTURE01 ProfileList --wait --timeout 2m -o json | jq .result',
    'muster hosts list --mdm enrolled --all -o name | xargs sh -c \'muster commands send "$@" SecurityInfo\' _',
    'muster commands render RestartDevice | muster commands send C02FIXTURE01 -f - --yes',
    'muster commands send C02FIXTURE01 DeviceLock --payload @lock.json   (a PIN belongs into a file)',
  )
  examples(
    commands
      .command('render')
      .description('print a command as the property list a device would get')
      .argument('<RequestType>')
      .option('--payload <json>', 'keys of Command beside RequestType: JSON, @file, or - for stdin')
      .option('--command-uuid <uuid>', 'random when left out')
      .action(shell.runs(render)),
    'muster commands render InstallProfile --payload @profile.json > command.plist',
  )
}

const addWaitOptions = (command: Command): Command =>
  command
    .option('--wait', 'until the device has answered')
    .option('--timeout <duration>', 'wait no longer than this', durationMs)

async function sendAll(call: Call): Promise<Result<number, Fault>> {
  const wish = await readWish(call)
  if (!wish.ok) return wish
  const { refs } = wish.value
  const client = call.client()
  if (!client.ok) return client
  const sure = await sureOf(call, wish.value)
  if (!sure.ok) return sure
  const sent = await reach(call, refs, (ref) =>
    client.value.json({
      method: 'POST',
      path: `/hosts/${segment(ref)}/commands`,
      ...wish.value.request,
    }),
  )
  if (!sent.ok) return sent
  const { items, failed } = sent.value
  const warnings = new Set(items.flatMap((item) => listAt(item, 'warnings').map(String)))
  for (const warning of warnings) await call.tell(harmless(`Note: ${warning}`))
  if (!call.options.flag('wait'))
    return toldReached(call, commandLook, { ...sent.value, of: refs.length })
  const waited = await waitFor(call, client.value, items)
  if (!waited.ok) return waited
  const { commands } = waited.value
  const look = { ...commandLook, more: story }
  const told = await toldReached(call, look, { items: commands, failed, of: refs.length })
  if (!told.ok) return told
  const verdict = verdictOf(waited.value)
  return verdict.ok ? told : verdict
}

function sureOf(call: Call, { requestType, refs }: CommandWish): Promise<Result<undefined, Fault>> {
  if (!isGrave(requestType)) return Promise.resolve(ok(undefined))
  const hosts = refs.length === 1 ? (refs[0] ?? '') : `${refs.length} hosts`
  return confirmed(call, { warning: `This sends ${requestType} to ${hosts}.`, word: requestType })
}

async function render(call: Call): Promise<Result<number, Fault>> {
  const [requestType = ''] = call.args
  const payload = await readPayload(call)
  if (!payload.ok) return payload
  const dict = payloadOfJson(requestType, payload.value ?? {})
  if (!dict.ok) return usage(`--payload${dict.error.pointer}: ${dict.error.detail}.`)
  const commandUUID = call.options.text('commandUuid') ?? randomUUID()
  if (!isCommandUuid(commandUUID))
    return fail({ kind: 'usage', detail: `A CommandUUID is ${commandUuidRule}.` })
  const strange = strangeness(requestType)
  if (strange !== undefined) await call.tell(`Note: ${strange}`)
  await call.io.stdout.write(buildCommand({ commandUUID, requestType, payload: dict.value }))
  await call.io.stdout.write('\n')
  return ok(exitCodes.ok)
}
