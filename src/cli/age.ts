/** How long ago, or in how long, as one short word: `12s`, `5m`, `3h`, `9d`. Text that is no time stays. */
export function ageText(time: string, now: number): string {
  const then = /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN
  if (Number.isNaN(then)) return time
  const word = spanText(Math.abs(now - then))
  return then > now ? `in ${word}` : word
}

/** Each unit is used up to twice the next, so that no figure is coarser than half of itself. */
const units = [
  [1_000, 's', 120_000],
  [60_000, 'm', 7_200_000],
  [3_600_000, 'h', 172_800_000],
] as const

export function spanText(ms: number): string {
  for (const [unitMs, name, untilMs] of units) {
    if (ms < untilMs) return `${Math.floor(ms / unitMs)}${name}`
  }
  return `${Math.floor(ms / 86_400_000)}d`
}
