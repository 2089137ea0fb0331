import { ok } from '../../result.ts'
import { chosenOf, toggled, withQuery } from '../../ui/address.ts'
import { words } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count, paging } from '../../ui/paging.ts'
import type { CommandItem } from '../api/command-item.ts'
import { stateNames } from '../api/state-names.ts'
import type { List, Machine } from './answers.ts'
import { commandsTable } from './commands-table.ts'
import type { PagesDeps } from './deps.ts'
import { hostNames } from './host-names.ts'
import type { Answered, Visit } from './visit.ts'

const rows = 50

/** Commands of the whole fleet or of one host, newest first. */
export async function commandsPage(deps: PagesDeps, visit: Visit): Answered {
  const { url, api, now } = visit
  const query = new URLSearchParams({ limit: String(rows) })
  for (const name of ['host', 'state', 'request_type', 'cursor']) {
    const value = url.searchParams.get(name)?.trim()
    if (value) query.set(name, value)
  }
  const [list, machine] = await Promise.all([
    api.get<List<CommandItem>>(`/commands?${query.toString()}`),
    api.get<Machine>('/machines/command'),
  ])
  if (!list.ok) return list
  if (!machine.ok) return machine
  const { items, total, next, damaged } = list.value
  const nameOfHost = hostNames(deps)
  const states = stateNames(deps.machines.command.machine.root)
  const content = html`<div class="head">
      <h1>Commands <span class="count">${count(total ?? 0)}</span></h1>
      ${search(url)}
    </div>
    ${stateLinks(url, states, machine.value.counts.states)} ${chosen(url, nameOfHost)}
    ${items.length === 0 ? none(url) : commandsTable({ items, now, nameOfHost })}
    ${paging(url, { shown: items.length, total, next, damaged })}`
  return ok({ kind: 'page', title: 'Commands', content })
}

/** Counts are the fleet's, so they stand there only while no host is chosen. */
function stateLinks(
  url: URL,
  states: readonly string[],
  counts: Readonly<Record<string, number>>,
): Html {
  const isFleet = !url.searchParams.has('host')
  return html`<p class="tabs">
    ${states.map((state) => {
      const isChosen = chosenOf(url, 'state').includes(state)
      return html`<a
        href="${toggled(url, 'state', state)}"
        aria-current="${isChosen ? 'true' : 'false'}"
        >${words(state)}
        ${isFleet && html`<span class="number">${count(counts[state] ?? 0)}</span>`}</a
      >`
    })}
  </p>`
}

function search(url: URL): Html {
  const hidden = ['host', 'state'].flatMap((name) => {
    const value = url.searchParams.get(name)
    return value === null ? [] : [html`<input type="hidden" name="${name}" value="${value}" />`]
  })
  return html`<form class="search" role="search" action="/commands">
    ${hidden}
    <label>
      <span class="unseen">Request type</span>
      <input
        type="search"
        name="request_type"
        value="${url.searchParams.get('request_type') ?? ''}"
        placeholder="Request type, such as DeviceLock"
        data-key="/"
        spellcheck="false"
      />
    </label>
    <button>Filter</button>
  </form>`
}

function chosen(url: URL, nameOfHost: (id: string) => string): Html {
  const host = url.searchParams.get('host')
  if (host === null) return nothing
  return html`<p class="filters">
    <a class="chosen" href="${withQuery(url, { host: null })}" title="Remove this filter">
      <span class="quiet">host</span> ${nameOfHost(host)} <span aria-hidden="true">×</span>
    </a>
  </p>`
}

const none = (url: URL): Html =>
  [...url.searchParams.keys()].length > 0
    ? html`<div class="empty">
        <h2>No command matches</h2>
        <p><a href="/commands">Show all commands</a></p>
      </div>`
    : html`<div class="empty">
        <h2>No command was sent yet</h2>
        <p>
          Open a <a href="/hosts?mdm=enrolled">host enrolled in MDM</a> and send one there, or use
          <code>npx muster commands send</code>.
        </p>
      </div>`
