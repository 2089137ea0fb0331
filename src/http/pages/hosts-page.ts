import { ok } from '../../result.ts'
import { withQuery } from '../../ui/address.ts'
import { html, type Html } from '../../ui/html.ts'
import { count, paging } from '../../ui/paging.ts'
import type { HostItem } from '../api/host-item.ts'
import type { List, Summary } from './answers.ts'
import { chosenFilters, facets, filterNames } from './facets.ts'
import { firstSteps } from './first-steps.ts'
import { hostsTable } from './hosts-table.ts'
import type { Answered, Visit } from './visit.ts'

/** Rows on a page: two screens, and the browser does not notice. */
const rows = 50

/** Every host, filtered, sorted and counted; all of it in the address. */
export async function hostsPage(visit: Visit): Answered {
  const { url, api } = visit
  const [summary, list] = await Promise.all([
    api.get<Summary>('/hosts/summary'),
    api.get<List<HostItem>>(`/hosts?${asked(url)}`),
  ])
  if (!summary.ok) return summary
  if (!list.ok) return list
  return ok({ kind: 'page', title: 'Hosts', content: content(visit, summary.value, list.value) })
}

function asked(url: URL): string {
  const query = new URLSearchParams({ limit: String(rows), sort: '-last_seen_at' })
  for (const name of [...filterNames, 'q', 'sort', 'cursor', 'lifecycle']) {
    const value = url.searchParams.get(name)?.trim()
    if (value) query.set(name, value)
  }
  return query.toString()
}

function content(visit: Visit, summary: Summary, list: List<HostItem>): Html {
  const { url } = visit
  if (summary.total === 0)
    return html`<h1>Hosts</h1>
      ${firstSteps(url)}`
  return html`<div class="with-side">
    <aside aria-label="Filters">
      <details class="facets" open>
        <summary>Filters</summary>
        ${facets(url, summary)}
      </details>
    </aside>
    <section>
      <div class="head">
        <h1>Hosts <span class="count">${count(list.total ?? 0)}</span></h1>
        ${search(url)}
      </div>
      ${chosenFilters(url)} ${list.items.length === 0 ? noMatch : hostsTable(visit, list.items)}
      ${paging(url, { ...list, shown: list.items.length })}
    </section>
  </div>`
}

function search(url: URL): Html {
  const kept = [...filterNames, 'sort', 'lifecycle'].flatMap((name) => {
    const value = url.searchParams.get(name)
    return value === null ? [] : [html`<input type="hidden" name="${name}" value="${value}" />`]
  })
  return html`<form class="search" role="search" action="/hosts">
    ${kept}
    <label>
      <span class="unseen">Beginning of hostname or of any identifier</span>
      <input
        type="search"
        name="q"
        value="${url.searchParams.get('q') ?? ''}"
        placeholder="Hostname, serial or UUID"
        data-key="/"
        autocomplete="off"
        spellcheck="false"
      />
    </label>
    <button>Search</button>
  </form>`
}

const noMatch = html`<div class="empty">
  <h2>No host matches</h2>
  <p>
    Remove a filter above, or
    <a href="${withQuery(new URL('http://muster/hosts'), {})}">show all hosts</a>. A search finds
    beginnings of hostnames, serials and UUIDs.
  </p>
</div>`
