import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPeer, listOf, type Peer, run } from './run.ts'

let peer: Peer
beforeAll(async () => {
  peer = await createPeer(() =>
    listOf([
      { id: 'h-1', serial: 'C02A', uuid: null },
      { id: 'h-2', serial: 'C02B' },
    ]),
  )
})
afterAll(() => peer.close())

describe('what may come next', () => {
  test.each([
    [['ho'], 'hosts\n'],
    [['hosts', 'sum'], 'summary\n'],
    [['hosts', 'list', '--pres'], '--presence\n'],
    [['hosts', 'list', '--mdm', 'hosts', '--dep'], '--dep\n'],
    [['hosts', 'list', '-o', 'nd'], 'ndjson\n'],
    [['hosts', 'list', '--outp'], '--output\n'],
    [['completion', 'z'], 'zsh\n'],
    [['commands', 'send', 'h', 'EraseD'], 'EraseDevice\n'],
    [['commands', 'render', 'ProfileL'], 'ProfileList\n'],
    [['hosts', 'get', 'C02'], 'C02A\nC02B\n'],
    [['__'], ''],
    [['nothing', 'such'], ''],
  ])('after %j is %j', async (words, stdout) => {
    const ran = await run(['__complete', '--', ...words], peer)
    expect(ran).toEqual({ code: 0, stdout, stderr: '' })
  })

  test('is nothing, silently, when no server is there', async () => {
    const env = { MUSTER_URL: 'http://127.0.0.1:1', MUSTER_TOKEN: 't' }
    expect(await run(['__complete', '--', 'hosts', 'get', 'C02'], { env })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })
})

test('the script for bash is one that bash can read', async () => {
  const { stdout } = await run(['completion', 'bash'])
  expect(execFileSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })).toBe('')
})

test.each(['zsh', 'fish'])('there is a script for %s, which asks the program', async (shell) => {
  const { stdout, code } = await run(['completion', shell])
  expect(code).toBe(0)
  expect(stdout).toContain('muster __complete -- ')
})

test('a shell that nobody has is refused', async () => {
  expect(await run(['completion', 'csh'])).toMatchObject({ code: 2, stdout: '' })
})
