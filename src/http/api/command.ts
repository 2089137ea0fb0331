// One command, from the wish to the device's word.
import { z } from '@hono/zod-openapi'
import type { CommandContext } from '../../../machines/command.ts'
import type { CommandRow } from '../../../storage/rows.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Principal } from '../auth.ts'
import type { Problem } from '../problem.ts'
import { causeOf } from './cause.ts'
import { bodyJson, bodyOf, bodyPlist, readablePart } from './command-body.ts'
import { commandByRef, refQuery, uuidParams } from './command-ref.ts'
import { commandItem, itemOfRow } from './command-item.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered, askProblem } from './faults.ts'
import { iso, time, yesOrNo } from './fields.ts'

const json = z.unknown()

const wholeCommand = commandItem
  .extend({
    attempts: z.int().openapi({ description: 'How often it left for the device.' }),
    unreadable: z
      .array(z.enum(['request', 'result']))
      .optional()
      .openapi({ description: 'Parts that are lost or damaged on the server; each is null.' }),
    result_condition: z
      .object({ kind: z.enum(['mended', 'cut', 'unreadable']), reason: z.string() })
      .optional()
      .openapi({
        description:
          'Only where the result is not shown whole. mended: it has what a property list may not have. cut: long lists are shown without their ends. unreadable: it is null. With format=plist the bytes come as the device sent them.',
      }),
    deferrals: z.int().openapi({ description: 'How often the device said NotNow.' }),
    repeatable: z.boolean(),
    push: z
      .object({ at: time, apns_id: z.string().nullable(), reason: z.string().nullable() })
      .nullable()
      .openapi({ description: "The last push for it: Apple's id, or why there was none." }),
    history: z.array(
      z.object({
        state: z.string(),
        at: time,
        event: z.string(),
        cause: z.string(),
        cause_id: z.string().nullable(),
      }),
    ),
    request: json.openapi({ description: 'The property list as JSON, without its secrets.' }),
    result: json.openapi({ description: 'What the device reported; null while it has not.' }),
    error_chain: z.array(
      z.object({
        ErrorCode: z.number(),
        ErrorDomain: z.string(),
        LocalizedDescription: z.string(),
        USEnglishDescription: z.string().optional(),
      }),
    ),
  })
  .openapi('WholeCommand')

const plistType = 'application/xml'
const binaryPlistType = 'application/x-plist'

export const commandEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/commands/{uuid}',
      role: 'viewer',
      tag: 'commands',
      summary: 'One command with its history, request and result.',
      description:
        'Secrets, such as the PIN of a DeviceLock, read [secret]. An admin sees them with reveal=true and a reason; the journal keeps who looked and why.',
      params: uuidParams,
      query: z.strictObject({
        format: z.enum(['json', 'plist']).default('json'),
        part: z.enum(['result', 'request']).default('result').openapi({
          description: 'With format=plist: which of the two bodies.',
        }),
        reveal: yesOrNo('With the secrets, for admins.'),
        reason: z.string().trim().min(1).max(reasonCharsMax).optional().openapi({
          description: 'Why the secrets are looked at; with reveal=true.',
        }),
        ...refQuery,
      }),
      gives: wholeCommand,
      types: ['application/json', plistType, binaryPlistType],
    },
    async ({ path: { uuid }, query: { format, part, reveal, reason, ...which }, principal }) => {
      const found = await commandByRef(deps, uuid, which)
      if (!found.ok) return found
      const row = found.value
      const audited = reveal ? await audit(deps, row, { principal, reason }) : ok(undefined)
      if (!audited.ok) return audited
      const context = deps.commandContext(row)
      if (format === 'json') {
        const content = await whole(deps, row, { context, reveal })
        return content.ok ? ok({ kind: 'json', content: content.value }) : content
      }
      const bytes = await bodyOf(deps, part === 'result' ? context.resultRef : context.requestRef)
      if (!bytes.ok) return bytes
      if (bytes.value === null)
        return fail({ kind: 'not-found', detail: `The command has no ${part} (yet).` })
      const shown = await bodyPlist(deps, bytes.value, reveal)
      return shown.ok ? ok({ kind: 'other', response: plistResponse(shown.value) }) : shown
    },
  )

type Part = Uint8Array | 'unreadable' | null

const bytesOf = (part: Part): Uint8Array | null => (part === 'unreadable' ? null : part)

function unreadableParts(parts: { readonly request: Part; readonly result: Part }): {
  readonly unreadable?: ('request' | 'result')[]
} {
  const unreadable = (['request', 'result'] as const).filter((name) => parts[name] === 'unreadable')
  return unreadable.length > 0 ? { unreadable } : {}
}

type Shown = { readonly context: CommandContext; readonly reveal: boolean }

async function whole(
  deps: ApiDeps,
  row: CommandRow,
  { context, reveal }: Shown,
): Promise<Result<z.input<typeof wholeCommand>, Problem>> {
  const request = await readablePart(deps, context.requestRef)
  if (!request.ok) return request
  const result = await readablePart(deps, context.resultRef)
  if (!result.ok) return result
  const asked = await bodyJson(deps, bytesOf(request.value), reveal)
  if (!asked.ok) return asked
  const said = await bodyJson(deps, bytesOf(result.value), reveal)
  if (!said.ok) return said
  const history = await historyOf(deps, row.command_uuid)
  if (!history.ok) return history
  return ok({
    ...itemOfRow(deps, row),
    attempts: context.attempts,
    deferrals: context.deferrals,
    push: context.push && {
      at: iso(context.push.at),
      apns_id: context.push.apnsId,
      reason: context.push.reason,
    },
    repeatable: context.repeatable,
    ...unreadableParts({ request: request.value, result: result.value }),
    history: history.value,
    request: asked.value.content,
    result: said.value.content,
    ...(said.value.condition && { result_condition: said.value.condition }),
    error_chain: context.errorChain.map((item) => ({ ...item })),
  })
}

/** A command moves a few times; one that was deferred for a year of hourly polls moves 18,000 times. */
const historyMax = 1_000

async function historyOf(
  { queries }: ApiDeps,
  actor: string,
): Promise<Result<z.input<typeof wholeCommand>['history'], Problem>> {
  const page = answered(await queries.listJournal({ actor, ascending: true, limit: historyMax }))
  if (!page.ok) return page
  return ok(
    page.value.items.flatMap(({ to_state, at, event, cause, cause_id }) =>
      to_state === null ? [] : [{ state: to_state, at: iso(at), event, cause, cause_id }],
    ),
  )
}

/** A sentence, or the number of a ticket. */
const reasonCharsMax = 300

const noReason: Problem = {
  kind: 'invalid',
  detail: 'Secrets are shown for a reason, which the journal keeps.',
  errors: [{ pointer: '/query/reason', detail: 'is required with reveal=true' }],
}

/** Who saw the secrets is on record before they are seen. */
async function audit(
  { store, hosts, world }: ApiDeps,
  row: CommandRow,
  { principal, reason }: { readonly principal: Principal; readonly reason: string | undefined },
): Promise<Result<void, Problem>> {
  if (principal.role !== 'admin')
    return fail({ kind: 'forbidden', detail: 'Only admins may see secrets.' })
  if (reason === undefined) return fail(noReason)
  const cause = causeOf(principal)
  const writes = [
    {
      put: 'journal',
      row: {
        host_id: row.host_id,
        at: world.now(),
        actor: row.command_uuid,
        event: 'operator.reveal',
        from_state: null,
        to_state: null,
        cause: cause.kind,
        cause_id: cause.id,
        detail: JSON.stringify({ reason }),
      },
    },
  ] as const
  const committed = await store.commit(writes)
  if (!committed.ok) return fail(askProblem(committed.error))
  hosts.live.publish(writes, committed.journalSeqs)
  return ok(undefined)
}

function plistResponse(bytes: Uint8Array): Response {
  const isBinary = Buffer.from(bytes.subarray(0, 6)).toString('latin1') === 'bplist'
  const type = isBinary ? binaryPlistType : plistType
  return new Response(Uint8Array.from(bytes), {
    headers: {
      'content-type': type,
      'cache-control': 'no-store',
    },
  })
}
