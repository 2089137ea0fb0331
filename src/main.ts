// The program. The only reader of process.env.
import process from 'node:process'
import packageJson from '../package.json' with { type: 'json' }
import { backupName } from './backup/name.ts'
import { exitCodes } from './cli/exit-code.ts'
import { createProcessIo } from './cli/process-io.ts'
import { runProgram } from './cli/program.ts'
import type { ServeOptions } from './cli/serve-options.ts'
import { type Config, readConfig } from './config/config.ts'
import { defaultRates } from './simulator/rates.ts'
import { exitCodeOf, simulate, violationLines } from './simulator/run.ts'

const { io, signal: interrupted } = createProcessIo()

/** Ends a server: Ctrl-C, or a service manager's SIGTERM. */
const ending = new AbortController()
interrupted.addEventListener('abort', () => ending.abort())
process.once('SIGTERM', () => ending.abort())

const talk = (line: string): void => void io.stdout.write(`${line}\n`)

/** Runs a server with its setup; whatever stops the start is one sentence on stderr. */
async function withConfig(
  options: ServeOptions,
  run: (config: Config) => Promise<number>,
): Promise<number> {
  const config = readConfig(options, process.env)
  if (!config.ok) {
    await io.stderr.write(`${config.error}\n`)
    return exitCodes.usage
  }
  try {
    return await run(config.value)
  } catch (error) {
    await io.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return exitCodes.error
  }
}

process.exitCode = await runProgram(process.argv.slice(2), {
  io,
  env: process.env,
  signal: interrupted,
  version: packageJson.version,
  rateNames: Object.keys(defaultRates),
  serve: (options) =>
    withConfig(options, async (config) => {
      // Loaded when needed: most runs are a client's, and should start at once.
      const { serve } = await import('./serve.ts')
      const { endWhenBroken } = await import('./fatal.ts')
      endWhenBroken(config)
      const running = await serve(config, talk)
      await aborted(ending.signal)
      await running.stop()
      return exitCodes.ok
    }),
  demo: (options) =>
    withConfig(options, async (config) => {
      const { demo } = await import('./demo.ts')
      return demo(config, talk, ending.signal)
    }),
  async check(options) {
    const config = readConfig(options, process.env)
    if (!config.ok) return config
    const { checkFolder } = await import('../storage/check.ts')
    const folder = config.value.data
    return checkFolder(folder).then(
      (checked) => ({ ok: true, value: { folder, ...checked } }) as const,
      (error: unknown) => ({
        ok: false,
        error: String(error instanceof Error ? error.message : error),
      }),
    )
  },
  backupFiles: {
    async write(path, archive) {
      const { writeBackup } = await import('./backup/file.ts')
      return writeBackup(path, archive)
    },
    nameAt: backupName,
    async prune(folder, keep) {
      const { pruneBackups } = await import('./backup/file.ts')
      return pruneBackups(folder, keep)
    },
    async restore(file, options) {
      const config = readConfig(options, process.env)
      if (!config.ok) return config
      const { restoreBackup } = await import('./restore.ts')
      const { data, masterKey } = config.value
      return restoreBackup({ file, folder: data, masterKey })
    },
  },
  async repair(options) {
    const config = readConfig(options, process.env)
    if (!config.ok) return config
    const { repairFolder } = await import('../storage/repair.ts')
    const { createRebuilding } = await import('./runtime/rebuild.ts')
    const folder = config.value.data
    const rebuildHost = createRebuilding().rowsOf
    return repairFolder({ folder, at: Date.now(), rebuildHost }).then(
      (repaired) => ({ ok: true, value: { folder, ...repaired } }) as const,
      (error: unknown) => ({
        ok: false,
        error: String(error instanceof Error ? error.message : error),
      }),
    )
  },
  async simulate(options) {
    const summary = await simulate(options)
    const keptOut = summary.keptOut.map((why) => `Devices could not enrol: ${why}`)
    const broken = [...violationLines(summary), ...keptOut]
    return { summary, broken, exitCode: exitCodeOf(summary) }
  },
})

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
