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
          ${sortable(url, 'hostname', 'Host')} ${sortable(url, 'serial', 'Serial')}
          ${sortable(url, 'model', 'Model')} ${sortable(url, 'os_version', 'System')}
          ${sortable(url, 'status', 'Management')}
          <th scope="col">MDM</th>
          <th scope="col">Apple list</th>
          <th scope="col">osquery</th>
          <th scope="col">Presence</th>
          ${sortable(url, 'last_seen_at', 'Last seen')}
        </tr>
      </thead>
      <tbody>
        ${hosts.map((host) => row(host, now))}
      </tbody>
    </table>
  </div>`

/** Ascending first, but for times, where the latest is what one looks for. */
function sortable(url: URL, column: string, title: string): Html {
  const sort = url.searchParams.get('sort') ?? '-last_seen_at'
  const isThis = sort.replace(/^-/, '') === column
  const isDescending = sort.startsWith('-')
  const wish = isThis ? !isDescending : column === 'last_seen_at'
  const order = isThis ? (isDescending ? 'descending' : 'ascending') : 'none'
  return html`<th scope="col" aria-sort="${order}">
    <a href="${withQuery(url, { sort: wish ? `-${column}` : column })}"
      >${title}<span class="arrow" aria-hidden="true"
        >${isThis ? (isDescending ? '↓' : '↑') : ''}</span
      ></a
    >
  </th>`
}

const row = (host: HostItem, now: number): Html =>
  html`<tr>
    <th scope="row">
      <a href="${path('hosts', host.id)}">${nameOf(host)}</a>${
        host.quarantined ? html` ${chip('quarantined')}` : nothing
      }
    </th>
    <td class="mono">${host.serial ?? dash}</td>
    <td>${host.model ?? dash}</td>
    <td>${systemOf(host) ?? dash}</td>
    <td>${chip(host.status)}</td>
    <td>${chip(host.mdm.state)}</td>
    <td>${chip(host.dep.state)}</td>
    <td>${chip(host.osquery.state)}</td>
    <td>${chip(host.presence)}</td>
    <td class="time">${ago(host.last_seen_at, now)}</td>
  </tr>`

const dash = html`<span class="quiet">–</span>`

type Named = Pick<HostItem, 'hostname' | 'serial' | 'uuid' | 'udid' | 'id'>

/** What people call it, else the best that identifies it. */
export const nameOf = ({ hostname, serial, uuid, udid, id }: Named): string =>
  hostname ?? serial ?? uuid ?? udid ?? id

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
