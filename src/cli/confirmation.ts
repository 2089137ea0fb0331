import { fail, ok, type Result } from '../result.ts'
import type { Call } from './call.ts'
import type { Fault } from './fault.ts'
import { harmless } from './safe-text.ts'

/**
 * Lets the operator type a word before something that cannot be taken back; `--yes` is that word in scripts.
 *
 * Fails: without a terminal to ask on, and when another word is typed.
 */
export async function confirmed(
  { io, options }: Call,
  { warning, word }: { readonly warning: string; readonly word: string },
): Promise<Result<undefined, Fault>> {
  if (options.flag('yes')) return ok(undefined)
  if (!io.stdin.isTTY)
    return fail({ kind: 'usage', detail: `${warning} Without a terminal to ask on, give --yes.` })
  const typed = await io.stdin.line(`${harmless(warning)}\nType ${harmless(word)} to go on: `)
  return typed?.trim() === word
    ? ok(undefined)
    : fail({ kind: 'failed', detail: 'Not confirmed, so nothing was done.' })
}
