import { fail, ok, type Result } from '../result.ts'
import type { Call } from './call.ts'
import { exitCodes } from './exit-code.ts'
import { type Fault, linesOf } from './fault.ts'
import { listText } from './format.ts'
import type { Json } from './json.ts'
import { type Shown, textOf } from './showing.ts'

/** As many requests as a server of ours answers without any of them waiting. */
const atOnceMax = 8

/** Does something to each item, several at once, and keeps their order. */
export async function inParallel<Item, Outcome>(
  items: readonly Item[],
  act: (item: Item) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const queue = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) outcomes[index] = await act(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, lane))
  return outcomes
}

export type Reached = {
  /** What came back from those that worked. */
  readonly items: readonly Json[]
  readonly failed: number
}

/**
 * Does something to each of the targets that were named and tells of those that failed.
 *
 * Fails: when the only target did, and when the run is ended from outside.
 */
export async function reach(
  call: Call,
  targets: readonly string[],
  act: (target: string) => Promise<Result<Json, Fault>>,
): Promise<Result<Reached, Fault>> {
  const outcomes = await inParallel(targets, act)
  const items: Json[] = []
  let failed = 0
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) {
      items.push(outcome.value)
      continue
    }
    if (targets.length === 1 || outcome.error.kind === 'ended') return outcome
    failed += 1
    const [first = '', ...rest] = linesOf(outcome.error)
    await call.tell(`${targets[index] ?? ''}: ${first}`)
    for (const line of rest) await call.tell(line)
  }
  return ok({ items, failed })
}

/** Shows what came back, as one thing when one was asked for, and says how many failed. */
export async function toldReached(
  call: Call,
  look: Omit<Shown, 'request'>,
  { items, failed, of }: Reached & { readonly of: number },
): Promise<Result<number, Fault>> {
  const [only] = items
  if (of === 1 && only !== undefined) await call.io.stdout.write(textOf(call, look, only))
  else {
    const envelope = { items, total: items.length, next: null }
    await call.io.stdout.write(listText(call, look, { items, envelope }))
  }
  return failed === 0 ? ok(exitCodes.ok) : fail({ kind: 'some-failed', failed, of })
}
