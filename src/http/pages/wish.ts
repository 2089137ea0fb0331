// A command's form, read as the API wants it.
import { fail, ok, type Result } from '../../result.ts'
import { readJson } from '../api/body-spec.ts'
import { wishBounds } from '../api/send-body.ts'
import { unsafeToRepeat } from '../../protocol/mdm/command.ts'
import { emptyDict } from '../../protocol/plist/value.ts'
import type { WholeHost } from './answers.ts'
import type { Refused } from './api-client.ts'
import { nameOf } from './hosts-table.ts'

/** A month, as the API has it. */
export const usualExpiry = '2592000'

/** The wish, unless what cannot be taken back was not confirmed or the payload is no JSON object. */
export function wishOf(host: WholeHost, fields: URLSearchParams): Result<object, Refused> {
  const text = (name: string): string => fields.get(name)?.trim() ?? ''
  const requestType = text('request_type')
  if (needsConfirmation(requestType) && text('confirm') !== confirmation(host))
    return wrong(`${requestType} cannot be taken back: type ${confirmation(host)} to confirm it.`)
  const payload = payloadOf(text('payload'))
  if (!payload.ok) return payload
  return ok({
    request_type: requestType,
    priority: Number(text('priority') || '0'),
    expires_in_s: Number(text('expires_in_s') || usualExpiry),
    ...(text('channel') !== '' && { channel: text('channel') }),
    ...(payload.value && { payload: payload.value }),
  })
}

/** What has to be typed to confirm: the serial or the name, unless a device chose one that nobody can type. */
export const confirmation = (host: WholeHost): string =>
  [host.serial, nameOf(host)].find((text) => /^[\x21-\x7e]{1,64}$/.test(text ?? '')) ?? host.id

/** What must not run twice should not run by mistake either; a lock may need a person with a PIN. */
const needsConfirmation = (requestType: string): boolean =>
  requestType === 'DeviceLock' || unsafeToRepeat(requestType, emptyDict())

function payloadOf(text: string): Result<object | undefined, Refused> {
  if (text === '') return ok(undefined)
  const read = readJson(Buffer.from(text), wishBounds)
  if (!read.ok)
    return wrong(
      read.error.kind === 'malformed'
        ? 'The payload is not JSON.'
        : 'There is more in the payload than a form takes: send it as a property list, over the API.',
    )
  const { value } = read
  return typeof value === 'object' && value !== null
    ? ok(value)
    : wrong('The payload is not a JSON object.')
}

const wrong = (detail: string): Result<never, Refused> =>
  fail({ status: 422, title: 'Not sent', detail })
