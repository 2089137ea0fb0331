// `npm run test:bare`: the tests that need other programs, on a PATH that has none of them. They pass, and say what they skipped.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { packages } from './needs.ts'

/** A folder with a link to each program of the PATH, except those that tests may lack. */
function barePath(): string {
  const bare = mkdtempSync(join(tmpdir(), 'muster-bare-'))
  const linked = new Set<string>(Object.keys(packages))
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of programsIn(folder)) {
      if (linked.has(name)) continue
      linked.add(name)
      symlinkSync(join(folder, name), join(bare, name))
    }
  return bare
}

function programsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // A PATH may name folders that are not there.
    return []
  }
}

const files = globSync('test/**/*.test.ts').filter((file) =>
  /\bneeds\(/.test(readFileSync(file, 'utf8')),
)
const PATH = barePath()
try {
  const { CI: _ci, ...env } = process.env
  const { status, stdout } = spawnSync('npm', ['run', '-s', 'unit', '--', ...files], {
    env: { ...env, PATH },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.stdout.write(stdout)
  const isCounted = /^\d+ tests were skipped: .*openssl.* On Debian or Ubuntu, run: /m.test(stdout)
  if (!isCounted) process.stderr.write('The run does not count the tests it skipped.\n')
  process.exitCode = status === 0 && isCounted ? 0 : 1
} finally {
  rmSync(PATH, { recursive: true })
}
