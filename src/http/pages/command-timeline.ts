import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago, clock, duration } from '../../ui/time.ts'
import type { WholeCommand } from './answers.ts'

/** Steps shown; a command deferred for months has thousands, and the journal has them all. */
const stepsMax = 100

/** Each step with its time, who made it happen, and how long it took to come to it. */
export function timeline({ history, open, expires_at }: WholeCommand, now: number): Html {
  const steps = history.slice(-stepsMax)
  const left = history.length - steps.length
  return html`${left > 0 && html`<p class="quiet">${left} earlier steps are left out.</p>`}
    <ol class="timeline">
      ${steps.map((step, index) => {
        const before = steps[index - 1]
        const isNewDay = before?.at.slice(0, 10) !== step.at.slice(0, 10)
        return html`${gap(before, step)}
          <li>
            ${chip(step.state)}
            <span class="time"
              >${isNewDay && html`<span class="quiet">${step.at.slice(0, 10)}</span> `}${clock(
                step.at,
              )}</span
            >
            <span class="quiet small">${says(step)}</span>
          </li>`
      })}
      ${
        open
          ? html`<li class="waits">
              <span class="quiet">waits for the device; expires ${ago(expires_at, now)}</span>
            </li>`
          : nothing
      }
    </ol>`
}

type Step = WholeCommand['history'][number]

function gap(before: Step | undefined, { at }: Step): Html {
  if (before === undefined) return nothing
  return html`<li class="gap">${duration(Date.parse(at) - Date.parse(before.at))}</li>`
}

function says({ state, event, cause, cause_id }: Step): string {
  const by = cause === 'operator' ? (cause_id ?? 'an operator') : cause
  const meaning = meanings.get(state)
  return `${meaning === undefined ? '' : `${meaning} · `}${event} by ${by}`
}

const meanings: ReadonlyMap<string, string> = new Map([
  ['queued', 'waits for the device to come'],
  ['pushed', 'Apple took our push'],
  ['sent', 'left for the device'],
  ['not_now', 'the device cannot now and will be asked again'],
  ['acknowledged', 'the device did it'],
  ['error', 'the device could not do it'],
  ['format_error', 'the device did not understand it'],
  ['expired', 'nobody came for it in time'],
  ['cancelled', 'taken back before it left'],
  ['superseded', 'the device enrolled anew or left'],
  ['failed', 'its payload was lost or damaged on the server, so it could not be sent'],
  ['unknown', 'its report was lost, and it must not run twice'],
])
