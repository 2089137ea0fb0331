import { path } from '../../ui/address.ts'
import { flag, html, type Html } from '../../ui/html.ts'
import { knownRequestTypes } from '../../protocol/mdm/request-types.ts'
import type { WholeHost } from './answers.ts'
import type { Refused } from './api-client.ts'
import { refusedNotice } from './visit.ts'
import { confirmation, usualExpiry } from './wish.ts'

/** A form as it came, and why it was not taken. */
export type Filled = { readonly fields: URLSearchParams; readonly refused: Refused }

const expiries = [
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
] as const

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
      ${bodyFields(host, was('payload'))}
      <div><button class="main">Send command</button></div>
    </form>`
}

const option = (value: string, name: string, isChosen: boolean): Html =>
  html`<option value="${value}" ${flag('selected', isChosen)}>${name}</option>`

const bodyFields = (host: WholeHost, payload: string): Html =>
  html`<datalist id="request-types">
      ${[...knownRequestTypes.keys()].map((type) => html`<option value="${type}"></option>`)}
    </datalist>
    <label>
      Payload
      <span class="quiet">JSON: the keys of Command beside RequestType. May stay empty.</span>
      <textarea name="payload" rows="4" spellcheck="false" placeholder='{"Queries": ["OSVersion"]}'>
${payload}</textarea>
    </label>
    <label>
      Confirmation
      <span class="quiet"
        >Only for what erases, locks, restarts or rotates, such as EraseDevice: type
        <strong>${confirmation(host)}</strong></span
      >
      <input name="confirm" autocomplete="off" spellcheck="false" value="" />
    </label>`
