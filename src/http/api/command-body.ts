// What was asked of a device and what it answered: sealed bytes, shown without their secrets.
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { bareBody, shownBody, type ShownBody } from '../reading/kept-body.ts'
import { largeBytesMin } from '../reading/reading.ts'
import type { ApiDeps } from './deps.ts'

/** Null when there is none: not reported yet, or deleted with its host. */
export async function bodyOf(
  { sealing }: Pick<ApiDeps, 'sealing'>,
  ref: string | null,
): Promise<Result<Uint8Array | null, Problem>> {
  if (ref === null) return ok(null)
  const opened = await sealing.open(ref)
  if (opened.ok) return opened
  return opened.error === 'unreadable'
    ? fail({
        kind: 'internal',
        detail: 'The body is lost or damaged, or was sealed under another master key.',
      })
    : absent(opened.error)
}

const absent = (why: 'missing' | 'unavailable'): Result<null, Problem> =>
  why === 'missing'
    ? ok(null)
    : fail({ kind: 'unavailable', detail: 'Blob storage cannot be read now.' })

/** The same for a page that shows more than this part: what can never be read again is said and keeps nothing else. */
export async function readablePart(
  { sealing }: Pick<ApiDeps, 'sealing'>,
  ref: string | null,
): Promise<Result<Uint8Array | 'unreadable' | null, Problem>> {
  if (ref === null) return ok(null)
  const opened = await sealing.open(ref)
  if (opened.ok) return opened
  return opened.error === 'unreadable' ? ok('unreadable') : absent(opened.error)
}

/** As structured JSON. */
export async function bodyJson(
  { reading }: Pick<ApiDeps, 'reading'>,
  bytes: Uint8Array | null,
  isRevealed: boolean,
): Promise<Result<ShownBody, Problem>> {
  if (bytes === null) return ok({ content: null })
  if (bytes.length <= largeBytesMin) return ok(shownBody(bytes, isRevealed))
  const shown = await reading.turn(bytes.length, (ask) => ask('shown', { bytes, isRevealed }))
  return shown.ok ? shown : fail(busy)
}

/** As a property list: byte for byte unless it holds secrets, then built anew without them. */
export async function bodyPlist(
  { reading }: Pick<ApiDeps, 'reading'>,
  bytes: Uint8Array,
  isRevealed: boolean,
): Promise<Result<Uint8Array, Problem>> {
  if (isRevealed) return ok(bytes)
  if (bytes.length <= largeBytesMin) return bareOr(bareBody(bytes))
  const bare = await reading.turn(bytes.length, (ask) => ask('bare', { bytes }))
  return bare.ok ? bareOr(bare.value.bytes) : fail(busy)
}

const bareOr = (bytes: Uint8Array | null): Result<Uint8Array, Problem> =>
  bytes === null
    ? fail({
        kind: 'conflict',
        detail:
          'The body is no readable property list, so its secrets cannot be left out. An admin gets its bytes with reveal=true.',
      })
    : ok(bytes)

const busy: Problem = { kind: 'unavailable', detail: 'Too many large bodies are being read.' }
