// Takes away blobs that no row refers to any more: bodies of deliveries that are over, of hosts that were forgotten,
// and what a crash left between a blob and its row.
import type { BlobStore } from './blobs.ts'
import type { Queries } from './queries.ts'

/**
 * So long a blob is left alone, whatever refers to it: its row is written seconds after it, or never. It is also what a
 * copy of the folder may take.
 */
const restingMs = 86_400_000

/** Asked again so much later, so that a wall clock that leapt between a blob and its row does no harm. */
const secondLookMs = 600_000

/** The start has other things to do; and who put back an old database by mistake has time to notice. */
const firstMs = 3_600_000
const everyMs = 86_400_000

/** Blobs of one round: what is left comes the day after. A digest takes some 150 bytes of memory. */
const suspectsMax = 100_000

/** Removals before others have their turn at the disk. */
const removedAtOnce = 50
const restMs = 20

export type Swept = { readonly blobs: number; readonly bytes: number }

export type SweepOptions = {
  readonly blobs: Pick<BlobStore, 'putBefore' | 'remove'>
  readonly queries: Pick<Queries, 'scanBlobs'>
  /** Wall clock: files know no other. */
  readonly now: () => number
  readonly later: (task: () => void, delayMs: number) => { cancel(): void }
}

export type BlobSweep = {
  /** Since the start. */
  swept(): Swept
  stop(): Promise<void>
}

export function createBlobSweep(options: SweepOptions): BlobSweep {
  let [blobs, bytes] = [0, 0]
  let stopped = false
  let wake: (() => void) | undefined
  let running: Promise<void> = Promise.resolve()

  const pause = async (ms: number): Promise<void> => {
    if (stopped) return
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    const timer = options.later(resolve, ms)
    await promise
    timer.cancel()
  }

  async function live(): Promise<void> {
    await pause(firstMs)
    while (!stopped) {
      // What cannot be read or removed today is tomorrow.
      const swept = await sweepBlobs({ ...options, pause, isOver: () => stopped }).catch(() => none)
      blobs += swept.blobs
      bytes += swept.bytes
      await pause(everyMs)
    }
  }
  running = live()

  return {
    swept: () => ({ blobs, bytes }),
    async stop() {
      stopped = true
      wake?.()
      await running
    },
  }
}

const none: Swept = { blobs: 0, bytes: 0 }

type Round = Omit<SweepOptions, 'later'> & {
  readonly pause: (ms: number) => Promise<void>
  readonly isOver: () => boolean
}

/**
 * One round: what was put more than a day ago and is named by no row, twice asked, goes.
 *
 * The rows decide: where they cannot all be read as they were written, nothing is taken away.
 */
export async function sweepBlobs(round: Round): Promise<Swept> {
  const { blobs, now, pause, isOver } = round
  const before = now() - restingMs
  const suspects = await suspectsOf(round, before)
  if (suspects.length === 0) return none
  await pause(secondLookMs)
  const named = await namedBlobs(round)
  if (named === undefined) return none
  let [count, bytes] = [0, 0]
  for (const [index, digest] of suspects.entries()) {
    if (isOver()) break
    if (index % removedAtOnce === removedAtOnce - 1) await pause(restMs)
    const freed = named.has(digest) ? 0 : await blobs.remove(digest, before)
    count += freed > 0 ? 1 : 0
    bytes += freed
  }
  return { blobs: count, bytes }
}

async function suspectsOf(round: Round, before: number): Promise<readonly string[]> {
  const { blobs } = round
  const suspects: string[] = []
  if (!(await isAny(blobs.putBefore(before)))) return suspects
  const named = await namedBlobs(round)
  if (named === undefined) return suspects
  for await (const digest of blobs.putBefore(before)) {
    if (!named.has(digest)) suspects.push(digest)
    if (suspects.length >= suspectsMax) break
  }
  return suspects
}

async function isAny(some: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of some) return true
  return false
}

/** Every digest that a row names; undefined when they cannot all be told. */
async function namedBlobs({
  queries,
  isOver,
}: Pick<Round, 'queries' | 'isOver'>): Promise<ReadonlySet<string> | undefined> {
  const named = new Set<string>()
  for (let after: number | null = 0; after !== null;) {
    const stretch: Stretch = await queries.scanBlobs({ after, rows: rowsAtOnce })
    if (!stretch.ok || isOver()) return undefined
    for (const digest of stretch.value.digests) named.add(digest)
    after = stretch.value.next
  }
  return named
}

type Stretch = Awaited<ReturnType<Queries['scanBlobs']>>

/** Some milliseconds of the thread that lists. */
const rowsAtOnce = 5_000
