import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { CommandItem } from '../api/command-item.ts'

type Table = {
  readonly items: readonly CommandItem[]
  readonly now: number
  readonly nameOfHost?: (hostId: string) => string
}

export const commandsTable = ({ items, now, nameOfHost }: Table): Html =>
  html`<div class="scroll">
    <table class="commands">
      <thead>
        <tr>
          <th scope="col">Command</th>
          ${nameOfHost && html`<th scope="col">Host</th>`}
          <th scope="col">State</th>
          <th scope="col">Channel</th>
          <th scope="col">Created</th>
          <th scope="col">Expires</th>
        </tr>
      </thead>
      <tbody>
        ${items.map((item) => row(item, now, nameOfHost))}
      </tbody>
    </table>
  </div>`

const row = (item: CommandItem, now: number, nameOfHost: Table['nameOfHost']): Html =>
  html`<tr>
    <th scope="row">
      <a href="${path('commands', item.id)}">${item.request_type}</a>
      <span class="mono small quiet">${item.command_uuid.slice(-8)}</span>
    </th>
    ${
      nameOfHost &&
      html`<td><a href="${path('hosts', item.host_id)}">${nameOfHost(item.host_id)}</a></td>`
    }
    <td>${chip(item.state)}</td>
    <td>${item.channel.includes(':') ? 'user' : 'device'}</td>
    <td class="time">${ago(item.created_at, now)}</td>
    <td class="time">${item.open ? ago(item.expires_at, now) : ''}</td>
  </tr>`
