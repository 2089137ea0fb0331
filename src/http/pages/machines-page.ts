import { fail, ok } from '../../result.ts'
import { html, type Html } from '../../ui/html.ts'
import { count } from '../../ui/paging.ts'
import { stateNames } from '../api/state-names.ts'
import type { List, Machine } from './answers.ts'
import type { PagesDeps } from './deps.ts'
import { drawn } from './diagram.ts'
import type { Answered, Visit } from './visit.ts'

const about = {
  host: {
    title: 'Host',
    says: 'One managed computer: its standing in MDM, in Apple’s device list and in osquery, all at once.',
  },
  command: {
    title: 'Command',
    says: 'One MDM command, from the operator’s wish to the device’s word. A child of its host.',
  },
} as const

/** The machines there are. */
export async function machinesPage({ api }: Visit): Answered {
  const list = await api.get<List<Machine>>('/machines')
  if (!list.ok) return list
  const content = html`<h1>Machines</h1>
    <p class="lead">Everything Muster knows is a state of one of these.</p>
    <div class="cards">
      ${list.value.items.map(
        ({ id, version, counts }) =>
          html`<a class="panel card" href="/machines/${id}">
            <h2>${about[id].title}</h2>
            <p>${about[id].says}</p>
            <p class="quiet">Version ${version} · ${count(sum(counts.edges))} transitions so far</p>
          </a>`,
      )}
    </div>`
  return ok({ kind: 'page', title: 'Machines', content })
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0)

/** One machine with how many are in each state, and how often each transition was taken. */
export async function machinePage(deps: PagesDeps, { api, context }: Visit): Answered {
  const id = context.req.param('id')
  if (id !== 'host' && id !== 'command')
    return fail({ status: 404, title: 'Not found', detail: 'There is no machine of that name.' })
  const machine = await api.get<Machine>(`/machines/${id}`)
  if (!machine.ok) return machine
  const { states, edges } = machine.value.counts
  const links = linksOf(deps, id)
  const diagram = await drawn(deps, id, { lit: [], counts: { ...states, ...edges }, links })
  return ok({
    kind: 'page',
    title: `${about[id].title} machine`,
    content: content({ id, version: machine.value.version, diagram }),
    live: '/live/events',
  })
}

type Drawn = { readonly id: 'host' | 'command'; readonly version: number; readonly diagram: Html }

const content = ({ id, version, diagram }: Drawn): Html =>
  html`<p class="crumbs"><a href="/machines">Machines</a></p>
    <div class="head">
      <h1>${about[id].title} <span class="count">version ${version}</span></h1>
      <span class="live" data-live-sign hidden><i class="mark"></i><span>live</span></span>
    </div>
    <p class="lead">
      ${about[id].says} Numbers in states are how many are there now, and lead to them; numbers on
      arrows are how often they were taken. Dotted ones never were.
    </p>
    <section class="panel" id="diagram" data-region>${diagram}</section>
    <p>
      <a href="/api/v1/machines/${id}.svg">As a picture</a> ·
      <a href="/api/v1/machines/${id}">Definition as JSON</a>
    </p>`

/** Each state leads to those that are in it. */
function linksOf(
  { machines }: PagesDeps,
  id: 'host' | 'command',
): Readonly<Record<string, string>> {
  const names = stateNames(machines[id].machine.root)
  if (id === 'command')
    return Object.fromEntries(names.map((state) => [state, `/commands?state=${state}`]))
  return Object.fromEntries(
    names.flatMap((name) => {
      const [region = '', ...state] = name.split('.')
      return state.length === 0 ? [] : [[name, `/hosts?${region}=${state.join('.')}`]]
    }),
  )
}
