// Contradictions about who is who: what was seen, and the choices an operator has.
import { ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { words } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count, paging } from '../../ui/paging.ts'
import { ago } from '../../ui/time.ts'
import type { Conflict, List } from './answers.ts'
import type { PagesDeps } from './deps.ts'
import { hostNames } from './host-names.ts'
import type { Answered, Visit } from './visit.ts'

const rows = 25

export async function conflictsPage(deps: PagesDeps, visit: Visit): Answered {
  const { url, api } = visit
  const open = url.searchParams.get('open') === 'false' ? 'false' : 'true'
  const query = new URLSearchParams({ limit: String(rows), open })
  const cursor = url.searchParams.get('cursor')
  if (cursor !== null) query.set('cursor', cursor)
  const list = await api.get<List<Conflict>>(`/conflicts?${query.toString()}`)
  if (!list.ok) return list
  const { items, total, next } = list.value
  const nameOfHost = hostNames(deps)
  const content = html`<h1>Conflicts <span class="count">${count(total ?? 0)}</span></h1>
    <p class="tabs">
      <a href="/conflicts" aria-current="${open === 'true' ? 'true' : 'false'}">Open</a>
      <a href="/conflicts?open=false" aria-current="${open === 'false' ? 'true' : 'false'}"
        >Resolved</a
      >
    </p>
    ${items.length === 0 ? none(open) : items.map((item) => panel(visit, item, nameOfHost))}
    ${paging(url, { shown: items.length, total, next })}`
  return ok({ kind: 'page', title: 'Conflicts', content })
}

const none = (open: string): Html =>
  html`<div class="empty">
    <h2>${open === 'true' ? 'Everybody is who they say they are' : 'Nothing was resolved yet'}</h2>
    <p>
      A conflict opens when two computers claim one serial or UUID, and nothing proves which of them
      is right.
    </p>
  </div>`

function panel(visit: Visit, conflict: Conflict, nameOfHost: (id: string) => string): Html {
  const { kind, claim, detail, others, host_id, opened_at, resolved_at, resolution } = conflict
  return html`<section class="panel conflict" id="${conflict.id}">
    <div class="head">
      <h2>${words(kind.replaceAll('-', ' '))}</h2>
      <span class="quiet">opened ${ago(opened_at, visit.now)}</span>
    </div>
    <p>${detail.sentence ?? ''}</p>
    <dl class="standing">
      ${
        claim &&
        html`<div>
          <dt>Claim</dt>
          <dd>${words(claim.kind)} <span class="mono">${claim.value ?? ''}</span></dd>
        </div>`
      }
      <div>
        <dt>Hosts</dt>
        <dd>
          ${[host_id, ...others].map(
            (id) => html`<a href="${path('hosts', id)}">${nameOfHost(id)}</a> `,
          )}
        </dd>
      </div>
      ${seen(detail.seen ?? [])}
    </dl>
    ${
      resolved_at === null
        ? choices(visit, conflict)
        : html`<p class="quiet">
            Resolved ${ago(resolved_at, visit.now)}: ${words(resolution ?? '')}
          </p>`
    }
  </section>`
}

const seen = (claims: readonly { readonly kind: string; readonly value: string }[]): Html =>
  claims.length === 0
    ? nothing
    : html`<div>
        <dt>What was seen</dt>
        <dd>
          ${claims.map(
            ({ kind, value }) => html`${words(kind)} <span class="mono">${value}</span> `,
          )}
        </dd>
      </div>`

const meanings: ReadonlyMap<string, string> = new Map([
  ['merge', 'They are one computer: make one host of them'],
  ['confirm-replacement', 'The board was replaced: it is the same computer'],
  ['keep-separate', 'They are different computers: keep them apart'],
  ['dismiss', 'Change nothing and close this'],
])

function choices({ mayChange }: Visit, { id, detail }: Conflict): Html {
  const offered = detail.choices ?? []
  if (!mayChange || offered.length === 0) return nothing
  return html`<form method="post" action="${path('conflicts', id, 'resolve')}" class="choices">
    ${offered.map(
      (choice) =>
        html`<button name="choice" value="${choice}" title="${meanings.get(choice) ?? choice}">
          ${words(choice.replaceAll('-', ' '))}
        </button>`,
    )}
  </form>`
}

export async function resolveConflict({ api, context }: Visit, fields: URLSearchParams): Answered {
  const at = path('conflicts', context.req.param('id') ?? '', 'resolve')
  const resolved = await api.post(at, { choice: fields.get('choice') ?? '' })
  return resolved.ok ? ok({ kind: 'go', to: '/conflicts' }) : resolved
}
