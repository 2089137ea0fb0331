// `muster dep add`: Apple's device list by hand.
import type { Command } from 'commander'
import { fail, ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { columnsOf } from './column.ts'
import { named, readInput, usage } from './command-wish.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { listText, type Look } from './format.ts'
import { examples, group } from './group.ts'
import { at, isList, type Json, listAt, textAt } from './json.ts'
import { jsonOfBytes } from './json-input.ts'

/** As many as the API takes at once. */
const devicesMax = 1_000

const look: Look = {
  name: 'serial',
  columns: columnsOf('SERIAL: serial', 'OUTCOME: ~outcome', 'HOST: host_id', 'DETAIL: detail'),
}

export function addDep(program: Command, shell: Shell): void {
  examples(
    group(program, 'dep', "Apple's list of devices (Automated Device Enrollment)")
      .command('add')
      .description('tell of devices as Apple lists them')
      .requiredOption('-f, --file <json>', '{"devices": […]} or a bare list; - for stdin')
      .action(shell.runs(add)),
    'muster dep add -f devices.json',
    'echo \'[{"serial_number":"C02FIXTURE01","op_type":"added"}]\' | muster dep add -f -',
  )
}

async function add(call: Call): Promise<Result<number, Fault>> {
  const devices = await readDevices(call)
  if (!devices.ok) return devices
  const client = call.client()
  if (!client.ok) return client
  const outcomes: Json[] = []
  for (let from = 0; from < devices.value.length; from += devicesMax) {
    const some = devices.value.slice(from, from + devicesMax)
    const answer = await client.value.json({
      method: 'POST',
      path: '/dep/devices',
      json: { devices: some },
    })
    if (!answer.ok) return answer
    outcomes.push(...listAt(answer.value, 'items'))
  }
  const envelope = { items: outcomes, total: outcomes.length, next: null }
  await call.io.stdout.write(listText(call, look, { items: outcomes, envelope }))
  const failed = outcomes.filter((one) => textAt(one, 'outcome') === 'failed').length
  return failed === 0
    ? ok(exitCodes.ok)
    : fail({ kind: 'some-failed', failed, of: outcomes.length })
}

async function readDevices(call: Call): Promise<Result<readonly Json[], Fault>> {
  const file = call.options.text('file') ?? '-'
  const bytes = await readInput(call, file)
  if (!bytes.ok) return bytes
  const json = jsonOfBytes(bytes.value, named(file))
  if (!json.ok) return json
  const devices = isList(json.value) ? json.value : at(json.value, 'devices')
  return isList(devices)
    ? ok(devices)
    : usage(`${named(file)} must hold a list of devices, or an object with one as "devices".`)
}
