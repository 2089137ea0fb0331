/**
 * Lets tasks that share a key through one after another, and all others at once.
 *
 * Two sightings of one computer would else decide on the same rows, and one of them in vain.
 */
export type Turnstile = <Value>(
  keys: readonly string[],
  task: () => Promise<Value>,
) => Promise<Value>

export function createTurnstile(): Turnstile {
  const last = new Map<string, Promise<unknown>>()
  return (keys, task) => {
    const before = keys.flatMap((key) => last.get(key) ?? [])
    const mine = before.length === 0 ? task() : Promise.all(before).then(task)
    const passed = mine.catch(() => {})
    for (const key of keys) last.set(key, passed)
    void passed.then(() => {
      for (const key of keys) if (last.get(key) === passed) last.delete(key)
    })
    return mine
  }
}
