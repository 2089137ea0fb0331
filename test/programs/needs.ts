// Programs that some tests run as peers: where one is missing, its tests are skipped and counted. Under CI they fail.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestOptions } from 'vitest'

/** Each program by its name on the PATH, with the Debian package that brings it. */
export const packages = {
  caddy: 'caddy',
  chromium: 'chromium',
  curl: 'curl',
  faketime: 'faketime',
  nginx: 'nginx-light',
  openssl: 'openssl',
  prlimit: 'util-linux',
  strace: 'strace',
} as const satisfies Readonly<Record<string, string>>

export type Program = keyof typeof packages

declare module 'vitest' {
  interface TaskMeta {
    /** The programs for want of which a test is skipped. */
    missing?: readonly Program[]
  }
}

/** Where the program is, or undefined when no folder of the PATH has it. */
export function pathOf(program: Program): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Options for a test or a `describe` that runs these programs.
 *
 * Skips it where one is missing. Under `CI=true` it runs nevertheless, and fails: a missing proof is no success there.
 */
export function needs(...programs: readonly Program[]): TestOptions {
  const missing = programs.filter((program) => pathOf(program) === undefined)
  const isSkipped = missing.length > 0 && process.env['CI'] !== 'true'
  return isSkipped ? { skip: true, meta: { missing } } : {}
}
