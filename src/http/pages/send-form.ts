import { fail, ok, type Result } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { flag, html, type Html } from '../../ui/html.ts'
import { unsafeToRepeat } from '../../protocol/mdm/command.ts'
import { knownRequestTypes } from '../../protocol/mdm/request-types.ts'
import { emptyDict } from '../../protocol/plist/value.ts'
import type { WholeHost } from './answers.ts'
import type { Refused } from './api-client.ts'
import { nameOf } from './hosts-table.ts'
import { refusedNotice } from './visit.ts'

/** A form as it came, and why it was not taken. */
export type Filled = { readonly fields: URLSearchParams; readonly refused: Refused }

const expiries = [
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
] as const
const usualExpiry = '2592000'

/** Asks for any command, known here or not; what cannot be taken back asks for the host's name too. */
export function sendForm(host: WholeHost, filled: Filled | undefined): Html {
  const was = (name: string): string => filled?.fields.get(name) ?? ''
  const options = expiries.map(([seconds, name]) =>
    option(seconds, name, (was('expires_in_s') || usualExpiry) === seconds),
  )
  const channels = host.channels.map(({ key, kind, user_short_name }) =>
    option(
      key,
      kind === 'device' ? 'Device' : `User ${user_short_name ?? key}`,
      was('channel') === key,
    ),
  )
  return html`${refusedNotice(filled?.refused)}
    <form method="post" action="${path('hosts', host.id, 'send')}" class="stack">
      <div class="row">
        <label>
          Command
          <input
            name="request_type"
            list="request-types"
            required
            pattern="[A-Za-z0-9]{1,64}"
            value="${was('request_type')}"
            placeholder="DeviceInformation"
            autocomplete="off"
            spellcheck="false"
          />
        </label>
        <label
          >Channel
          <select name="channel">
            ${channels}
          </select></label
        >
        <label
          >Expires after
          <select name="expires_in_s">
            ${options}
          </select></label
        >
        <label class="short">
          Priority
          <input
            name="priority"
            type="number"
            min="-1000"
            max="1000"
            value="${was('priority') || '0'}"
          />
        </label>
      </div>
      <datalist id="request-types">
        ${[...knownRequestTypes.keys()].map((type) => html`<option value="${type}"></option>`)}
      </datalist>
      <label>
        Payload
        <span class="quiet">JSON: the keys of Command beside RequestType. May stay empty.</span>
        <textarea
          name="payload"
          rows="4"
          spellcheck="false"
          placeholder='{"Queries": ["OSVersion"]}'
        >
${was('payload')}</textarea>
      </label>
      <label>
        Confirmation
        <span class="quiet"
          >Only for what erases, locks, restarts or rotates, such as EraseDevice: type
          <strong>${confirmation(host)}</strong></span
        >
        <input name="confirm" autocomplete="off" spellcheck="false" value="" />
      </label>
      <div><button class="main">Send command</button></div>
    </form>`
}

const option = (value: string, name: string, isChosen: boolean): Html =>
  html`<option value="${value}" ${flag('selected', isChosen)}>${name}</option>`

/** What has to be typed to confirm: the serial or the name, unless a device chose one that nobody can type. */
export const confirmation = (host: WholeHost): string =>
  [host.serial, nameOf(host)].find((text) => /^[\x21-\x7e]{1,64}$/.test(text ?? '')) ?? host.id

/** The form as the API wants it. */
export function wishOf(host: WholeHost, fields: URLSearchParams): Result<object, Refused> {
  const text = (name: string): string => fields.get(name)?.trim() ?? ''
  const requestType = text('request_type')
  if (needsConfirmation(requestType) && text('confirm') !== confirmation(host))
    return wrong(`${requestType} cannot be taken back: type ${confirmation(host)} to confirm it.`)
  const payload = text('payload') === '' ? undefined : readJson(text('payload'))
  if (payload === null || (payload !== undefined && typeof payload !== 'object'))
    return wrong('The payload is not a JSON object.')
  return ok({
    request_type: requestType,
    priority: Number(text('priority') || '0'),
    expires_in_s: Number(text('expires_in_s') || usualExpiry),
    ...(text('channel') !== '' && { channel: text('channel') }),
    ...(payload !== undefined && { payload }),
  })
}

/** What must not run twice should not run by mistake either; a lock may need a person with a PIN. */
const needsConfirmation = (requestType: string): boolean =>
  requestType === 'DeviceLock' || unsafeToRepeat(requestType, emptyDict())

const wrong = (detail: string): Result<never, Refused> =>
  fail({ status: 422, title: 'Not sent', detail })

/** Null for what is not JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
