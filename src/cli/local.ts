// `muster serve`, `demo`, `check`, `restore` and `simulate`: what runs here instead of asking a server. Given from outside.
import type { Command } from 'commander'
import { fail, ok, type Result } from '../result.ts'
import type { SimulateOptions, Summary } from '../simulator/run.ts'
import { addRestore, type BackupFiles } from './backup.ts'
import type { Call, Shell } from './call.ts'
import { exitCodes } from './exit-code.ts'
import { columnsOf } from './column.ts'
import { usage } from './command-wish.ts'
import type { Fault } from './fault.ts'
import { itemText, type Look } from './format.ts'
import { examples } from './group.ts'
import { parseJson } from './json.ts'
import { collect, durationMs, wholeNumber } from './options.ts'
import { harmless } from './safe-text.ts'
import { serveFlags, type ServeOptions } from './serve-options.ts'
import { serveOptions } from './serve-options-given.ts'
import { envSecret, readSecretFile, targetOf } from './target.ts'

export type Local = {
  /** Serves until it is told to stop; gives the exit code. */
  readonly serve: (options: ServeOptions) => Promise<number>
  /** Serves simulated computers from a throw-away folder until it is told to stop. */
  readonly demo: (options: ServeOptions) => Promise<number>
  /** Reads a data folder that no server runs on. Rejects with one sentence when it cannot. */
  readonly check: (options: ServeOptions) => Promise<Result<Checked, string>>
  readonly backupFiles: BackupFiles
  /** Makes a stopped server's database whole again. Rejects with one sentence when it cannot. */
  readonly repair: (options: ServeOptions) => Promise<Result<Repaired, string>>
  readonly simulate: (options: SimulateOptions) => Promise<Simulated>
  /** What `simulate --rate` may name. */
  readonly rateNames: readonly string[]
}

type Checked = {
  readonly folder: string
  readonly rows: number
  readonly blobs: number
  readonly findings: readonly string[]
}

type Repaired = {
  readonly folder: string
  readonly copy: string
  readonly lines: readonly string[]
  readonly setApart: number
}

type Simulated = {
  readonly summary: Summary
  /** The rules the server broke, a line each. */
  readonly broken: readonly string[]
  readonly exitCode: number
}

export function addLocal(program: Command, shell: Shell, local: Local): void {
  const serve = program.command('serve').description('run the server')
  for (const [name, variable, flag, help] of serveFlags)
    serve.option(
      flag,
      `${help} [${name.endsWith('File') ? `${variable}, ${variable}_FILE` : variable}]`,
    )
  examples(
    serve.action(shell.runs(async (call) => ok(await local.serve(serveOptions(call))))),
    'muster serve',
    'muster serve --listen 127.0.0.1:9000 --data /var/lib/muster',
  )
  examples(
    program
      .command('demo')
      .description('run a server with simulated computers, on a folder that is thrown away')
      .option('--listen <host:port>', 'where to listen (default 127.0.0.1:8080) [MUSTER_LISTEN]')
      .option('--log-level <level>', 'debug, info, warn, error or silent [MUSTER_LOG_LEVEL]')
      .action(shell.runs(async (call) => ok(await local.demo(serveOptions(call))))),
    'muster demo',
  )
  examples(
    program
      .command('check')
      .description(
        'read everything in a data folder whose server is stopped, and name what is damaged',
      )
      .option('--data <folder>', 'database, blobs and keys (default ./data) [MUSTER_DATA]')
      .option(
        '--repair',
        'copy the database, then make indexes and counters anew and set apart what cannot be read',
      )
      .action(
        shell.runs((call) =>
          call.options.flag('repair') ? repair(call, local) : check(call, local),
        ),
      ),
    'muster check --data /var/lib/muster',
    'muster check --repair --data /var/lib/muster',
  )
  addRestore(program, shell, local.backupFiles)
  addSimulate(program, shell, local)
}

async function check(call: Call, local: Local): Promise<Result<number, Fault>> {
  const checked = await local.check(serveOptions(call))
  if (!checked.ok) {
    await call.tell(`muster: ${harmless(checked.error)}`)
    return ok(exitCodes.error)
  }
  const { folder, rows, blobs, findings } = checked.value
  for (const finding of findings) await call.io.stdout.write(`${harmless(finding)}\n`)
  await call.tell(
    harmless(`${folder}: ${rows} rows and ${blobs} blobs read, ${findings.length} findings.`),
  )
  if (findings.length === 0) return ok(exitCodes.ok)
  await call.tell('A server refuses what is named here and serves everything else.')
  await call.tell(
    'Restore the last backup in which this command finds nothing, or let --repair save what is sound.',
  )
  return ok(exitCodes.error)
}

async function repair(call: Call, local: Local): Promise<Result<number, Fault>> {
  const repaired = await local.repair(serveOptions(call))
  if (!repaired.ok) {
    await call.tell(`muster: ${harmless(repaired.error)}`)
    return ok(exitCodes.error)
  }
  const { folder, copy, lines, setApart } = repaired.value
  for (const line of lines) await call.io.stdout.write(`${harmless(line)}\n`)
  await call.tell(harmless(`${folder} is repaired; the files as they were are in ${copy}.`))
  if (setApart > 0)
    await call.tell(
      harmless(`${setApart} entries are in ${copy}/set-apart.ndjson and in no table.`),
    )
  return ok(exitCodes.ok)
}

/** As many computers as one process can be without being the bottleneck itself. */
const hostsMax = 100_000

function addSimulate(program: Command, shell: Shell, local: Local): void {
  examples(
    program
      .command('simulate')
      .description(
        'computers that enrol, answer and misbehave, against any server; checks its answers',
      )
      .option('--hosts <n>', 'how many (default 30)', wholeNumber(1, hostsMax))
      .option('--rounds <n>', 'end when each has lived this many', wholeNumber(1, 1_000_000))
      .option('--duration <duration>', 'end after this long', durationMs)
      .option('--poll <duration>', 'pause between rounds (default 1s)', durationMs)
      .option('--concurrency <n>', 'how many speak at once (default 128)', wholeNumber(1, 10_000))
      .option('--seed <text>', 'the same seed gives the same lives')
      .option('--rate <name=share>', 'how often a thing happens, 0 to 1; may be repeated', collect)
      .option('--no-operator', 'nobody sends commands')
      .option('--no-enrolling', 'devices have no certificates, for a server that believes them')
      .option(
        '--enroll-secret-file <file>',
        'what agents enrol with [MUSTER_ENROLL_SECRET, MUSTER_ENROLL_SECRET_FILE]',
      )
      .action(shell.runs((call) => simulate(call, local))),
    'muster simulate --hosts 200 --duration 1m',
    'muster simulate --hosts 1000 --rounds 20 --poll 0 --seed 7 --rate notNow=0.3 --rate error=0',
  )
}

async function simulate(call: Call, local: Local): Promise<Result<number, Fault>> {
  const options = simulateOptions(call, local)
  if (!options.ok) return options
  const { summary, broken, exitCode } = await local.simulate(options.value)
  // The summary is plain data; as JSON it is what every format shows.
  const item = parseJson(JSON.stringify(summary)) ?? null
  await call.io.stdout.write(itemText(call, look, item))
  for (const line of broken) await call.tell(harmless(line))
  if (exitCode === 8)
    return fail({ kind: 'unreachable', url: options.value.url, cause: 'it never answered' })
  return ok(exitCode)
}

const look: Look = {
  name: 'seed',
  columns: columnsOf(
    'SEED: seed',
    'HOSTS: hosts',
    'MILLISECONDS: elapsedMs',
    'ANSWERS: answers',
    'RULES BROKEN: violations.total',
    'MDM: believed.mdm',
    'OSQUERY: believed.osquery',
    'APPLE LIST: believed.appleList',
  ),
}

function simulateOptions(call: Call, local: Local): Result<SimulateOptions, Fault> {
  const { options, env, io, signal } = call
  const target = targetOf(
    {
      url: options.text('url'),
      tokenFile: options.text('tokenFile'),
      context: options.text('context'),
    },
    env,
  )
  if (!target.ok) return target
  const secretFile = options.text('enrollSecretFile')
  const secret =
    secretFile === undefined ? envSecret('MUSTER_ENROLL_SECRET', env) : readSecretFile(secretFile)
  if (!secret.ok) return secret
  const rates = ratesOf(options.list('rate'), local.rateNames)
  if (!rates.ok) return rates
  return ok({
    ...target.value,
    enrollSecret: secret.value,
    hosts: options.number('hosts'),
    rounds: options.number('rounds'),
    durationMs: options.number('duration'),
    pollMs: options.number('poll'),
    concurrency: options.number('concurrency'),
    seed: options.text('seed'),
    rates: rates.value,
    ...(options.flag('operator') ? {} : { operator: false }),
    enrolling: options.flag('enrolling'),
    signal,
    progress: { isTTY: io.stderr.isTTY, write: (text) => void io.stderr.write(text) },
  })
}

function ratesOf(
  texts: readonly string[],
  names: readonly string[],
): Result<SimulateOptions['rates'], Fault> {
  const rates: Record<string, number> = {}
  for (const text of texts) {
    const { name, share } = /^(?<name>\w+)=(?<share>[\d.]+)$/.exec(text)?.groups ?? {}
    const value = Number(share)
    if (name === undefined || !(value >= 0 && value <= 1))
      return usage(`A rate is a name and a share from 0 to 1, such as notNow=0.3, and not ${text}.`)
    if (!names.includes(name))
      return usage(`There is no rate ${name}; there are ${names.join(', ')}.`)
    rates[name] = value
  }
  return ok(rates)
}
