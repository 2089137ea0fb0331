import { html, type Html } from './html.ts'

/** `3 min ago`, with the moment itself on hover; a dash for never. The page's script keeps it true. */
export const ago = (iso: string | null, now: number): Html =>
  iso === null
    ? html`<span class="quiet">never</span>`
    : html`<time datetime="${iso}" title="${utc(iso)}" data-ago
        >${relative(Date.parse(iso) - now)}</time
      >`

/** The time of day to the millisecond, with the date on hover. */
export const clock = (iso: string): Html =>
  html`<time datetime="${iso}" title="${utc(iso)}">${iso.slice(11, 23)}</time>`

const utc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`

/** `in 4 h`, `4 h ago`, `now`. */
export function relative(ms: number): string {
  if (Math.abs(ms) < 1_500) return 'now'
  return ms < 0 ? `${duration(-ms)} ago` : `in ${duration(ms)}`
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `250 ms`, `12 s`, `3 min`, `5 h`, `41 d`: one unit says enough. */
export function duration(ms: number): string {
  const unit = units.find(([, size]) => ms >= size)
  return unit === undefined ? `${Math.round(ms)} ms` : `${Math.floor(ms / unit[1])} ${unit[0]}`
}
