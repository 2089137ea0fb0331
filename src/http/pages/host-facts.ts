import { chip, words } from '../../ui/chip.ts'
import { html, type Html } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { Explanation, WholeHost } from './answers.ts'

/** What is known, who said so and since when. */
export function factsTable(facts: WholeHost['facts'], now: number): Html {
  const entries = Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length === 0) return html`<p class="quiet">Nothing is known of it yet.</p>`
  return html`<table class="facts">
    <thead class="unseen">
      <tr>
        <th scope="col">Fact</th>
        <th scope="col">Value</th>
        <th scope="col">Source and time</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map(
        ([name, { value, source, at, agent_says }]) =>
          html`<tr>
            <th scope="row">${factWords(name)}</th>
            <td>
              ${factText(name, value)}
              ${
                agent_says !== undefined &&
                html`<div class="quiet small">
                  the agent says ${factText(name, agent_says.value)}, ${ago(agent_says.at, now)}
                </div>`
              }
            </td>
            <td class="quiet small">${source}, ${ago(at, now)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

const factWords = (name: string): string => {
  const said = name.replace(/_bytes$/, '').replaceAll('_', ' ')
  return said.replace(/^os /, 'OS ').replace(/^cpu/, 'CPU')
}

const gibibyte = 2 ** 30

function factText(name: string, value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (name === 'physical_memory_bytes' && typeof value === 'number')
    return `${Math.round((value / gibibyte) * 10) / 10} GiB`
  if (name === 'booted_at' && typeof value === 'number' && Math.abs(value) < 8e15)
    return `${new Date(value).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return String(value)
}

const questions = [
  ['status', 'Management'],
  ['mdm', 'MDM'],
  ['dep', 'Apple list'],
  ['osquery', 'osquery'],
  ['presence', 'Presence'],
] as const

/** Each word the host is called by, with what says so. */
export const explanation = (why: Explanation, now: number): Html =>
  html`<dl class="why">
    ${questions.map(
      ([name, title]) =>
        html`<dt>${title} ${chip(why[name].value)}</dt>
          <dd>
            ${why[name].because.map(
              ({ fact, source, at, seq }) =>
                html`<p>
                  ${fact}
                  <span class="quiet small"
                    >${source === 'none' ? '' : words(source)} ${at !== null && ago(at, now)}
                    ${seq !== null && html`<a href="#seq-${seq}">#${seq}</a>`}</span
                  >
                </p>`,
            )}
          </dd>`,
    )}
  </dl>`
