// `muster events`: the journal of the whole fleet as it is written.
import type { Command } from 'commander'
import { fail, ok, type Result, unreachable } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { type Client, faultOf, type Query, rest } from './client.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { examples } from './group.ts'
import { type Json, jsonText, parseJson, textAt, at } from './json.ts'
import { filtersOf } from './listing.ts'
import { collect, durationMs, wholeNumber } from './options.ts'
import { harmless } from './safe-text.ts'
import { type ServerEvent, serverEvents } from './sse.ts'
import { pad } from './width.ts'
import { yaml } from './yaml.ts'

export function addEvents(program: Command, shell: Shell): void {
  examples(
    program
      .command('events')
      .description('what happens, as it happens: the journal of all hosts')
      .option('-f, --follow', 'until interrupted; the default unless --limit or --timeout ends it')
      .option(
        '--since <seq>',
        'begin after this row of the journal instead of now',
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      )
      .option('--host <ref>', 'of one host')
      .option('--event <names>', 'such as mdm.TokenUpdate; several by comma')
      .option('--cause <kinds>', 'device, operator, alarm, sync, effect, identity')
      .option('--filter <key=value>', "a filter as in the API's address; may be repeated", collect)
      .option('--limit <n>', 'end after this many', wholeNumber(1, 1_000_000))
      .option('--timeout <duration>', 'end after this long', durationMs)
      .action(shell.runs(follow)),
    'muster events --follow',
    'muster events --since 0 --limit 20 -o ndjson',
    'muster events --host C02FIXTURE01 -o ndjson | jq -c "{seq, event, to}"',
  )
}

type Following = {
  readonly client: Client
  readonly query: Query
  /** The last seq that was shown; the stream resumes behind it. */
  seen: string | undefined
  shown: number
}

/** A server that restarts is back within seconds; the pause grows to this while it is not. */
const reconnectMs = { first: 500, most: 15_000 } as const

async function follow(call: Call): Promise<Result<number, Fault>> {
  const timeoutMs = call.options.number('timeout')
  if (timeoutMs === undefined) return followed(call)
  const time = AbortSignal.timeout(timeoutMs)
  const ended = await followed({ ...call, signal: AbortSignal.any([call.signal, time]) })
  // The time that was asked for is over: that is how it was to end.
  return time.aborted && !call.signal.aborted ? ok(exitCodes.ok) : ended
}

async function followed(call: Call): Promise<Result<number, Fault>> {
  const client = call.client(call.signal)
  if (!client.ok) return client
  return resumed(call, {
    client: client.value,
    query: filtersOf(call, ['host', 'event', 'cause']),
    seen: call.options.number('since')?.toString(),
    shown: 0,
  })
}

/** Opens the stream again and again, each time behind what was seen. */
async function resumed(call: Call, following: Following): Promise<Result<number, Fault>> {
  let pauseMs: number = reconnectMs.first
  for (;;) {
    const shownBefore = following.shown
    const opened = await once(call, following)
    if (opened.ok && opened.value === 'enough') return ok(exitCodes.ok)
    // What never worked is told at once; what worked and broke is taken up again where it broke.
    if (!opened.ok && !(opened.error.kind === 'unreachable' && following.seen !== undefined))
      return opened
    pauseMs =
      following.shown > shownBefore ? reconnectMs.first : Math.min(pauseMs * 2, reconnectMs.most)
    const rested = await rest(pauseMs, call.signal)
    if (!rested.ok) return rested
  }
}

async function once(call: Call, following: Following): Promise<Result<'enough' | 'broken', Fault>> {
  const { client, query, seen } = following
  const limit = call.options.number('limit') ?? Number.POSITIVE_INFINITY
  const stream = await client.stream({
    method: 'GET',
    path: '/events',
    query,
    headers: { accept: 'text/event-stream', ...(seen !== undefined && { 'last-event-id': seen }) },
  })
  if (!stream.ok) return stream
  try {
    for await (const event of serverEvents(stream.value)) {
      if (event.id !== undefined) following.seen = event.id
      following.shown += await show(call, event)
      if (following.shown >= limit) return ok('enough')
    }
    return ok('broken')
  } catch (error) {
    return fail(faultOf(error, { signal: call.signal, url: client.url }))
  }
}

/** How many were shown: none where the message is no row of the journal. */
async function show(call: Call, { event, data }: ServerEvent): Promise<0 | 1> {
  const row = parseJson(data)
  if (event === 'reset') await call.tell('Older rows than the server keeps are left out.')
  if (row === undefined || at(row, 'seq') === undefined) return 0
  await call.io.stdout.write(textOf(call, row))
  return 1
}

function textOf({ format }: Call, row: Json): string {
  switch (format) {
    case 'json':
      return `${jsonText(row)}\n`
    case 'ndjson':
      return `${jsonText(row, 0)}\n`
    case 'yaml':
      return `---\n${yaml(row)}`
    case 'name':
      return `${jsonText(at(row, 'seq') ?? null)}\n`
    case 'table':
    case 'wide':
      return line(row)
    default:
      return unreachable(format)
  }
}

/** Columns of a width of their own, since nobody knows the rows to come. */
function line(row: Json): string {
  const word = (key: string): string => harmless(textAt(row, key) ?? '')
  const moved = [word('from'), word('to')].filter((one) => one !== '').join(' → ')
  const actor = word('actor') === 'host' ? '' : `command ${word('actor')}`
  const by = [word('cause'), word('cause_id')].filter((one) => one !== '').join(' ')
  const parts = [
    word('at'),
    word('host_id'),
    pad(word('event'), eventWidth),
    pad(moved, movedWidth),
  ]
  return `${[...parts, by, actor].join('  ').trimEnd()}\n`
}
/** As wide as the usual ones. */
const [eventWidth, movedWidth] = [20, 36]
