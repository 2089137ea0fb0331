// The journal: of the whole fleet as it happens, and of one host as far back as it goes.
import { ok } from '../../result.ts'
import { path, withQuery } from '../../ui/address.ts'
import { html, type Html } from '../../ui/html.ts'
import { paging } from '../../ui/paging.ts'
import { journalOf, type JournalItem, causes } from '../api/journal-item.ts'
import { refusedBy } from './api-client.ts'
import { answered } from '../api/faults.ts'
import type { List, WholeHost } from './answers.ts'
import type { PagesDeps } from './deps.ts'
import { hostNames } from './host-names.ts'
import { nameOf } from './hosts-table.ts'
import { journalTable } from './journal-table.ts'
import type { Answered, Visit } from './visit.ts'

const rows = 100

/** The newest of the fleet, or what came before a seq. */
export async function eventsPage(deps: PagesDeps, { url }: Visit): Answered {
  const cause = causes.find((one) => one === url.searchParams.get('cause'))
  const before = seqOf(url.searchParams.get('before'))
  const found = answered(
    await deps.queries.listJournal({
      limit: rows,
      ...(cause && { causes: [cause] }),
      ...(before !== undefined && { beforeSeq: before }),
    }),
  )
  if (!found.ok) return { ok: false, error: refusedBy(found.error) }
  const { more, items } = found.value
  const content = html`<div class="head">
      <h1>Events</h1>
      <span>
        <span class="live" data-live-sign hidden><i class="mark"></i><span>live</span></span>
        <button class="plain" data-live-pause hidden>Pause</button>
      </span>
    </div>
    ${causeLinks(url, cause)}
    <section class="panel" id="journal" data-region>
      ${journalTable({ items: items.map((row) => journalOf(row, deps.commands.uuidOf)), nameOfHost: hostNames(deps) })}
    </section>
    ${older(url, { isNewest: before === undefined, last: more ? items.at(-1)?.seq : undefined })}`
  return ok({
    kind: 'page',
    title: 'Events',
    content,
    ...(before === undefined && { live: `/live/events?since=${items[0]?.seq ?? 0}` }),
  })
}

const seqOf = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined

type Place = { readonly isNewest: boolean; readonly last: number | undefined }

const older = (url: URL, { isNewest, last }: Place): Html =>
  html`<nav class="paging" aria-label="Pages">
    ${!isNewest && html`<a class="button" href="${withQuery(url, { before: null })}">Newest</a>`}
    ${
      last !== undefined &&
      html`<a class="button" href="${withQuery(url, { before: String(last) })}">Older →</a>`
    }
  </nav>`

const causeLinks = (url: URL, chosen: string | undefined): Html =>
  html`<p class="tabs">
    <a
      href="${withQuery(url, { cause: null, before: null })}"
      aria-current="${chosen ? 'false' : 'true'}"
      >Everything</a
    >
    ${causes.map(
      (cause) =>
        html`<a
          href="${withQuery(url, { cause, before: null })}"
          aria-current="${chosen === cause ? 'true' : 'false'}"
          >${causeWords[cause]}</a
        >`,
    )}
  </p>`

const causeWords: Readonly<Record<(typeof causes)[number], string>> = {
  device: 'Devices',
  operator: 'Operators',
  alarm: 'Timers',
  sync: 'Apple sync',
  effect: 'Effects',
  identity: 'Identity',
}

export async function hostJournalPage({ api, url, context }: Visit): Answered {
  const at = path('hosts', context.req.param('ref') ?? '')
  const query = new URLSearchParams({ limit: String(rows) })
  for (const name of ['event', 'cause', 'actor', 'cursor']) {
    const value = url.searchParams.get(name)
    if (value) query.set(name, value)
  }
  const [host, journal] = await Promise.all([
    api.get<WholeHost>(at),
    api.get<List<JournalItem>>(`${at}/journal?${query.toString()}`),
  ])
  if (!host.ok) return host
  if (!journal.ok) return journal
  const { items, total, next, damaged } = journal.value
  const name = nameOf(host.value)
  const content = html`<p class="crumbs">
      <a href="/hosts">Hosts</a> · <a href="${path('hosts', host.value.id)}">${name}</a>
    </p>
    <h1>Journal</h1>
    ${causeLinks(url, url.searchParams.get('cause') ?? undefined)}
    <section class="panel">${journalTable({ items })}</section>
    ${paging(url, { shown: items.length, total, next, damaged })}`
  return ok({ kind: 'page', title: `Journal of ${name}`, content })
}
