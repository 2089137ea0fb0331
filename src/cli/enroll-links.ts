// `muster enroll-links`: addresses by which Apple devices become managed.
import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { confirmed } from './confirmation.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import { at } from './json.ts'
import { addListOptions, listing } from './listing.ts'
import { durationMs, wholeNumber } from './options.ts'
import { textOf } from './showing.ts'
import { reach, toldReached } from './targets.ts'

const look: Look = {
  name: 'id',
  columns: columnsOf(
    'ID: id',
    'NAME: name',
    'STATUS: ~status',
    'HOST: host_id',
    'TEAM: team',
    'USES: uses',
    'MOST: uses_max',
    'EXPIRES: @expires_at',
    '+CREATED: @created_at',
    '+BY: created_by',
  ),
}

export function addEnrollLinks(program: Command, shell: Shell): void {
  const links = group(program, 'enroll-links', 'addresses by which Apple devices become managed')
  addListOptions(
    links
      .command('list')
      .alias('ls')
      .description('every link, newest first, without its address')
      .action(
        shell.runs((call) =>
          listing(call, { ...look, path: '/enrollment-links', query: {}, whole: true }),
        ),
      ),
  )
  examples(
    links
      .command('create')
      .description('open a link; its address is shown this once')
      .argument('<name>', 'what it is for')
      .option('--host <ref>', 'for this one host, which the device is then believed to be')
      .option('--team <name>', 'for a team, noted on what enrols')
      .option('--expires-in <duration>', 'how long it is open (default 7d)', durationMs)
      .option('--no-expiry', 'open until it is revoked')
      .option('--uses <n>', 'devices it lets in (default 1 for a host)', wholeNumber(1, 1_000_000))
      .action(shell.runs(create)),
    'muster enroll-links create spring-2027 --team sales --expires-in 30d',
    'muster enroll-links create "new laptop" --host C02FIXTURE01 -o json | jq -r .url',
  )
  examples(
    links
      .command('revoke')
      .description('end links; what enrolled by them stays enrolled')
      .argument('<id...>', 'as the list shows them')
      .option('-y, --yes', 'do not ask')
      .action(shell.runs(revoke)),
    'muster enroll-links revoke 0199c0de-… --yes',
  )
}

async function create(call: Call): Promise<Result<number, Fault>> {
  const { options, args } = call
  const client = call.client()
  if (!client.ok) return client
  const [host, team] = [options.text('host'), options.text('team')]
  const [expiresInMs, uses] = [options.number('expiresIn'), options.number('uses')]
  const made = await client.value.json({
    method: 'POST',
    path: '/enrollment-links',
    json: {
      name: args[0] ?? '',
      ...(host !== undefined && { host }),
      ...(team !== undefined && { team }),
      ...(expiresInMs !== undefined && { expires_in_ms: expiresInMs }),
      // Commander has `expiry: true` unless --no-expiry is there.
      ...(!options.flag('expiry') && { expires_in_ms: null }),
      ...(uses !== undefined && { uses_max: uses }),
    },
  })
  if (!made.ok) return made
  await call.io.stdout.write(
    textOf(call, { ...look, columns: [...columnsOf('URL: url'), ...look.columns] }, made.value),
  )
  const isForHost = typeof at(made.value, 'host_id') === 'string'
  await call.tell(
    isForHost
      ? 'Whoever opens it becomes that host. It is shown this once: keep it now.'
      : 'Whoever opens it can enrol. It is shown this once: keep it now.',
  )
  return ok(exitCodes.ok)
}

async function revoke(call: Call): Promise<Result<number, Fault>> {
  const { args } = call
  const client = call.client()
  if (!client.ok) return client
  const sure = await confirmed(call, {
    warning:
      args.length === 1
        ? `This ends the link ${args[0] ?? ''}.`
        : `This ends ${args.length} links.`,
    word: args.length === 1 ? (args[0] ?? '') : String(args.length),
  })
  if (!sure.ok) return sure
  const revoked = await reach(call, args, (id) =>
    client.value.json({ method: 'POST', path: `/enrollment-links/${segment(id)}/revoke` }),
  )
  return revoked.ok ? toldReached(call, look, { ...revoked.value, of: args.length }) : revoked
}
