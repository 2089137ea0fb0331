import { html, type Html } from './html.ts'

/** How a state is to be taken. Each tone has a mark of its own shape, so that colour is never all there is. */
export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'off'

/** A dot and a word. `state` is the dotted word the API uses. */
export const chip = (state: string | null, label?: string): Html =>
  state === null
    ? html`<span class="quiet" title="does not apply">–</span>`
    : html`<span class="chip ${toneOf(state)}" title="${state}"
        ><i class="mark"></i>${label ?? words(state)}</span
      >`

/** What the API writes with dots and underscores, for people. */
export const words = (state: string): string =>
  known.get(state) ?? state.replaceAll('_', ' ').replaceAll('.', ', ')

const known: ReadonlyMap<string, string> = new Map([
  ['enrolled.ready', 'enrolled'],
  ['enrolled.awaiting_configuration', 'configuring'],
  ['enrolled.erased', 'erased, not back yet'],
  ['on_automatic', 'on, automatic'],
  ['on_manual', 'on, manual'],
  ['on_personal', 'on, personal'],
  ['not_now', 'not now'],
  ['none', 'does not apply'],
])

const toneOf = (state: string): Tone => tones.get(state) ?? 'off'

const tones: ReadonlyMap<string, Tone> = new Map([
  ['enrolled', 'good'],
  ['enrolled.ready', 'good'],
  ['enrolled.awaiting_configuration', 'busy'],
  ['enrolled.erased', 'wait'],
  ['authenticated', 'busy'],
  ['assigned', 'good'],
  ['on_automatic', 'good'],
  ['on_manual', 'good'],
  ['on_personal', 'good'],
  ['pending', 'wait'],
  ['delivered', 'good'],
  ['on', 'good'],
  ['failed', 'bad'],
  ['online', 'good'],
  ['offline', 'wait'],
  ['missing', 'bad'],
  ['mdm_enrolled', 'good'],
  ['osquery_enrolled', 'good'],
  ['dep_assigned', 'wait'],
  ['quarantined', 'bad'],
  ['queued', 'wait'],
  ['pushed', 'busy'],
  ['sent', 'busy'],
  ['not_now', 'wait'],
  ['unknown', 'bad'],
  ['acknowledged', 'good'],
  ['error', 'bad'],
  ['format_error', 'bad'],
  ['expired', 'bad'],
  ['failed', 'bad'],
  ['open', 'wait'],
  ['admin', 'busy'],
  ['active', 'good'],
  ['issued', 'wait'],
  ['expired-unused', 'off'],
  ['ends_soon', 'wait'],
  ['revoked', 'bad'],
  ['superseded', 'off'],
  ['disputed', 'bad'],
  ['shared', 'wait'],
])
