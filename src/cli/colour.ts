import type { Env, Output } from './io.ts'

export type Paint = {
  readonly heading: (text: string) => string
  /** A state in the colour of what it means; the word stays, so nothing is said by colour alone. */
  readonly state: (word: string) => string
}

/** Off anywhere but on a terminal; NO_COLOR and FORCE_COLOR decide when they are set. */
export function paintFor(output: Output, env: Env, allowed: boolean): Paint {
  if (!allowed || !wanted(output, env)) return { heading: same, state: same }
  return {
    heading: (text) => `\u001B[1m${text}\u001B[22m`,
    state: (word) => {
      const tone = toneOf(word)
      return tone === undefined ? word : `\u001B[${tone}m${word}\u001B[39m`
    },
  }
}

const same = (text: string): string => text

function wanted({ isTTY }: Output, { NO_COLOR, FORCE_COLOR, TERM }: Env): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return isTTY && TERM !== 'dumb'
}

const tones = [
  [32, /^(?:enrolled|assigned|online|acknowledged|on_)/],
  [31, /^(?:error|format_error|missing|unknown|failed)/],
  [33, /^(?:authenticated|awaiting|pending|queued|pushed|sent|not_now|open|disputed)/],
  [90, /^(?:unenrolled|unassigned|off|never|expired|cancelled|superseded|-)/],
] as const

const toneOf = (word: string): number | undefined =>
  tones.find(([, words]) => words.test(word))?.[0]
