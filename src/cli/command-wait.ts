// Waiting for commands to end, as their device decides.
import { fail, ok, type Result } from '../result.ts'
import { spanText } from './age.ts'
import type { Call } from './call.ts'
import { type Client, rest, segment } from './client.ts'
import type { Fault } from './fault.ts'
import { type Json, textAt } from './json.ts'
import { inParallel } from './targets.ts'

/** Quick at first, when a device that is online answers; then at a pace that costs nothing. */
const lookEveryMs = { first: 250, most: 2_000 } as const

/** States no command leaves. `unknown` may, but only by a report that is lost: nobody should wait for it. */
const finalStates: ReadonlySet<string> = new Set([
  'acknowledged',
  'error',
  'format_error',
  'expired',
  'cancelled',
  'superseded',
  'failed',
  'unknown',
])

const stateOf = (command: Json): string => textAt(command, 'state') ?? ''
export const isFinal = (command: Json): boolean => finalStates.has(stateOf(command))

export const commandAt = (
  client: Client,
  uuid: string,
  query: { readonly by?: 'id' } = {},
): Promise<Result<Json, Fault>> =>
  client.json({ method: 'GET', path: `/commands/${segment(uuid)}`, query })

export type Waited = {
  readonly commands: readonly Json[]
  /** Whether time ran out before all had ended. */
  readonly timedOut: boolean
}

/** Looks at commands until each has ended or `--timeout` has passed. */
export async function waitFor(
  call: Call,
  client: Client,
  commands: readonly Json[],
): Promise<Result<Waited, Fault>> {
  const { io, options, signal } = call
  const startedAt = io.elapsedMs()
  const deadline = startedAt + (options.number('timeout') ?? Number.POSITIVE_INFINITY)
  const known = [...commands]
  const progress = createProgress(call)
  let pauseMs: number = lookEveryMs.first
  for (;;) {
    const waiting = [...known.entries()].filter(([, command]) => !isFinal(command))
    await progress.show(
      `${known.length - waiting.length} of ${known.length} ended, waiting ${spanText(io.elapsedMs() - startedAt)}`,
    )
    if (waiting.length === 0 || io.elapsedMs() >= deadline) {
      await progress.end()
      return ok({ commands: known, timedOut: waiting.length > 0 })
    }
    const rested = await rest(Math.min(pauseMs, deadline - io.elapsedMs()), signal)
    pauseMs = Math.min(pauseMs * 1.5, lookEveryMs.most)
    const looked = rested.ok ? await lookAgain(client, waiting, known) : rested
    if (!looked.ok) {
      await progress.end()
      return looked
    }
  }
}

async function lookAgain(
  client: Client,
  waiting: readonly (readonly [number, Json])[],
  known: Json[],
): Promise<Result<undefined, Fault>> {
  const looks = await inParallel(waiting, async ([index, command]) => {
    const looked = await commandAt(client, textAt(command, 'id') ?? '', { by: 'id' })
    if (looked.ok) known[index] = looked.value
    return looked
  })
  const failed = looks.find((look) => !look.ok)
  return failed === undefined || failed.ok ? ok(undefined) : failed
}

/** One line on stderr that rewrites itself, and leaves nothing behind. Only on a terminal. */
function createProgress({ io: { stderr } }: Call) {
  let shown = false
  return {
    show: async (line: string): Promise<void> => {
      if (!stderr.isTTY) return
      shown = true
      await stderr.write(`\r\u001B[2K${line}`)
    },
    end: async (): Promise<void> => {
      if (shown) await stderr.write('\r\u001B[2K')
    },
  }
}

/** What an ended wait means for the exit code. One command is an error of its own, several are some. */
export function verdictOf({ commands, timedOut }: Waited): Result<undefined, Fault> {
  const bad = commands.filter((command) => isFinal(command) && stateOf(command) !== 'acknowledged')
  const [only] = commands
  if (bad.length > 0 && commands.length > 1)
    return fail({ kind: 'some-failed', failed: bad.length, of: commands.length })
  if (bad.length > 0 && only !== undefined)
    return fail({ kind: 'failed', detail: `The command ended as ${stateOf(only)}.` })
  if (!timedOut) return ok(undefined)
  const open = commands.filter((command) => !isFinal(command)).length
  return fail({ kind: 'timed-out', detail: `${open} of ${commands.length} had not ended in time.` })
}
