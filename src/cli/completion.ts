// `muster completion bash|zsh|fish`: scripts that ask this program what may come next.
import { Argument, type Command, type Option } from 'commander'
import { knownRequestTypes } from '../protocol/mdm/request-types.ts'
import { ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { examples } from './group.ts'
import { listAt, textAt } from './json.ts'

const scripts: Readonly<Record<string, string>> = {
  bash: `_muster() {
  local IFS=$'\\n'
  COMPREPLY=($(muster __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _muster muster
`,
  zsh: `#compdef muster
_muster() {
  local -a found
  found=("\${(@f)$(muster __complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  compadd -a found
}
compdef _muster muster
`,
  fish: `function __muster
  set -l words (commandline -opc) (commandline -ct)
  muster __complete -- $words[2..-1] 2>/dev/null
end
complete -c muster -f -a '(__muster)'
`,
}

export function addCompletion(program: Command, shell: Shell): void {
  examples(
    program
      .command('completion')
      .description('print a script that completes commands, options and hosts')
      .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
      .action(
        shell.runs(async ({ args: [name = ''], io }) => {
          await io.stdout.write(scripts[name] ?? '')
          return ok(exitCodes.ok)
        }),
      ),
    'source <(muster completion bash)',
    'muster completion zsh > ~/.zfunc/_muster',
    'muster completion fish > ~/.config/fish/completions/muster.fish',
  )
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(shell.runs((call) => complete(program, call)))
}

/** Prints what may stand in place of the last word, a line each. */
async function complete(program: Command, call: Call): Promise<Result<number, Fault>> {
  const words = call.args.slice(0, -1)
  const begun = call.args.at(-1) ?? ''
  const command = commandAt(program, words)
  const previous = optionNamed(command, words.at(-1) ?? '')
  const found =
    previous !== undefined && takesValue(previous)
      ? (previous.argChoices ?? [])
      : await wordsFor(call, command, begun)
  const fitting = found.filter((word) => word.startsWith(begun) && !/\s/.test(word))
  await call.io.stdout.write(fitting.map((word) => `${word}\n`).join(''))
  return ok(exitCodes.ok)
}

/** The command that the words before name; options and their values are passed over. */
function commandAt(program: Command, words: readonly string[]): Command {
  let command = program
  let skip = false
  for (const word of words) {
    const option = optionNamed(command, word)
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
    if (!skip && next !== undefined) command = next
    skip = option !== undefined && takesValue(option)
  }
  return command
}

const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...(command.parent === null ? [] : optionsOf(command.parent)),
]

const optionNamed = (command: Command, word: string): Option | undefined =>
  word.startsWith('-')
    ? optionsOf(command).find(({ long, short }) => word === long || word === short)
    : undefined

const takesValue = ({ required, optional }: Option): boolean => required || optional

async function wordsFor(call: Call, command: Command, begun: string): Promise<readonly string[]> {
  if (begun.startsWith('-')) return optionsOf(command).flatMap(({ long }) => long ?? [])
  const names = command.commands.map((one) => one.name()).filter((name) => !name.startsWith('_'))
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  const takes = command.registeredArguments.map((argument) => argument.name())
  const isSent = command.name() === 'send' || takes.includes('RequestType')
  return [
    ...names,
    ...choices,
    ...(isSent && /^[A-Z]/.test(begun) ? knownRequestTypes.keys() : []),
    ...(takes.includes('ref') && begun !== '' ? await hostsNamed(call, begun) : []),
  ]
}

/** Longer than this nobody waits for a completion. */
const hostsTimeoutMs = 800
/** More than this is no help. */
const hostsMax = 30

/** Serials, hostnames and ids that begin like the word; a server that is not there completes nothing. */
async function hostsNamed(call: Call, q: string): Promise<readonly string[]> {
  const client = call.client(AbortSignal.any([call.signal, AbortSignal.timeout(hostsTimeoutMs)]))
  if (!client.ok) return []
  const query = { q, limit: String(hostsMax) }
  const page = await client.value.json({ method: 'GET', path: '/hosts', query })
  if (!page.ok) return []
  return listAt(page.value, 'items').flatMap((host) =>
    ['serial', 'uuid', 'id'].flatMap((key) => textAt(host, key) ?? []),
  )
}
