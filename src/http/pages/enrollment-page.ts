// Ways in: the links by which Apple devices enrol, and the form that opens one.
import { ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count } from '../../ui/paging.ts'
import { ago } from '../../ui/time.ts'
import type { EnrollmentLink, List } from './answers.ts'
import type { Refused } from './api-client.ts'
import type { PagesDeps } from './deps.ts'
import { enrollmentTabs } from './enrollment-tabs.ts'
import { type Answered, refusedNotice, type Visit } from './visit.ts'

/** A link that was just opened, to be copied now or never. */
type Told = EnrollmentLink & { readonly url: string }

type Shown = { readonly told?: Told; readonly refused?: Refused; readonly fields?: URLSearchParams }

export async function enrollmentPage(
  deps: PagesDeps,
  visit: Visit,
  { told, refused, fields }: Shown = {},
): Answered {
  const list = await visit.api.get<List<EnrollmentLink>>('/enrollment-links')
  if (!list.ok) return list
  const links = list.value.items
  const content = html`<h1>Enrol <span class="count">${count(links.length)}</span></h1>
    ${enrollmentTabs('links')} ${refusedNotice(refused)} ${told && toldNotice(told)}
    ${missing(deps, visit)} ${visit.mayChange && openForm(visit, fields)}
    ${links.length === 0 ? none : table(deps, visit, links)}`
  return ok({
    kind: 'page',
    title: 'Enrol',
    content,
    ...(refused && { status: refused.status }),
  })
}

const toldNotice = ({ name, url, host_id }: Told): Html =>
  html`<div class="notice good" role="status">
    <p>
      <strong>${name}</strong> is open. Copy its address now: it is shown this once. Whoever opens
      it ${host_id === null ? 'can enrol.' : 'becomes that host.'}
    </p>
    <p><code class="secret" data-copy>${url}</code></p>
  </div>`

/** What keeps every link from giving a profile, with what to do about it. */
function missing({ enrollment }: PagesDeps, { url }: Visit): Html {
  const lacks = enrollment.profiles.lacks(url.origin)
  if (lacks === undefined) return nothing
  return html`<div class="notice bad">
    ${
      lacks === 'no-topic'
        ? 'Links give no profile yet: upload the MDM push certificate first, which says what devices listen to. Where devices are simulated, MUSTER_PUSH_TOPIC does.'
        : 'Links give no profile yet: set MUSTER_PUBLIC_URL to the https address at which devices reach this server.'
    }
  </div>`
}

const none = html`<div class="empty">
  <h2>No link was opened yet</h2>
  <p>
    A link is an address. Opened on a Mac, iPhone or iPad it gives the profile that enrols it. One
    for a host lets its device become that host; one for everybody makes new hosts only.
  </p>
</div>`

const openForm = ({ url }: Visit, fields: URLSearchParams | undefined): Html => {
  const value = (name: string): string => fields?.get(name) ?? url.searchParams.get(name) ?? ''
  return html`<section class="panel">
    <h2>Open a link</h2>
    <form method="post" action="/enrollment" class="row">
      <label>
        Name
        <input name="name" required maxlength="100" autocomplete="off" value="${value('name')}" />
      </label>
      <label>
        For one host
        <input
          name="host"
          maxlength="256"
          autocomplete="off"
          placeholder="serial, UUID or id"
          value="${value('host')}"
        />
      </label>
      <label>
        Team
        <input name="team" maxlength="100" autocomplete="off" value="${value('team')}" />
      </label>
      <label>
        Open for
        <select name="days">
          <option value="1">a day</option>
          <option value="7" selected>a week</option>
          <option value="30">30 days</option>
          <option value="365">a year</option>
        </select>
      </label>
      <label>
        Devices
        <input
          name="uses"
          type="number"
          min="1"
          max="1000000"
          placeholder="any"
          value="${value('uses')}"
        />
      </label>
      <button>Open link</button>
    </form>
  </section>`
}

const table = (deps: PagesDeps, visit: Visit, links: readonly EnrollmentLink[]): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Status</th>
          <th scope="col">For</th>
          <th scope="col">Used</th>
          <th scope="col">Expires</th>
          <th scope="col">Opened</th>
          <th scope="col"><span class="unseen">Revoke</span></th>
        </tr>
      </thead>
      <tbody>
        ${links.slice(0, rowsMax).map((link) => row(deps, visit, link))}
      </tbody>
    </table>
    ${
      links.length > rowsMax &&
      html`<p class="quiet">and ${count(links.length - rowsMax)} more; the API lists them all.</p>`
    }
  </div>`

/** As many as one looks through; large rollouts open their links by the API. */
const rowsMax = 200

const row = (deps: PagesDeps, { now, mayChange }: Visit, link: EnrollmentLink): Html =>
  html`<tr id="${link.id}">
    <th scope="row">
      ${link.name} ${link.team !== null && html`<span class="quiet">${link.team}</span>`}
    </th>
    <td>${chip(link.status)}</td>
    <td>${whom(deps, link)}</td>
    <td class="number">
      ${count(link.uses)}${link.uses_max === null ? '' : ` of ${count(link.uses_max)}`}
    </td>
    <td class="time">${ago(link.expires_at, now)}</td>
    <td class="time">${ago(link.created_at, now)} by ${link.created_by}</td>
    <td>
      ${
        mayChange &&
        link.status !== 'revoked' &&
        html`<details class="ask">
          <summary>Revoke…</summary>
          <form method="post" action="${path('enrollment', link.id, 'revoke')}">
            <button class="danger" aria-label="Revoke ${link.name}">Yes, revoke it</button>
          </form>
        </details>`
      }
    </td>
  </tr>`

function whom({ store }: PagesDeps, { host_id, team }: EnrollmentLink): Html {
  const ofTeam = team === null ? nothing : html` <span class="quiet">(${team})</span>`
  if (host_id === null) return html`<span class="quiet">whoever comes</span>${ofTeam}`
  const host = store.lookups.host(host_id)
  return html`<a href="${path('hosts', host_id)}">${host?.hostname ?? host?.serial ?? host_id}</a
    >${ofTeam}`
}

const dayMs = 86_400_000

export async function openLink(deps: PagesDeps, visit: Visit, fields: URLSearchParams): Answered {
  const [host, team, uses] = ['host', 'team', 'uses'].map((name) => fields.get(name)?.trim())
  const made = await visit.api.post<Told>('/enrollment-links', {
    name: fields.get('name') ?? '',
    expires_in_ms: Number(fields.get('days') ?? '7') * dayMs,
    ...(host && { host }),
    ...(team && { team }),
    ...(uses && { uses_max: Number(uses) }),
  })
  return enrollmentPage(
    deps,
    visit,
    made.ok ? { told: made.value } : { refused: made.error, fields },
  )
}

export async function revokeLink(deps: PagesDeps, visit: Visit): Answered {
  const id = visit.context.req.param('id') ?? ''
  const revoked = await visit.api.post(path('enrollment-links', id, 'revoke'), undefined)
  return revoked.ok
    ? ok({ kind: 'go', to: '/enrollment' })
    : enrollmentPage(deps, visit, { refused: revoked.error })
}
