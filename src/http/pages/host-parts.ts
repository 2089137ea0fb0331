import { chip, words } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { WholeHost } from './answers.ts'

/** Rows of one list: Shared iPads have hundreds of user channels, and the API lists them all. */
const rowsMax = 50

/** What the host is known by and who speaks for it. */
export const hostParts = (host: WholeHost, now: number): Html =>
  html`${claims(host, now)} ${depDevices(host, now)} ${channels(host, now)} ${agents(host, now)}
  ${osqueryRefusals(host, now)} ${alarms(host, now)}`

function claims({ claims: all }: WholeHost, now: number): Html {
  return panel(
    'Identity',
    all.map(
      ({ kind, value, status, source, last_seen_at }) =>
        html`<tr>
          <th scope="row">${words(kind)}</th>
          <td class="mono break">${value}</td>
          <td>${chip(status)}</td>
          <td class="quiet small">${source}, ${ago(last_seen_at, now)}</td>
        </tr>`,
    ),
  )
}

function depDevices({ dep_devices: all }: WholeHost, now: number): Html {
  return panel(
    'Apple list',
    all.map(
      ({ serial_number, profile_status, since }) =>
        html`<tr>
          <th scope="row" class="mono break">${serial_number}</th>
          <td>profile ${profile_status ?? 'unknown'}</td>
          <td class="quiet small">since ${ago(since, now)}</td>
        </tr>`,
    ),
  )
}

function channels({ channels: all }: WholeHost, now: number): Html {
  return panel(
    'MDM channels',
    all.map(
      ({ key, kind, type, pushable, push_fault, user_short_name, since }) =>
        html`<tr>
          <th scope="row">${user_short_name ?? kind}</th>
          <td class="mono break">${key}</td>
          <td>${type}${pushable ? '' : `, ${push_fault ?? 'no push token'}`}</td>
          <td class="quiet small">since ${ago(since, now)}</td>
        </tr>`,
    ),
  )
}

function agents({ agents: all }: WholeHost, now: number): Html {
  return panel(
    'osquery agents',
    all.map(
      ({ key, instance, enrolled_at, expires_at, detail_at }) =>
        html`<tr>
          <th scope="row">enrolled ${ago(enrolled_at, now)}</th>
          <td class="mono break" title="Beginning of the SHA-256 of its node key">
            ${key}${instance !== null && `, instance ${instance}`}
          </td>
          <td>${expires_at === null ? 'current' : html`key ends ${ago(expires_at, now)}`}</td>
          <td class="quiet small">details ${ago(detail_at, now)}</td>
        </tr>`,
    ),
  )
}

function osqueryRefusals({ osquery_refusals: all }: WholeHost, now: number): Html {
  return panel(
    'Refused osquery messages',
    all.map(
      ({ route, reason, outcome, count, since, last_at }) =>
        html`<tr>
          <th scope="row">${route}</th>
          <td>
            ${
              outcome === 'refused'
                ? html`refused since ${ago(since, now)}: ${spaced(reason)}`
                : html`kept unread in the log: ${spaced(reason)}`
            }
          </td>
          <td class="quiet small">
            ${count === 1 ? 'once' : `${count} times, last`} ${ago(last_at, now)}
          </td>
        </tr>`,
    ),
  )
}

function alarms({ alarms: all }: WholeHost, now: number): Html {
  return panel(
    'Timers',
    all.map(
      ({ name, due_at }) =>
        html`<tr>
          <th scope="row" class="break">${name}</th>
          <td class="time">${ago(due_at, now)}</td>
        </tr>`,
    ),
  )
}

function panel(title: string, rows: readonly Html[]): Html {
  if (rows.length === 0) return nothing
  const more = rows.length - rowsMax
  return html`<section class="panel">
    <h2>${title}</h2>
    <div class="scroll">
      <table class="facts">
        <tbody>
          ${rows.slice(0, rowsMax)}
        </tbody>
      </table>
    </div>
    ${more > 0 && html`<p class="quiet">and ${more} more; the API lists them all.</p>`}
  </section>`
}

/** `not-json`, as the metric has it, in words. */
const spaced = (reason: string): string => reason.replaceAll('-', ' ')
