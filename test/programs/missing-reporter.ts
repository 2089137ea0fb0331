// The last line of a test run: how many tests were skipped for want of which programs, and what installs those.
import type { Reporter, TestModule } from 'vitest/node'
import { packages, type Program } from './needs.ts'

export class MissingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const line = missingLine(modules.flatMap(missingOf))
    if (line !== undefined) process.stdout.write(`${line}\n\n`)
  }
}

/** For each skipped test, the programs it needs and does not have. */
function missingOf(module: TestModule): readonly (readonly Program[])[] {
  return Array.from(
    module.children.allTests('skipped'),
    (test) => test.meta().missing ?? [],
  ).filter(({ length }) => length > 0)
}

/** Undefined when no test was skipped for want of a program. */
export function missingLine(skipped: readonly (readonly Program[])[]): string | undefined {
  if (skipped.length === 0) return undefined
  const programs = [...new Set(skipped.flat())].toSorted()
  const tests = skipped.length === 1 ? '1 test was' : `${skipped.length} tests were`
  const verb = programs.length === 1 ? 'is' : 'are'
  const install = `sudo apt-get install -y ${programs.map((name) => packages[name]).join(' ')}`
  return `${tests} skipped: ${programs.join(', ')} ${verb} not on the PATH. On Debian or Ubuntu, run: ${install}`
}
