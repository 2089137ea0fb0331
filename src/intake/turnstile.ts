/** Tasks in line for one key: as many as a host's mailbox takes, and beyond them the sender should retry. */
const inLineMax = 64

/**
 * Lets tasks that share a key through one after another, and all others at once. Undefined when too
 * many are in line for one of the keys; the task is then not begun.
 *
 * Two sightings of one computer would else decide on the same rows, and one of them in vain.
 */
export type Turnstile = <Value>(
  keys: readonly string[],
  task: () => Promise<Value>,
) => Promise<Value> | undefined

type Line = { readonly last: Promise<unknown>; readonly length: number }

export function createTurnstile(): Turnstile {
  const lines = new Map<string, Line>()

  function leave(key: string, passed: Promise<unknown>): void {
    const line = lines.get(key)
    if (line === undefined || line.last === passed) lines.delete(key)
    else lines.set(key, { ...line, length: line.length - 1 })
  }

  return (keys, task) => {
    const before = keys.flatMap((key) => lines.get(key) ?? [])
    if (before.some(({ length }) => length >= inLineMax)) return undefined
    const mine =
      before.length === 0 ? task() : Promise.all(before.map(({ last }) => last)).then(task)
    const passed = mine.catch(() => {})
    for (const key of keys)
      lines.set(key, { last: passed, length: (lines.get(key)?.length ?? 0) + 1 })
    void passed.then(() => {
      for (const key of keys) leave(key, passed)
    })
    return mine
  }
}
