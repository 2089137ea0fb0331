import type { World } from '../../runtime/world.ts'

/** That something has changed, up to this seq; how often does not matter to a page that is drawn anew. */
export type Change = { readonly seq: number; readonly edge?: string | undefined }

/** Room for one change: later ones join it until it is taken, so a slow page costs no more than a quick one. */
export type Slot = {
  put(change: Change): void
  /** The changes since the last take as one; `quiet` after so long without any. */
  take(withinMs: number): Promise<Change | 'quiet' | 'closed'>
  close(): void
}

export function createSlot(world: Pick<World, 'later'>): Slot {
  let held: Change | undefined
  let closed = false
  let wake: (() => void) | undefined

  return {
    put({ seq, edge }) {
      held = { seq: Math.max(seq, held?.seq ?? 0), edge: edge ?? held?.edge }
      wake?.()
    },
    async take(withinMs) {
      if (held === undefined && !closed) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const timer = world.later(resolve, withinMs)
        await promise
        timer.cancel()
        wake = undefined
      }
      if (closed) return 'closed'
      const taken = held
      held = undefined
      return taken ?? 'quiet'
    },
    close() {
      closed = true
      wake?.()
    },
  }
}
