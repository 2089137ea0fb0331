// `muster`: the command line, from its words to an exit code.
import { Command, CommanderError, Option } from 'commander'
import { fail, type Result } from '../result.ts'
import { addAccess } from './access.ts'
import { addBackup } from './backup.ts'
import type { Call, Commandlike, Shell } from './call.ts'
import { type Client, createClient } from './client.ts'
import { addCertificates } from './certificates.ts'
import { addCommands } from './commands.ts'
import { addCompletion } from './completion.ts'
import { addConfig } from './config-contexts.ts'
import { addConflicts } from './conflicts.ts'
import { addDep } from './dep.ts'
import { addEnrollLinks } from './enroll-links.ts'
import { addEvents } from './events.ts'
import { addJournal } from './journal.ts'
import { exitCodeHelp, exitCodes } from './exit-code.ts'
import { exitCodeOf, type Fault, linesOf } from './fault.ts'
import { formatOf, formats } from './format.ts'
import { examples } from './group.ts'
import { addHosts } from './hosts.ts'
import type { Env, Io } from './io.ts'
import { addLocal, type Local } from './local.ts'
import { addMachines } from './machines.ts'
import { createOptions } from './options.ts'
import { harmless } from './safe-text.ts'
import { defaultUrl, targetOf } from './target.ts'
import { addPushCertificates } from './push-certificates.ts'
import { addVersion } from './version.ts'
import { addWebhooks } from './webhooks.ts'

export type Parts = Local & {
  readonly io: Io
  readonly env: Env
  /** Of this program. */
  readonly version: string
  /** Aborted to end a run from outside: with the reason `output-closed`, or as an interrupt. */
  readonly signal: AbortSignal
}

/** Runs one command line (without node and script) and gives its exit code. Throws only where our code is wrong. */
export async function runProgram(argv: readonly string[], parts: Parts): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = createProgram(parts, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(joined(argv), { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version end this way too, with 0.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}

/** `--sort -os_version` names a column; taken apart it would read as `-o s_version`. */
const joined = (argv: readonly string[]): readonly string[] =>
  argv.flatMap((word, index) => {
    if (argv[index - 1] === '--sort') return []
    return word === '--sort' && argv[index + 1] !== undefined
      ? [`--sort=${argv[index + 1]}`]
      : [word]
  })

/** All commands. `ends` hears the exit code of the one that was run. */
export function createProgram(parts: Parts, ends: (exitCode: number) => void): Command {
  const { io } = parts
  const program = new Command('muster')
    .description('Device management with one actor per computer.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? helpColumns,
      getErrHelpWidth: () => io.stderr.columns ?? helpColumns,
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('See --help.')
    .addOption(new Option('-o, --output <format>', 'how to print (default table)').choices(formats))
    .option('--url <url>', `the server (default ${defaultUrl}) [MUSTER_URL]`)
    .option(
      '--token-file <file>',
      'a file with the token [MUSTER_TOKEN_FILE; MUSTER_TOKEN holds the token itself]',
    )
    .option('--context <name>', 'a server by name; see muster config [MUSTER_CONTEXT]')
    .option('--no-color', 'no colours [NO_COLOR, FORCE_COLOR]')
    .version(parts.version, '-V, --version', 'the version of this program')
  program.addHelpText('after', () => `\n${exitCodeHelp()}`)
  examples(program, 'muster serve', 'muster hosts list --mdm enrolled', 'muster hosts list --help')
  addGroups(program, createShell(parts, ends), parts)
  return program
}

/** Where no terminal says its own. */
const helpColumns = 100

function addGroups(program: Command, shell: Shell, parts: Parts): void {
  program.commandsGroup('Run:')
  addLocal(program, shell, parts)
  program.commandsGroup('Ask a server:')
  addHosts(program, shell)
  addCommands(program, shell)
  addConflicts(program, shell)
  addEvents(program, shell)
  addJournal(program, shell)
  addMachines(program, shell)
  addDep(program, shell)
  addEnrollLinks(program, shell)
  addCertificates(program, shell)
  addPushCertificates(program, shell)
  addAccess(program, shell)
  addWebhooks(program, shell)
  addBackup(program, shell, parts.backupFiles)
  program.commandsGroup('This program:')
  addConfig(program, shell)
  addCompletion(program, shell)
  addVersion(program, shell, parts.version)
  program.addHelpCommand(
    new Command('help')
      .argument('[command]')
      .description('help for a command')
      .helpGroup('This program:'),
  )
}

function createShell(parts: Parts, ends: (exitCode: number) => void): Shell {
  return {
    runs: (verb) =>
      async function run(this: Commandlike) {
        const call = callOf(this, parts)
        const done = await verb(call)
        if (!done.ok) await complain(call, done.error)
        ends(done.ok ? done.value : exitCodeOf(done.error))
      },
  }
}

async function complain({ tell }: Call, fault: Fault): Promise<void> {
  const [first, ...rest] = linesOf(fault)
  if (first !== undefined) await tell(`muster: ${first}`)
  for (const line of rest) await tell(line)
}

function callOf(command: Commandlike, { io, env, signal }: Parts): Call {
  const options = createOptions(command.optsWithGlobals())
  const tell = (line: string): Promise<void> => io.stderr.write(`${line}\n`)
  const client = (ending = signal): Result<Client, Fault> => {
    const target = targetOf(
      {
        url: options.text('url'),
        tokenFile: options.text('tokenFile'),
        context: options.text('context'),
      },
      env,
    )
    if (!target.ok) return target
    const { url, token } = target.value
    if (token === undefined) return fail({ kind: 'no-token', url })
    const moved = (line: string): Promise<void> => tell(harmless(line))
    return { ok: true, value: createClient({ url, token, signal: ending, tell: moved }) }
  }
  const format = formatOf(options.text('output'))
  return { args: command.args, options, format, io, env, signal, tell, client }
}
