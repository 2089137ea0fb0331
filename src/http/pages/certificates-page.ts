// Device certificates: all of them, those in use, those that end soon; and one, with what can be done.
import { ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip, words } from '../../ui/chip.ts'
import { flag, html, type Html, nothing } from '../../ui/html.ts'
import { count, paging } from '../../ui/paging.ts'
import { ago } from '../../ui/time.ts'
import type { CommandItem } from '../api/command-item.ts'
import type { Certificate, List } from './answers.ts'
import type { Refused } from './api-client.ts'
import { certificatesTable } from './certificates-table.ts'
import type { PagesDeps } from './deps.ts'
import { enrollmentTabs } from './enrollment-tabs.ts'
import { nameOf } from './hosts-table.ts'
import { type Answered, refusedNotice, type Visit } from './visit.ts'

const rows = 50

/** As the API's word `soon`. */
const soonMs = 30 * 86_400_000

const views = [
  ['active', 'In use'],
  ['ending', 'Ending soon'],
  ['all', 'All'],
] as const

export async function certificatesPage(deps: PagesDeps, visit: Visit): Answered {
  const { url, api, now } = visit
  const view = views.find(([name]) => name === url.searchParams.get('view'))?.[0] ?? 'active'
  const query = new URLSearchParams({ limit: String(rows) })
  if (view !== 'all') query.set('status', 'active')
  if (view === 'ending') query.set('ending_before', new Date(now + soonMs).toISOString())
  const cursor = url.searchParams.get('cursor')
  if (cursor !== null) query.set('cursor', cursor)
  const list = await api.get<List<Certificate>>(`/certificates?${query.toString()}`)
  if (!list.ok) return list
  const { items, total, next, damaged } = list.value
  const content = html`<h1>Device certificates <span class="count">${count(total ?? 0)}</span></h1>
    ${enrollmentTabs('certificates')}
    <p class="tabs">
      ${views.map(
        ([name, title]) =>
          html`<a
            href="/enrollment/certificates?view=${name}"
            aria-current="${name === view ? 'true' : 'false'}"
            >${title}</a
          >`,
      )}
    </p>
    ${
      items.length === 0
        ? html`<div class="empty"><h2>${empty[view]}</h2></div>`
        : certificatesTable({ items, now, nameOfHost: (id) => hostName(deps, id) })
    }
    ${paging(url, { shown: items.length, total, next, damaged })}`
  return ok({ kind: 'page', title: 'Device certificates', content })
}

const empty = {
  active: 'No device speaks with a certificate yet',
  ending: 'None in use ends within 30 days',
  all: 'No certificate was issued yet',
} as const

function hostName({ store }: PagesDeps, id: string): string {
  const row = store.lookups.host(id)
  return row === undefined ? id : nameOf(row)
}

export async function certificatePage(deps: PagesDeps, visit: Visit, refused?: Refused): Answered {
  const fingerprint = visit.context.req.param('fingerprint') ?? ''
  const found = await visit.api.get<Certificate>(path('certificates', fingerprint))
  if (!found.ok) return found
  const one = found.value
  const content = html`<p class="crumbs"><a href="/enrollment/certificates">Certificates</a></p>
    <h1 class="mono break">${one.fingerprint.slice(0, 12)}</h1>
    ${refusedNotice(refused)}
    <section class="panel">
      <table class="facts">
        <tbody>
          ${factsOf(deps, visit, one).map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="break">${value}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </section>
    ${visit.mayChange && actions(one)}`
  return ok({
    kind: 'page',
    title: 'Device certificate',
    content,
    ...(refused && { status: refused.status }),
  })
}

function factsOf(
  deps: PagesDeps,
  { now }: Visit,
  one: Certificate,
): readonly (readonly [string, Html | string])[] {
  const hostLink = (id: string): Html =>
    html`<a href="${path('hosts', id)}">${hostName(deps, id)}</a>`
  return [
    ['Status', chip(one.status)],
    ...(one.host_id === null ? [] : ([['Host', hostLink(one.host_id)]] as const)),
    ...(one.vouched_host_id === null
      ? []
      : ([['Issued for', hostLink(one.vouched_host_id)]] as const)),
    [
      'Proven',
      Object.entries(one.proven ?? {})
        .map((pair) => pair.join(' '))
        .join(', ') || 'nothing',
    ],
    ['Subject', one.subject],
    ['Fingerprint', one.fingerprint],
    ['Serial', one.serial],
    ['Origin', words(one.origin)],
    ['Issued', ago(one.issued_at, now)],
    one.bound_at === null && one.first_use_by !== null
      ? ['To be used', ago(one.first_use_by, now)]
      : ['Bound', ago(one.bound_at, now)],
    ['Ends', ago(one.not_after, now)],
    ...(one.ended_at === null
      ? []
      : ([['Ended', html`${ago(one.ended_at, now)} by ${one.ended_by ?? ''}`]] as const)),
  ]
}

function actions({ status, fingerprint }: Certificate): Html {
  if (status !== 'active' && status !== 'issued') return nothing
  const at = (verb: string): string => path('enrollment', 'certificates', fingerprint, verb)
  return html`<section class="panel">
    <details ${flag('hidden', status !== 'active')}>
      <summary><h2>Renew now</h2></summary>
      <p>
        Sends the device a profile with which it gets its next certificate. Done by itself some time
        before the end.
      </p>
      <form method="post" action="${at('renew')}"><button>Renew</button></form>
    </details>
    <details>
      <summary><h2>Revoke</h2></summary>
      <p>The device that has it is refused from then on, and has to enrol anew.</p>
      <form method="post" action="${at('revoke')}"><button class="danger">Revoke</button></form>
    </details>
  </section>`
}

export async function changeCertificate(
  deps: PagesDeps,
  visit: Visit,
  verb: 'renew' | 'revoke',
): Answered {
  const fingerprint = visit.context.req.param('fingerprint') ?? ''
  const done = await visit.api.post<Partial<CommandItem>>(
    path('certificates', fingerprint, verb),
    undefined,
  )
  if (!done.ok) return certificatePage(deps, visit, done.error)
  const { id } = done.value
  const back = path('enrollment', 'certificates', fingerprint)
  return ok({ kind: 'go', to: id === undefined ? back : path('commands', id) })
}
