// `muster certificates`: how devices prove who they are.
import type { Command } from 'commander'
import { fail, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { type Query, segment } from './client.ts'
import { columnsOf } from './column.ts'
import { confirmed } from './confirmation.ts'
import type { Fault } from './fault.ts'
import type { Look } from './format.ts'
import { examples, group } from './group.ts'
import { commandLook } from './host-looks.ts'
import { addListOptions, filtersOf, listing } from './listing.ts'
import { durationMs } from './options.ts'
import { showing } from './showing.ts'
import { reach, toldReached } from './targets.ts'

const look: Look = {
  name: 'fingerprint',
  columns: columnsOf(
    'FINGERPRINT: fingerprint',
    'STATUS: ~status',
    'HOST: host_id|vouched_host_id',
    'ENDS: @not_after',
    'ISSUED: @issued_at',
    '+SERIAL: serial',
    '+SUBJECT: subject',
    '+RENEWS: renews',
    '+ORIGIN: origin',
  ),
}

export function addCertificates(program: Command, shell: Shell): void {
  const certificates = group(program, 'certificates', 'how devices prove who they are')
  const list = certificates
    .command('list')
    .alias('ls')
    .description('device certificates, newest first')
    .option('--host <ref>', 'of one host')
    .option('--status <list>', 'issued, expired-unused, active, retired, revoked')
    .option('--ending-in <duration>', 'only those that run out within this time', durationMs)
    .action(
      shell.runs((call) => listing(call, { ...look, path: '/certificates', query: queryOf(call) })),
    )
  examples(
    addListOptions(list),
    'muster certificates list --status active --ending-in 30d',
    'muster certificates list --host C02FIXTURE01 -o wide',
  )
  const path = (call: Call): string => `/certificates/${segment(call.args[0] ?? '')}`
  examples(
    certificates
      .command('show')
      .description('one certificate: whose it is, since when, and on whose word')
      .argument('<fingerprint>', 'as the list shows it')
      .action(
        shell.runs((call) =>
          showing(call, { ...look, request: { method: 'GET', path: path(call) } }),
        ),
      ),
    'muster certificates show 3f9a… -o json',
  )
  addChanges(certificates, shell)
}

function addChanges(certificates: Command, shell: Shell): void {
  examples(
    certificates
      .command('revoke')
      .description('end certificates: their devices are refused and have to enrol anew')
      .argument('<fingerprint...>', 'as the list shows them')
      .option('-y, --yes', 'do not ask')
      .action(
        shell.runs((call) => each(call, { verb: 'revoke', look, warning: 'This locks out' })),
      ),
    'muster certificates revoke 3f9a… --yes',
  )
  examples(
    certificates
      .command('renew')
      .description('send devices a profile for their next certificate, before it is time')
      .argument('<fingerprint...>', 'as the list shows them')
      .action(shell.runs((call) => each(call, { verb: 'renew', look: commandLook }))),
    'muster certificates list --status active --ending-in 30d -o name | xargs muster certificates renew',
  )
}

type Act = { readonly verb: string; readonly look: Look; readonly warning?: string }

async function each(call: Call, act: Act): Promise<Result<number, Fault>> {
  const { args } = call
  const client = call.client()
  if (!client.ok) return client
  if (act.warning !== undefined) {
    const [first = ''] = args
    const sure = await confirmed(call, {
      warning: `${act.warning} ${args.length === 1 ? `the device of ${first}` : `${args.length} devices`}.`,
      word: args.length === 1 ? first : String(args.length),
    })
    if (!sure.ok) return fail(sure.error)
  }
  const done = await reach(call, args, (fingerprint) =>
    client.value.json({
      method: 'POST',
      path: `/certificates/${segment(fingerprint)}/${act.verb}`,
    }),
  )
  return done.ok ? toldReached(call, act.look, { ...done.value, of: args.length }) : done
}

function queryOf(call: Call): Query {
  const within = call.options.number('endingIn')
  return {
    ...filtersOf(call, ['host', 'status']),
    ...(within !== undefined && {
      ending_before: new Date(call.io.now() + within).toISOString(),
    }),
  }
}
