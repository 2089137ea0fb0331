// Tells open pages that they have changed. The pages fetch what they show themselves, so a stream
// carries no content but what lights the drawing, and a thousand changes are one message.
import type { PagesDeps } from './deps.ts'
import { createStreamSlots } from '../stream-slots.ts'
import { type Change, createSlot, type Slot } from './live-slot.ts'
import type { Subject } from './live-subject.ts'

/** Four messages a second are as live as anyone can see. */
const betweenMs = 250

/** How soon a stream ends whose session did. */
const checkMs = 5_000

/** Pings keep proxies from taking a quiet stream for a dead one: every third check, 15 s. */
const checksPerPing = 3

const retryMs = 2_000

type Wanted = {
  readonly subject: Subject
  /** The last seq the page knows; undefined begins now. */
  readonly since: number | undefined
  readonly isAllowed: () => boolean
  /** Whose stream it is. */
  readonly principalId: string
}

export type LiveStreams = { open(wanted: Wanted): Response | undefined }

export function createLiveStreams(deps: PagesDeps): LiveStreams {
  const slots = createStreamSlots()
  return {
    open(wanted) {
      const free = deps.closing.aborted ? undefined : slots.take(wanted.principalId)
      if (free === undefined) return undefined
      const slot = createSlot(deps.world)
      const unwatch = watch(deps, wanted.subject, slot)
      const close = (): void => slot.close()
      deps.closing.addEventListener('abort', close)
      let ended = false
      const end = (): void => {
        if (ended) return
        ended = true
        free()
        unwatch()
        slot.close()
        deps.closing.removeEventListener('abort', close)
      }
      return new Response(streamOf(messages(deps, wanted, slot), end), { headers })
    },
  }
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

const watch = ({ hosts }: PagesDeps, subject: Subject, slot: Slot): (() => void) =>
  hosts.live.watch({
    committed(writes) {
      if (writes.some((write) => subject.touches(write))) slot.put({ seq: 0 })
    },
    happened(line) {
      if (subject.concerns(line)) slot.put({ seq: line.seq, edge: subject.edgeOf(line) })
    },
  })

async function* messages(
  deps: PagesDeps,
  { subject, since, isAllowed }: Wanted,
  slot: Slot,
): AsyncGenerator<string, void> {
  yield `retry: ${retryMs}\n\n`
  const missed = since === undefined ? undefined : await missedSince(deps, subject, since)
  if (missed !== undefined) slot.put(missed)
  let quiet = 0
  for (;;) {
    const change = await slot.take(checkMs)
    if (change === 'closed' || !isAllowed()) return
    if (change !== 'quiet') {
      yield messageOf(subject, change)
      await new Promise<void>((resolve) => deps.world.later(resolve, betweenMs))
    } else if ((quiet += 1) % checksPerPing === 0) yield ': still here\n\n'
  }
}

/** Whatever happened between the page and its stream is one change more. */
async function missedSince(
  { queries }: PagesDeps,
  subject: Subject,
  sinceSeq: number,
): Promise<Change | undefined> {
  const page = await queries.listJournal({ ...subject.asked, sinceSeq, limit: 1 })
  const line = page.ok ? page.value.items[0] : undefined
  return line && { seq: line.seq, edge: subject.edgeOf(line) }
}

/** Without a seq the client keeps the one it has: nothing of the journal is lost by that. */
function messageOf(subject: Subject, { seq, edge }: Change): string {
  const content = JSON.stringify({ ...subject.shown(), ...(edge !== undefined && { edge }) })
  return `${seq === 0 ? '' : `id: ${seq}\n`}event: change\ndata: ${content}\n\n`
}

/** Pulled by the client's socket: a slow client slows its own stream and nobody else. */
function streamOf(
  lines: AsyncGenerator<string, void>,
  end: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await lines.next().catch(() => ({ done: true, value: undefined }) as const)
        if (next.done !== true) return controller.enqueue(encoder.encode(next.value))
        end()
        controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  )
}
