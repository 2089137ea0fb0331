// What the log says of refusals: thousands a second of one kind must not become as many lines.
import type { Logger } from 'pino'

/** After a line of one kind, others of that kind are only counted for so long. */
const everyMs = 10_000

/** Kinds come from closed lists; more than this is a fault of ours, and no reason to remember without end. */
const kindsMax = 1_000

type Fields = Readonly<Record<string, unknown>>

/** The part of a log that routes need. Errors are ours, so each is logged. */
export type RefusalLog = {
  error(fields: Fields, sentence: string): void
  warn(fields: Fields, sentence: string): void
  debug(fields: Fields, sentence: string): void
}

/**
 * Logs the first refusal of a kind, and then one every ten seconds. `unlogged` on a line says how many of its kind came
 * since the line before. A kind is the sentence with the fields `kind`, `route`, `status` and `failInfo`.
 */
export function createSampledLog(
  log: Pick<Logger, 'error' | 'warn' | 'debug'>,
  elapsedMs: () => number,
): RefusalLog {
  const kinds = new Map<string, { readonly loggedAtMs: number; unlogged: number }>()

  const sampled =
    (level: 'warn' | 'debug') =>
    (fields: Fields, sentence: string): void => {
      const { kind, route, status, failInfo } = fields
      const key = [sentence, kind, route, status, failInfo].join(' ')
      const last = kinds.get(key)
      const now = elapsedMs()
      if (last !== undefined && now - last.loggedAtMs < everyMs) {
        last.unlogged += 1
        return
      }
      if (kinds.size >= kindsMax) kinds.clear()
      kinds.set(key, { loggedAtMs: now, unlogged: 0 })
      const unlogged = last?.unlogged ?? 0
      log[level](unlogged === 0 ? fields : { ...fields, unlogged }, sentence)
    }

  return {
    error: (fields, sentence) => log.error(fields, sentence),
    warn: sampled('warn'),
    debug: sampled('debug'),
  }
}
