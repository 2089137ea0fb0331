import type { JsonLimits } from './json.ts'

export type OsqueryRoute = 'enroll' | 'config' | 'log' | 'distributed/read' | 'distributed/write'

const [kibi, mebi] = [1024, 1024 * 1024]

/**
 * The largest body of each route after inflating, and the most JSON values in it.
 *
 * Enroll, config and read carry one key or four small rows. Log and write carry up to 1,024 buffered
 * lines or whole tables; a refused batch is sent again for ever, so they get far more than agents send by
 * default, yet little enough that reading one does not hold up other hosts for long.
 */
export const bodyLimits: Readonly<Record<OsqueryRoute, JsonLimits>> = {
  enroll: { bytesMax: 64 * kibi, valuesMax: 2_000 },
  config: { bytesMax: 64 * kibi, valuesMax: 2_000 },
  'distributed/read': { bytesMax: 16 * kibi, valuesMax: 1_000 },
  log: { bytesMax: 32 * mebi, valuesMax: 500_000 },
  'distributed/write': { bytesMax: 32 * mebi, valuesMax: 500_000 },
}

/** Most lines in one log batch: 64 times osquery's `logger_tls_max_lines` default. */
export const logLinesMax = 65_536

/** Most answers in one write: a read offers far fewer, and resent writes do not add up. */
export const answersMax = 1_024
