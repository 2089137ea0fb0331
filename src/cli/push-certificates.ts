// `muster push-certificates`: what Apple lets the server wake devices with.
import type { Command } from 'commander'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { segment } from './client.ts'
import { columnsOf } from './column.ts'
import { readInput } from './command-wish.ts'
import { confirmed } from './confirmation.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import type { Json } from './json.ts'
import { addListOptions, listing } from './listing.ts'
import { textOf } from './showing.ts'
import { reach, toldReached } from './targets.ts'

const look: Look = {
  name: 'topic',
  columns: columnsOf(
    'TOPIC: topic',
    'EXPIRES: @not_after',
    'UPLOADED: @created_at',
    'BY: created_by',
    'REFUSED: refused_reason',
    '+SUBJECT: subject',
    '+WARNINGS: warnings',
  ),
}

export function addPushCertificates(program: Command, shell: Shell): void {
  const certificates = group(
    program,
    'push-certificates',
    'what Apple lets the server wake devices with',
  )
  examples(
    addListOptions(
      certificates
        .command('list')
        .alias('ls')
        .description('push certificates, one per topic, and when they expire')
        .action(
          shell.runs((call) =>
            listing(call, { ...look, path: '/push-certificates', query: {}, whole: true }),
          ),
        ),
    ),
    'muster push-certificates list -o wide',
  )
  examples(
    certificates
      .command('upload')
      .description('take a push certificate with its key, in place of the one its topic had')
      .argument(
        '<file...>',
        'PEM, certificate and key in one file or two; or one .p12; - for stdin',
      )
      .option('--password-file <file>', 'the password of the key or the .p12, if it has one')
      .option('--force', 'take it although enrolled hosts listen to other topics only')
      .action(shell.runs(upload)),
    'muster push-certificates upload push.pem push.key',
    'muster push-certificates upload push.p12 --password-file password.txt',
  )
  examples(
    certificates
      .command('delete')
      .description('delete the certificate of a topic: its devices are not woken any more')
      .argument('<topic...>', 'as the list shows them')
      .option('-y, --yes', 'do not ask')
      .action(shell.runs(remove)),
    'muster push-certificates delete com.apple.mgmt.External.… --yes',
  )
}

async function upload(call: Call): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const bytes: Uint8Array[] = []
  for (const file of call.args) {
    const read = await readInput(call, file)
    if (!read.ok) return read
    bytes.push(read.value, Buffer.from('\n'))
  }
  const passwordFile = call.options.text('passwordFile')
  const password = passwordFile === undefined ? undefined : await readInput(call, passwordFile)
  if (password !== undefined && !password.ok) return password
  const json: Json = {
    ...bodyOf(Buffer.concat(bytes.slice(0, -1))),
    ...(password !== undefined && { password: lineOf(password.value) }),
    ...(call.options.flag('force') && { force: true }),
  }
  const kept = await client.value.json({ method: 'PUT', path: '/push-certificates', json })
  if (!kept.ok) return kept
  await call.io.stdout.write(textOf(call, look, kept.value))
  return ok(exitCodes.ok)
}

/** PEM is text that says so; whatever else it is, the server tells. */
const bodyOf = (bytes: Buffer): { readonly pem: string } | { readonly pkcs12: string } =>
  bytes.includes('-----BEGIN ')
    ? { pem: bytes.toString('latin1') }
    : { pkcs12: bytes.toString('base64') }

/** Editors end a file with a line break; a password does not. */
const lineOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '')

async function remove(call: Call): Promise<Result<number, Fault>> {
  const { args } = call
  const client = call.client()
  if (!client.ok) return client
  const [only = ''] = args
  const sure = await confirmed(call, {
    warning: `No device of ${args.length === 1 ? only : `these ${args.length} topics`} can be woken any more.`,
    word: args.length === 1 ? only : String(args.length),
  })
  if (!sure.ok) return sure
  const removed = await reach(call, args, async (topic) => {
    const path = `/push-certificates/${segment(topic)}`
    const gone = await client.value.json({ method: 'DELETE', path })
    return gone.ok ? ok(gone.value ?? { topic }) : gone
  })
  if (!removed.ok) return removed
  const deleted = { name: 'topic', columns: columnsOf('DELETED: topic') }
  return toldReached(call, deleted, { ...removed.value, of: args.length })
}
