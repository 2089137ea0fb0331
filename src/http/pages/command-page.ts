// One command, from the operator's wish to the device's word.
import { fail, ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import { tree } from '../../ui/tree.ts'
import type { CommandItem } from '../api/command-item.ts'
import type { WholeCommand } from './answers.ts'
import type { Refused } from './api-client.ts'
import { errorChain } from './error-chain.ts'
import { timeline } from './command-timeline.ts'
import type { PagesDeps } from './deps.ts'
import { diagramOf } from './diagram.ts'
import { hostNames } from './host-names.ts'
import type { Answered, Visit } from './visit.ts'

export async function commandPage(deps: PagesDeps, visit: Visit): Answered {
  const uuid = visit.context.req.param('uuid') ?? ''
  // A link has an id; what somebody types is a CommandUUID.
  const linked = await visit.api.get<WholeCommand>(`${path('commands', uuid)}?by=id`)
  const command = linked.ok ? linked : await visit.api.get<WholeCommand>(path('commands', uuid))
  if (!command.ok) return command.error.candidates ? fail(shared(command.error)) : command
  const { id, command_uuid } = command.value
  const diagram = await diagramOf(deps, 'command', { command: id })
  if (!diagram.ok) return diagram
  const same = await visit.api.get<{ readonly items: readonly CommandItem[] }>(
    `/commands?command_uuid=${encodeURIComponent(command_uuid)}&limit=${othersMax + 1}`,
  )
  if (!same.ok) return same
  const others = same.value.items.filter((item) => item.id !== id).slice(0, othersMax)
  return ok({
    kind: 'page',
    title: `${command.value.request_type} ${command_uuid.slice(-8)}`,
    content: content(
      { visit, command: command.value, diagram: diagram.value, others },
      hostNames(deps),
    ),
    live: `/live/commands${path(id)}`,
  })
}

/** What the API says of it is for those who write addresses. */
const shared = (refused: Refused): Refused => ({
  ...refused,
  detail: 'Commands of several hosts, or of several channels of one, have this CommandUUID.',
})

/** Commands of the same CommandUUID that are linked; one enqueue may have thousands of targets. */
const othersMax = 8

type Parts = {
  readonly visit: Visit
  readonly command: WholeCommand
  readonly diagram: Html
  readonly others: readonly CommandItem[]
}

function content(
  { visit, command, diagram, others }: Parts,
  nameOfHost: (id: string) => string,
): Html {
  const { now } = visit
  const host = path('hosts', command.host_id)
  return html`<header class="host-head" id="command-head" data-region>
      <p class="crumbs">
        <a href="/commands">Commands</a> · <a href="${host}">${nameOfHost(command.host_id)}</a>
      </p>
      <h1>${command.request_type} ${chip(command.state)}</h1>
      <p class="about mono">${command.command_uuid}</p>
      ${
        others.length > 0 &&
        html`<p class="quiet">
          The same CommandUUID:
          ${others.map(
            ({ id, host_id }, nth) =>
              html`${nth > 0 && ', '}<a href="${path('commands', id)}">${nameOfHost(host_id)}</a>`,
          )}
        </p>`
      }
      <dl class="standing">
        ${standing('Channel', html`${command.channel.includes(':') ? 'user' : 'device'}`)}
        ${standing('Priority', html`${command.priority}`)}
        ${standing('Created', ago(command.created_at, now))}
        ${command.open && standing('Expires', ago(command.expires_at, now))}
        ${standing('Last push', push(command, now))}
        ${standing('Left for the device', html`${times(command.attempts)}`)}
        ${standing('Deferred by NotNow', html`${command.deferrals === 0 ? 'never' : times(command.deferrals)}`)}
        ${standing('If its report is lost', html`${command.repeatable ? 'sent again' : 'unknown, never sent twice'}`)}
      </dl>
    </header>
    ${cancelForm(visit, command)}
    <div class="columns even">
      <section class="panel" id="timeline" data-region>
        <div class="head">
          <h2>Timeline</h2>
          <span class="live" data-live-sign hidden><i class="mark"></i><span>live</span></span>
        </div>
        ${timeline(command, now)}
      </section>
      <div>
        <div id="errors" data-region>${errorChain(command.error_chain)}</div>
        <section class="panel" id="result" data-region>
          ${body(command, 'result', 'Result')}
        </section>
        <section class="panel">${body(command, 'request', 'Request')}</section>
      </div>
    </div>
    <section class="panel" aria-labelledby="state-title">
      <h2 id="state-title">State</h2>
      ${diagram}
    </section>`
}

/** Apple's id, or why nobody was woken. */
function push({ push: last }: WholeCommand, now: number): Html {
  if (last === null) return html`none yet`
  return last.reason === null
    ? html`${ago(last.at, now)} <small class="mono">${last.apns_id}</small>`
    : html`${last.reason} <small>${ago(last.at, now)}</small>`
}

const times = (count: number): string => ['not yet', 'once', 'twice'][count] ?? `${count} times`

const standing = (name: string, value: Html): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

function body(command: WholeCommand, part: 'request' | 'result', title: string): Html {
  const value = command[part]
  const condition = part === 'result' ? command.result_condition : undefined
  const note =
    condition &&
    html`<p class="notice">${conditions[condition.kind]} <small>${condition.reason}</small></p>`
  if (value === null || value === undefined)
    return html`<h2>${title}</h2>
      ${note ?? nothing}
      <p class="quiet">${command.open ? 'The device has not answered yet.' : 'There is none.'}</p>`
  const raw = `/api/v1${path('commands', command.id)}?by=id&format=plist&part=${part}`
  return html`<div class="head">
      <h2>${title}</h2>
      <a href="${raw}">Property list</a>
    </div>
    ${note ?? nothing} ${tree(value)}`
}

const conditions = {
  mended:
    'The report has what a property list may not have; it is shown as far as it could be read.',
  cut: 'The report is shown cut: its long lists have more entries. The property list is whole.',
  unreadable: 'The report cannot be read as a property list. It is kept as it came.',
} as const

/** Only what never left can be taken back. */
function cancelForm({ mayChange }: Visit, { id, state }: WholeCommand): Html {
  if (!mayChange || (state !== 'queued' && state !== 'pushed')) return nothing
  return html`<form method="post" action="${path('commands', id, 'cancel')}">
    <button class="danger">Cancel command</button>
    <span class="quiet">It has not left for the device yet.</span>
  </form>`
}

export async function cancelCommand(visit: Visit): Answered {
  const at = path('commands', visit.context.req.param('uuid') ?? '')
  const cancelled = await visit.api.delete(`${at}?by=id`)
  return cancelled.ok ? ok({ kind: 'go', to: at }) : cancelled
}
