// docs/cli.md says what the program says of itself.
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exitCodeMeanings } from '../../src/cli/exit-code.ts'
import { createProgram } from '../../src/cli/program.ts'
import { run, silentParts } from './run.ts'

const documentation = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

type Leaf = { readonly path: string; readonly command: Command }

const leavesOf = (command: Command, path: string): readonly Leaf[] =>
  command.commands.length === 0
    ? [{ path, command }]
    : command.commands
        .filter((one) => one.name() !== 'help' && !one.name().startsWith('_'))
        .flatMap((one) => leavesOf(one, `${path} ${one.name()}`))

const leaves = leavesOf(
  createProgram(silentParts(), () => {}),
  'muster',
)

/** A command's own part of the page: from its heading to the next. */
const sectionOf = (path: string): string =>
  new RegExp(`\n#{3,4} ${path}(?: [^\n]*)?\n(?<text>[^]*?)(?=\n#{2,4} |$)`).exec(documentation)
    ?.groups?.['text'] ?? ''

describe('the documentation', () => {
  test.each(leaves)('describes $path with each of its options', ({ path, command }) => {
    const section = sectionOf(path)
    const words = command.description()
    expect(section.toLowerCase()).toContain(words.toLowerCase())
    for (const { flags } of command.options) expect(section).toContain(`\`${flags}\``)
  })

  test('lists every exit code with its meaning, as the help does', async () => {
    const { stdout } = await run(['--help'])
    for (const [code, meaning] of exitCodeMeanings) {
      expect(documentation).toContain(`| ${code} | ${meaning} |`)
      expect(stdout).toMatch(new RegExp(`^ {2}${code} +${meaning.replaceAll('-', '\\-')}$`, 'm'))
    }
  })
})

test.each(leaves)('the help of $path begins with how it is written', async ({ path }) => {
  const { stdout, stderr, code } = await run([...path.split(' ').slice(1), '--help'])
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(stdout.startsWith(`Usage: ${path}`)).toBe(true)
})
