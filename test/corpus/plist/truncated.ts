// Bodies that end too soon: a real report, cut at each place where a tag begins or ends.
import { type Body, bodies, type Outcome, report } from './case.ts'

const whole = report(
  '<key>List</key><array><string>a &amp; b</string><integer>1</integer></array><key>Data</key><data>AAEC</data><key>Yes</key><true/>',
).trimEnd()

const bounds = [...whole.matchAll(/[<>]/g)].flatMap(({ index }) => [index, index + 1])
const cuts = [...new Set(bounds)].filter((at) => at > 0 && at < whole.length)

/** Inside declaration and document type nothing is a tag yet; behind text, half a tag is no end of it. */
function outcomeAt(at: number): Outcome {
  const before = whole.slice(0, at)
  if (at > 1 && /<(?:\?xml|!DOCTYPE)[^>]*$/.test(before)) return 'bad-prologue'
  return /[^>\n]<$/.test(before) ? 'bad-markup' : 'truncated'
}

export const truncated: readonly Body[] = bodies(
  'truncated',
  cuts.map((at) => [
    whole.slice(0, at),
    outcomeAt(at),
    `cut at ${at}, behind ${JSON.stringify(whole.slice(Math.max(0, at - 8), at))}`,
  ]),
)
