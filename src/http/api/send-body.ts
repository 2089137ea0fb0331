// A command as an operator writes it: JSON, or the property list a device will get.
import { z } from '@hono/zod-openapi'
import type { Writer } from '../../intake/commands.ts'
import { isRequestType } from '../../protocol/mdm/command.ts'
import { commandUuidRule, isCommandUuid } from '../../protocol/mdm/command-uuid.ts'
import { payloadOfJson } from '../../protocol/mdm/payload-json.ts'
import { plistLimits } from '../../protocol/plist/limits.ts'
import type { Dict } from '../../protocol/plist/value.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { readOperatorCommand } from '../reading/operator-command.ts'
import type { Reading } from '../reading/reading.ts'
import { type BodySpec, jsonBody, type JsonBounds, jsonType } from './body-spec.ts'
import { invalidAt } from './invalid.ts'

const dayS = 86_400

/** An expired command is gone; a year and a month still covers a computer that lay in a drawer. */
const expiry = { leastS: 60, mostS: 400 * dayS }
export const usualExpiryS = 30 * dayS

/** Nobody needs more steps than this between the urgent and the idle. */
const priorityMost = 1_000

const priority = z.int().min(-priorityMost).max(priorityMost)
const expiresInS = z.int().min(expiry.leastS).max(expiry.mostS)
const channel = z.string().min(1).optional().openapi({
  description: 'Enrollment key of a channel; the device channel when left out.',
})

/** Beside a property list these stand in the address, since the body is Apple's. */
export const sendQuery = z.strictObject({
  channel,
  priority: z.coerce.number().pipe(priority).optional(),
  expires_in_s: z.coerce.number().pipe(expiresInS).optional(),
})

const jsonWish = z.strictObject({
  request_type: z.string().refine(isRequestType, 'must be 1 to 64 letters and digits'),
  payload: z.record(z.string(), z.unknown()).optional().openapi({
    description:
      'The keys of Command beside RequestType, as `request` of a command shows them. Keys that take data are base64. {"$data": "<base64>"}, {"$date": "<ISO 8601>"}, {"$real": 1} and {"$integer": "<digits>"} stand for what JSON lacks; {"$dict": {…}} stands around a dictionary whose key begins with $.',
  }),
  command_uuid: z.string().refine(isCommandUuid, `must be ${commandUuidRule}`).optional().openapi({
    description:
      'Chosen by the server when left out. Sent again to the same channel it is the same command.',
  }),
  channel,
  priority: priority.optional().openapi({ description: 'Higher goes first; 0 when left out.' }),
  expires_in_s: expiresInS.optional().openapi({ description: '30 days when left out.' }),
})

export type SendBody = {
  readonly form: 'json' | 'plist'
  readonly requestType: string
  readonly payload: Dict | Writer
  readonly commandUUID: string | undefined
  readonly channel: string | undefined
  readonly priority: number | undefined
  readonly expiresInS: number | undefined
}

const plistTypes = [
  'application/xml',
  'text/xml',
  'application/x-plist',
  'application/x-apple-aspen-mdm',
  'application/octet-stream',
]

/** A profile as data is one value; what has more is written as the property list it becomes. */
export const wishBounds: JsonBounds = { bytesMax: 1_048_576, valuesMax: 4_000 }

const jsonSpec = jsonBody(jsonWish, wishBounds)

export const sendBody = (reading: Reading): BodySpec<SendBody> => ({
  content: {
    ...jsonSpec.content,
    ...Object.fromEntries(
      plistTypes.map((type) => [type, z.string().openapi({ format: 'binary' })]),
    ),
  },
  optional: false,
  bytesMax: (type) => (type === jsonType ? wishBounds.bytesMax : plistLimits.bytesMax),
  read: (bytes, type) =>
    type === jsonType ? readJsonWish(bytes, type) : readPlistWish(reading, bytes),
})

async function readJsonWish(bytes: Uint8Array, type: string): Promise<Result<SendBody, Problem>> {
  const wish = await jsonSpec.read(bytes, type)
  if (!wish.ok) return wish
  const { request_type, payload: given = {}, command_uuid, expires_in_s, ...rest } = wish.value
  // As JSON gave it: the schema's copy would drop a member named __proto__.
  const payload = payloadOfJson(request_type, given)
  if (!payload.ok)
    return fail(
      invalidAt([{ pointer: `/payload${payload.error.pointer}`, detail: payload.error.detail }]),
    )
  return ok({
    form: 'json',
    requestType: request_type,
    payload: payload.value,
    commandUUID: command_uuid,
    channel: rest.channel,
    priority: rest.priority,
    expiresInS: expires_in_s,
  })
}

async function readPlistWish(
  reading: Reading,
  bytes: Uint8Array,
): Promise<Result<SendBody, Problem>> {
  const command = await readOperatorCommand(reading, bytes)
  if (!command.ok) {
    const { kind, detail } = command.error
    if (kind === 'busy') return fail({ kind: 'unavailable', detail })
    return fail(
      kind === 'bad-plist'
        ? { kind: 'malformed', detail: `The body is not a property list: ${detail}.` }
        : invalidAt([{ pointer: '', detail }]),
    )
  }
  const { requestType, payload, commandUUID } = command.value
  return ok({
    form: 'plist',
    requestType,
    payload,
    commandUUID,
    channel: undefined,
    priority: undefined,
    expiresInS: undefined,
  })
}
