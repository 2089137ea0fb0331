// Where the text of one setting comes from: a flag, a variable, or a file that one of them names.
import { existsSync, readFileSync } from 'node:fs'
import type { ServeOptions } from '../cli/serve-options.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Environment, Setting } from './setting.ts'

/** The text of a setting and the flag or variable that gave it. */
export type Given = { readonly name: string; readonly text: string }

/**
 * Undefined when the setting is not given. An empty variable counts as not given.
 *
 * A setting that takes a secret or PEM also has a variable with `_FILE` at its end, which names a file.
 * Fails with one sentence that names the setting and never repeats its value.
 */
export function givenText(
  { flag, variable }: Pick<Setting<unknown>, 'flag' | 'variable'>,
  flags: ServeOptions,
  env: Environment,
): Result<Given | undefined, string> {
  const takesFile = flag.endsWith('File')
  const flagged = flags[flag]
  if (flagged !== undefined)
    return takesFile ? textOfFile(flagName(flag), flagged) : present(flagName(flag), flagged)
  return takesFile ? secretInEnv(variable, env) : present(variable, env[variable] ?? '')
}

function secretInEnv(variable: string, env: Environment): Result<Given | undefined, string> {
  const fileVariable = `${variable}_FILE`
  const text = env[variable] ?? ''
  const path = env[fileVariable] ?? ''
  if (text !== '' && path !== '') return fail(`Set ${variable} or ${fileVariable}, not both.`)
  if (path !== '') return textOfFile(fileVariable, path)
  if (isPath(text))
    return fail(
      `${variable} holds the path of a file, not its content: set ${fileVariable} to the path instead.`,
    )
  return present(variable, text)
}

const present = (name: string, text: string): Result<Given | undefined, string> =>
  ok(text === '' ? undefined : { name, text })

const flagName = (flag: string): string =>
  `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

function textOfFile(name: string, path: string): Result<Given | undefined, string> {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? fail(`${name} names a file that is empty.`) : ok({ name, text })
  } catch (error) {
    // The path is not repeated: people also give the secret itself where a path belongs.
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    return fail(`${name} names a file that cannot be read (${code}).`)
  }
}

/** A path that leads somewhere: base64 may begin with a slash, but names no file. */
const isPath = (text: string): boolean =>
  /^(?:\/|\.{1,2}\/|~\/|[A-Za-z]:\\)[^\n]*$/.test(text) &&
  (text.startsWith('~') || existsSync(text))
