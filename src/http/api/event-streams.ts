import type { JournalEntry, JournalQuery } from '../../../storage/queries.ts'
import type { ApiDeps } from './deps.ts'
import { journalOf } from './journal-item.ts'
import { createStreamSlots } from '../stream-slots.ts'
import { createInbox, type Inbox } from './event-inbox.ts'

/** A comment this often keeps proxies from taking a quiet stream for a dead one. */
const heartbeatMs = 15_000

/** When a client comes back after its stream ended. */
const retryMs = 2_000

/** Rows read at once while catching up. */
const replayRows = 500

type EventFilter = {
  readonly hostIds?: readonly string[]
  readonly event?: readonly string[] | undefined
  readonly actor?: string | undefined
  readonly cause?: readonly string[] | undefined
}

type Wanted = {
  readonly filter: EventFilter
  /** Replay what came after this seq; undefined begins now. */
  readonly after: number | undefined
  /** Whose stream it is. */
  readonly principalId: string
}

type StreamDeps = Pick<ApiDeps, 'hosts' | 'queries' | 'world' | 'closing' | 'commands'>

/** `open` gives undefined when too many streams are open. */
export function createEventStreams(deps: StreamDeps): {
  open(wanted: Wanted): Response | undefined
} {
  const slots = createStreamSlots()
  return {
    open(wanted) {
      const free = deps.closing.aborted ? undefined : slots.take(wanted.principalId)
      if (free === undefined) return undefined
      const inbox = createInbox(deps.world)
      const unwatch = deps.hosts.live.watch({
        happened(line) {
          if (matches(wanted.filter, line)) inbox.post(line)
        },
      })
      const close = (): void => inbox.close()
      deps.closing.addEventListener('abort', close)
      let ended = false
      const end = (): void => {
        if (ended) return
        ended = true
        free()
        unwatch()
        close()
        deps.closing.removeEventListener('abort', close)
      }
      return new Response(streamOf(linesOf(deps, wanted, inbox), end), { headers })
    },
  }
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Some proxies buffer what they are not told to pass on.
  'x-accel-buffering': 'no',
}

/** Pulled by the client's socket, so a slow client slows its own generator and nobody else. */
function streamOf(
  lines: AsyncGenerator<string, void>,
  end: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // A fault ends the stream without a word; the client resumes where it was.
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

async function* linesOf(
  deps: StreamDeps,
  wanted: Wanted,
  inbox: Inbox,
): AsyncGenerator<string, void> {
  yield `retry: ${retryMs}\n\n`
  let replayed = 0
  if (wanted.after !== undefined) {
    if (await isBeyond(deps, wanted.after)) yield 'event: reset\ndata: {}\n\n'
    else
      for await (const entry of replay(deps, wanted.filter, wanted.after)) {
        replayed = entry.seq
        yield messageOf(deps, entry)
      }
  }
  for (;;) {
    const entry = await inbox.take(heartbeatMs)
    if (entry === 'closed') return
    if (entry === 'quiet') yield ': still here\n\n'
    // What the replay has told already arrives here once more.
    else if (entry.seq > replayed) yield messageOf(deps, entry)
  }
}

/**
 * The journal ends before the client's place, so it is another journal; or what came next is kept no more. A client that
 * has no place yet takes what there is.
 */
async function isBeyond({ queries }: StreamDeps, after: number): Promise<boolean> {
  const newest = await queries.listJournal({ limit: 1 })
  const oldest = await queries.listJournal({ limit: 1, ascending: true })
  if (!newest.ok || !oldest.ok) throw new Error('the journal cannot be read now')
  const [first, last] = [oldest.value.items[0]?.seq ?? 1, newest.value.items[0]?.seq ?? 0]
  return after > last || (after > 0 && after < first - 1)
}

async function* replay(
  { queries, closing }: StreamDeps,
  filter: EventFilter,
  after: number,
): AsyncGenerator<JournalEntry, void> {
  let sinceSeq = after
  while (!closing.aborted) {
    const page = await queries.listJournal({
      ...queryOf(filter),
      sinceSeq,
      ascending: true,
      limit: replayRows,
    })
    if (!page.ok) throw new Error('the journal cannot be read now')
    yield* page.value.items
    sinceSeq = page.value.items.at(-1)?.seq ?? sinceSeq
    if (!page.value.more) return
  }
}

const queryOf = ({ hostIds, event, actor, cause }: EventFilter): Omit<JournalQuery, 'limit'> => ({
  ...(hostIds && { hostIds }),
  ...(event && { events: event }),
  ...(actor !== undefined && { actor }),
  // The route lets no other words through.
  ...(cause && { causes: cause as NonNullable<JournalQuery['causes']> }),
})

function matches({ hostIds, event, actor, cause }: EventFilter, line: JournalEntry): boolean {
  const fits = (words: readonly string[] | undefined, word: string): boolean =>
    words === undefined || words.includes(word)
  return (
    fits(hostIds, line.host_id) &&
    fits(event, line.event) &&
    fits(cause, line.cause) &&
    (actor === undefined || actor === line.actor)
  )
}

const messageOf = ({ commands }: StreamDeps, entry: JournalEntry): string =>
  `id: ${entry.seq}\ndata: ${JSON.stringify(journalOf(entry, commands.uuidOf))}\n\n`
