import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The openssl command in a folder of its own: the peer that knows nothing of our code. */
export type Openssl = {
  readonly run: (...args: readonly string[]) => string
  readonly write: (name: string, bytes: Uint8Array | string) => void
  readonly read: (name: string) => Buffer
  readonly text: (name: string) => string
  readonly remove: () => void
}

export function openssl(): Openssl {
  const cwd = mkdtempSync(join(tmpdir(), 'muster-pki-'))
  return {
    run: (...args) =>
      execFileSync('openssl', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    write: (name, bytes) => writeFileSync(join(cwd, name), bytes),
    read: (name) => readFileSync(join(cwd, name)),
    text: (name) => readFileSync(join(cwd, name), 'utf8'),
    remove: () => rmSync(cwd, { recursive: true, force: true }),
  }
}
