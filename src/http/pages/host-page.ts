// One host: what it is, where it stands, what happened, and what can be done.
import { ok, type Result } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { CommandItem } from '../api/command-item.ts'
import type { JournalItem } from '../api/journal-item.ts'
import type { Certificate, Explanation, List, WholeHost } from './answers.ts'
import type { Refused } from './api-client.ts'
import { certificatesTable } from './certificates-table.ts'
import { commandsTable } from './commands-table.ts'
import type { PagesDeps } from './deps.ts'
import { diagramOf } from './diagram.ts'
import { hostActions } from './host-actions.ts'
import { hostParts } from './host-parts.ts'
import { explanation, factsTable } from './host-facts.ts'
import { nameOf, systemOf } from './hosts-table.ts'
import { journalTable } from './journal-table.ts'
import type { Filled } from './send-form.ts'
import type { Answered, Visit } from './visit.ts'

/** Rows of each list; their own pages have all. */
const shown = { journal: 40, commands: 15, certificates: 5 }

/** `filled` is a form that could not be taken, with the reason: it is shown again as it was. */
export async function hostPage(deps: PagesDeps, visit: Visit, filled?: Filled): Answered {
  const ref = visit.context.req.param('ref') ?? ''
  const host = await visit.api.get<WholeHost>(path('hosts', ref))
  if (!host.ok) return host
  const parts = await partsOf(deps, visit, host.value)
  if (!parts.ok) return parts
  const since = parts.value.journal.items[0]?.seq ?? 0
  return ok({
    kind: 'page',
    title: nameOf(host.value),
    content: content(visit, parts.value, filled),
    live: `/live${path('hosts', host.value.id)}?since=${since}`,
    ...(filled?.refused && { status: filled.refused.status }),
  })
}

type Parts = {
  readonly host: WholeHost
  readonly why: Explanation
  readonly journal: List<JournalItem>
  readonly commands: List<CommandItem>
  readonly certificates: List<Certificate>
  readonly diagram: Html
}

async function partsOf(
  deps: PagesDeps,
  { api }: Visit,
  host: WholeHost,
): Promise<Result<Parts, Refused>> {
  const at = path('hosts', host.id)
  const [why, journal, commands, certificates, diagram] = await Promise.all([
    api.get<Explanation>(`${at}/explain`),
    api.get<List<JournalItem>>(`${at}/journal?limit=${shown.journal}`),
    api.get<List<CommandItem>>(`/commands?host=${host.id}&limit=${shown.commands}`),
    api.get<List<Certificate>>(`/certificates?host=${host.id}&limit=${shown.certificates}`),
    diagramOf(deps, 'host', { host: host.id }),
  ])
  if (!why.ok) return why
  if (!journal.ok) return journal
  if (!commands.ok) return commands
  if (!certificates.ok) return certificates
  if (!diagram.ok) return diagram
  return ok({
    host,
    why: why.value,
    journal: journal.value,
    commands: commands.value,
    certificates: certificates.value,
    diagram: diagram.value,
  })
}

function content(visit: Visit, parts: Parts, filled: Filled | undefined): Html {
  const { host, why, journal, diagram } = parts
  return html`${header(visit, host)} ${warnings(host)}
    <section class="panel" aria-labelledby="state-title">
      <div class="head">
        <h2 id="state-title">State</h2>
        <span class="live" data-live-sign hidden><i class="mark"></i><span>live</span></span>
      </div>
      ${diagram}
    </section>
    <div class="columns">
      <div>
        ${hostActions(visit, host, filled)}
        <section class="panel" id="commands" data-region>${commandsPart(visit, parts)}</section>
        <section class="panel" id="journal" data-region>
          <div class="head">
            <h2>Journal</h2>
            <a href="${path('hosts', host.id, 'journal')}">Everything</a>
          </div>
          ${journalTable({ items: journal.items })}
        </section>
      </div>
      <div>
        <section class="panel" id="why" data-region>
          <h2>Why</h2>
          ${explanation(why, visit.now)}
        </section>
        <section class="panel" id="facts" data-region>
          <h2>Facts</h2>
          ${factsTable(host.facts, visit.now)}
        </section>
        <div id="parts" data-region>
          ${certificatesPart(visit, parts)} ${hostParts(host, visit.now)}
        </div>
      </div>
    </div>`
}

const header = ({ now }: Visit, host: WholeHost): Html => {
  const about = [host.model, systemOf(host), host.serial].filter((text) => text != null)
  return html`<header class="host-head" id="host-head" data-region>
    <p class="crumbs"><a href="/hosts">Hosts</a></p>
    <h1>${nameOf(host)}</h1>
    <p class="about">${about.join(' · ')}</p>
    <dl class="standing">
      ${standing('Management', chip(host.status))} ${standing('MDM', chip(host.mdm.state))}
      ${standing('Apple list', chip(host.dep.state))}
      ${standing('osquery', chip(host.osquery.state))} ${standing('Presence', chip(host.presence))}
      ${standing('Seen by MDM', ago(host.mdm.last_seen_at, now))}
      ${standing('Seen by osquery', ago(host.osquery.last_seen_at, now))}
      ${standing('First seen', ago(host.first_seen_at, now))}
    </dl>
  </header>`
}

const standing = (name: string, value: Html): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

function warnings({ quarantined, conflicts }: WholeHost): Html {
  if (!quarantined && conflicts.length === 0) return nothing
  const says = quarantined
    ? 'This host is quarantined: what it says of itself contradicts another host, so it gets no commands.'
    : conflicts.some(({ kind }) => kind !== 'failing')
      ? 'What is known of this host is contradicted.'
      : nothing
  return html`<div class="notice bad">
    ${says} ${conflicts.map(({ detail }) => html`${detail.sentence ?? ''} `)}
    <a href="/conflicts">Settle it</a>
  </div>`
}

/** How the device proves that it is this host. */
function certificatesPart({ now }: Visit, { certificates: { items, total } }: Parts): Html {
  if (items.length === 0) return nothing
  const more = (total ?? items.length) - items.length
  return html`<section class="panel" id="certificates">
    <h2>Certificates</h2>
    ${certificatesTable({ items, now })}
    ${more > 0 && html`<p class="quiet">and ${more} more; the API lists them all.</p>`}
  </section>`
}

/** Open ones first: they are what one waits for. */
function commandsPart({ now }: Visit, { host, commands }: Parts): Html {
  const recent = commands.items.filter(
    ({ id }) => !host.open_commands.some((open) => open.id === id),
  )
  const open = host.open_commands.toReversed()
  const all = [...open, ...recent].slice(0, Math.max(shown.commands, open.length))
  const total = commands.total ?? all.length
  return html`<div class="head">
      <h2>Commands ${open.length > 0 && html`<span class="count">${open.length} open</span>`}</h2>
      ${total > 0 && html`<a href="/commands?host=${host.id}">All ${total}</a>`}
    </div>
    ${
      all.length === 0
        ? html`<p class="quiet">No command was ever sent to this host.</p>`
        : commandsTable({ items: all, now })
    }`
}
