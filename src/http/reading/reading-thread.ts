// The thread that reads large bodies, so that a hostile one delays other large ones and nothing else.
import { parentPort } from 'node:worker_threads'
import { outlineOf } from '../../protocol/mdm/outline.ts'
import { readCheckinBody, readReportBody } from '../../protocol/mdm/report-body.ts'
import { readKnownDetails } from '../../protocol/osquery/detail.ts'
import { readLogBody, readWriteBody } from '../../protocol/osquery/batch.ts'
import { type JsonObject, member } from '../../protocol/osquery/json.ts'
import { renderLines } from '../../protocol/osquery/render-lines.ts'
import { buildPlist } from '../../protocol/plist/build.ts'
import type { Dict } from '../../protocol/plist/value.ts'
import { ok } from '../../result.ts'
import { namedCommand, writtenCommand } from './command-writing.ts'
import { bareBody, shownBody } from './kept-body.ts'
import type { FromThread, JobName, Jobs, ToThread } from './jobs.ts'

/** The batch read last. The next job lets it go. */
let lines: Iterable<JsonObject> = []

const utf8 = new TextEncoder()

const work: { readonly [Name in JobName]: (ask: Jobs[Name][0]) => Jobs[Name][1] } = {
  message({ bytes, kind }) {
    const outline = (raw: Dict): Uint8Array => utf8.encode(buildPlist(outlineOf(raw)))
    if (kind === 'checkin') {
      const read = readCheckinBody(bytes)
      return { bytes, outline: read.ok ? ok(outline(read.value)) : read }
    }
    const read = readReportBody(bytes)
    if (!read.ok) return { bytes, outline: read }
    const { raw, unread } = read.value
    return { bytes, outline: ok(outline(raw)), ...(unread !== undefined && { unread }) }
  },
  log({ bytes, limits }) {
    const { envelope, fault, isReplaced, kind, lines: said } = readLogBody(bytes, limits)
    lines = said
    return { envelope: envelopeOf(envelope), fault, isReplaced, kind }
  },
  lines: ({ received }) => renderLines(lines, received),
  write({ bytes, limits }) {
    const { envelope, answers, unread, fault, isReplaced } = readWriteBody(bytes, limits)
    lines = unread === undefined ? [] : [unread]
    return { fault, isReplaced, envelope: envelopeOf(envelope), answers: readKnownDetails(answers) }
  },
  command: ({ bytes }) => ({ bytes, said: namedCommand(bytes) }),
  wish: ({ command, form }) => writtenCommand(command, form),
  shown: ({ bytes, isRevealed }) => shownBody(bytes, isRevealed),
  bare: ({ bytes }) => ({ bytes: bareBody(bytes) }),
}

/** The key it speaks under; of what is no text, only that it is none. */
function envelopeOf(body: JsonObject): JsonObject {
  const key = member(body, 'node_key')
  if (key === undefined) return {}
  return { node_key: typeof key === 'string' ? key.slice(0, keyCharsMax) : null }
}

/** Longer than any key may be, so that one that is too long still is. */
const keyCharsMax = 1_024

parentPort?.on('message', (message: ToThread) => {
  const { reply, handOver } = answer(message)
  parentPort?.postMessage(reply, handOver)
})

function answer({ job, ask }: ToThread): { reply: FromThread; handOver: ArrayBuffer[] } {
  try {
    if (job !== 'lines') lines = []
    // `ask` belongs to `job`: `ToThread` says so.
    const value = (work[job] as (asked: unknown) => unknown)(ask)
    return { reply: { ok: true, value }, handOver: buffersOf(value) }
  } catch (error) {
    return { reply: { ok: false, detail: String(error) }, handOver: [] }
  } finally {
    if (job === 'lines') lines = []
  }
}

function buffersOf(value: unknown): ArrayBuffer[] {
  const bytes = value instanceof Uint8Array ? value : bytesIn(value)
  return bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : []
}

const bytesIn = (value: unknown): Uint8Array | undefined =>
  typeof value === 'object' &&
  value !== null &&
  'bytes' in value &&
  value.bytes instanceof Uint8Array
    ? value.bytes
    : undefined
