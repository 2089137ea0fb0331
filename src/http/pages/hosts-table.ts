import { path, withQuery } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { HostItem } from '../api/host-item.ts'
import type { Visit } from './visit.ts'

export const hostsTable = ({ url, now }: Visit, hosts: readonly HostItem[]): Html =>
  html`<div class="scroll">
    <table class="hosts">
      <thead>
        <tr>
          ${heading(url, ['hostname', 'Host'], ['serial', 'Serial'])}
          ${heading(url, ['model', 'Model'], ['os_version', 'System'])}
          ${heading(url, ['status', 'Management'])}
          <th scope="col">MDM</th>
          <th scope="col">Apple list</th>
          <th scope="col">osquery</th>
          ${heading(url, ['last_seen_at', 'Last seen'])}
        </tr>
      </thead>
      <tbody>
        ${hosts.map((host) => row(host, now))}
      </tbody>
    </table>
  </div>`

type Sortable = readonly [column: string, title: string]

/** One column of the table may hold two of the hosts', each to sort by. */
function heading(url: URL, ...columns: readonly Sortable[]): Html {
  const sort = url.searchParams.get('sort') ?? '-last_seen_at'
  const isSorted = columns.some(([column]) => column === sort.replace(/^-/, ''))
  const order = sort.startsWith('-') ? 'descending' : 'ascending'
  return html`<th scope="col" aria-sort="${isSorted ? order : 'none'}">
    ${columns.map((one, index) => [
      index > 0 && html`<span class="between">·</span>`,
      sortLink(url, sort, one),
    ])}
  </th>`
}

/** Ascending first, but for times, where the latest is what one looks for. */
function sortLink(url: URL, sort: string, [column, title]: Sortable): Html {
  const isThis = sort.replace(/^-/, '') === column
  const isDescending = sort.startsWith('-')
  const wish = isThis ? !isDescending : column === 'last_seen_at'
  const arrow = isDescending ? ' ↓' : ' ↑'
  const href = withQuery(url, { sort: wish ? `-${column}` : column })
  return isThis
    ? html`<a href="${href}" class="sorted">${title}<span aria-hidden="true">${arrow}</span></a>`
    : html`<a href="${href}">${title}</a>`
}

const row = (host: HostItem, now: number): Html =>
  html`<tr>
    <th scope="row">
      <a href="${path('hosts', host.id)}">${nameOf(host)}</a>
      ${host.quarantined ? chip('quarantined') : nothing}
      <div class="second mono">${host.serial ?? ''}</div>
    </th>
    <td>
      ${host.model ?? dash}
      <div class="second">${systemOf(host) ?? ''}</div>
    </td>
    <td>${chip(host.status)}</td>
    <td>${chip(host.mdm.state)}</td>
    <td>${chip(host.dep.state)}</td>
    <td>${chip(host.osquery.state)}</td>
    <td>
      ${chip(host.presence)}
      <div class="second">${ago(host.last_seen_at, now)}</div>
    </td>
  </tr>`

const dash = html`<span class="quiet">–</span>`

type Named = Pick<HostItem, 'hostname' | 'serial' | 'uuid' | 'udid' | 'model' | 'id'>

/** What people call it, else the best that identifies it: of a personal phone we know no more than the model. */
export const nameOf = ({ hostname, serial, uuid, udid, model, id }: Named): string =>
  hostname ?? serial ?? uuid ?? udid ?? (model === null ? id : `${model} …${id.slice(-6)}`)

/** `macOS 15.2`, as far as it is known. */
export function systemOf({
  platform,
  os_version,
}: Pick<HostItem, 'platform' | 'os_version'>): string | undefined {
  const parts = [platform && (systems.get(platform) ?? platform), os_version].filter(Boolean)
  return parts.length === 0 ? undefined : parts.join(' ')
}

const systems: ReadonlyMap<string, string> = new Map([
  ['darwin', 'macOS'],
  ['ios', 'iOS'],
  ['ipados', 'iPadOS'],
  ['tvos', 'tvOS'],
  ['linux', 'Linux'],
  ['windows', 'Windows'],
])
