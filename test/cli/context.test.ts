// Which server is meant, and who hears which token.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { targetOf } from '../../src/cli/target.ts'
import { createPeer, emptyFolder, listOf, type Peer, run } from './run.ts'

let peer: Peer
beforeAll(async () => {
  peer = await createPeer(() => listOf([{ id: 'h-1' }]))
})
afterAll(() => peer.close())

function folderWithContexts(): Readonly<Record<string, string>> {
  const XDG_CONFIG_HOME = emptyFolder()
  return { XDG_CONFIG_HOME }
}

function tokenFile(token: string): string {
  const path = join(emptyFolder(), 'token')
  writeFileSync(path, `${token}\n`)
  return path
}

describe('a context', () => {
  test('that was set is current, kept for its owner alone, and used', async () => {
    const env = folderWithContexts()
    const set = [
      'config',
      'set',
      'here',
      '--url',
      peer.url,
      '--token-file',
      tokenFile('muster_kept'),
    ]
    expect(await run(set, { env })).toMatchObject({ code: 0 })
    const path = join(env['XDG_CONFIG_HOME'] ?? '', 'muster', 'config.json')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await run(['hosts', 'list', '-o', 'name'], { env })).toMatchObject({
      code: 0,
      stdout: 'h-1\n',
    })
    expect(peer.asked.at(-1)?.headers.authorization).toBe('Bearer muster_kept')
  })

  test('is listed without its token', async () => {
    const env = folderWithContexts()
    await run(
      ['config', 'set', 'a', '--url', 'http://a', '--token-file', tokenFile('muster_secret')],
      { env },
    )
    await run(['config', 'set', 'b', '--url', 'http://b/'], { env })
    const { stdout } = await run(['config', 'contexts'], { env })
    expect(stdout).toBe(
      'CURRENT  NAME  URL       TOKEN\ntrue     a     http://a  kept\nfalse    b     http://b  none\n',
    )
    await run(['config', 'use', 'b'], { env })
    await run(['config', 'delete', 'a'], { env })
    const { stdout: after } = await run(['config', 'contexts', '-o', 'json'], { env })
    expect(JSON.parse(after)).toMatchObject({ items: [{ name: 'b', current: true }] })
  })

  test('that moves to another address leaves its token behind', async () => {
    const env = folderWithContexts()
    await run(
      ['config', 'set', 'a', '--url', 'http://a', '--token-file', tokenFile('muster_secret')],
      { env },
    )
    await run(['config', 'set', 'a', '--url', 'http://elsewhere'], { env })
    const path = join(env['XDG_CONFIG_HOME'] ?? '', 'muster', 'config.json')
    expect(readFileSync(path, 'utf8')).not.toContain('muster_secret')
  })

  test('file that others may read is refused', async () => {
    const env = folderWithContexts()
    await run(['config', 'set', 'a', '--url', 'http://a'], { env })
    const path = join(env['XDG_CONFIG_HOME'] ?? '', 'muster', 'config.json')
    chmodSync(path, 0o644)
    const ran = await run(['hosts', 'list'], { env })
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toContain(`chmod 600 ${path}`)
  })

  test('file that is no such file is named', async () => {
    const env = folderWithContexts()
    await run(['config', 'set', 'a', '--url', 'http://a'], { env })
    const path = join(env['XDG_CONFIG_HOME'] ?? '', 'muster', 'config.json')
    writeFileSync(path, '[]')
    expect(await run(['hosts', 'list'], { env })).toMatchObject({
      code: 1,
      stderr: `muster: ${path} is not a file of contexts.\n`,
    })
  })
})

describe('the server that is meant', () => {
  const env = folderWithContexts()
  beforeAll(async () => {
    await run(
      ['config', 'set', 'one', '--url', 'http://one', '--token-file', tokenFile('of-one')],
      { env },
    )
    await run(
      ['config', 'set', 'two', '--url', 'http://two/under', '--token-file', tokenFile('of-two')],
      { env },
    )
  })

  const nothing = { url: undefined, tokenFile: undefined, context: undefined }
  const cases = [
    { name: 'the current context', asked: {}, more: {}, url: 'http://one', token: 'of-one' },
    {
      name: 'a context named on the line',
      asked: { context: 'two' },
      more: {},
      url: 'http://two/under',
      token: 'of-two',
    },
    {
      name: 'a context named in the environment',
      asked: {},
      more: { MUSTER_CONTEXT: 'two' },
      url: 'http://two/under',
      token: 'of-two',
    },
    {
      name: 'the environment before the current context',
      asked: {},
      more: { MUSTER_URL: 'http://env', MUSTER_TOKEN: 't' },
      url: 'http://env',
      token: 't',
    },
    {
      name: 'a context on the line before the environment',
      asked: { context: 'two' },
      more: { MUSTER_URL: 'http://env', MUSTER_TOKEN: 't' },
      url: 'http://two/under',
      token: 'of-two',
    },
    {
      name: '--url before all, without the context’s token',
      asked: { url: 'http://other' },
      more: {},
      url: 'http://other',
      token: undefined,
    },
    {
      name: '--url to the context’s own server, with its token',
      asked: { url: 'http://one/' },
      more: {},
      url: 'http://one',
      token: 'of-one',
    },
    {
      name: 'MUSTER_URL elsewhere, without the context’s token',
      asked: {},
      more: { MUSTER_URL: 'http://other' },
      url: 'http://other',
      token: undefined,
    },
    {
      name: 'an empty variable, which is none',
      asked: {},
      more: { MUSTER_URL: '', MUSTER_TOKEN: '' },
      url: 'http://one',
      token: 'of-one',
    },
  ]
  test.each(cases)('is $name', ({ asked, more, url, token }) => {
    const target = targetOf({ ...nothing, ...asked }, { ...env, ...more })
    expect(target).toEqual({ ok: true, value: { url, token } })
  })

  test('is this computer when nothing is said', () => {
    const target = targetOf(nothing, { XDG_CONFIG_HOME: emptyFolder() })
    expect(target).toEqual({ ok: true, value: { url: 'http://127.0.0.1:8080', token: undefined } })
  })

  test.each(['nowhere', 'http://user:password@host', 'file:///etc/passwd'])(
    'is never %s',
    (url) => {
      expect(targetOf({ ...nothing, url }, env)).toMatchObject({
        ok: false,
        error: { kind: 'usage' },
      })
    },
  )

  test('takes a token file with one secret only', () => {
    const path = tokenFile('two words')
    expect(targetOf({ ...nothing, tokenFile: path }, env)).toMatchObject({
      ok: false,
      error: { kind: 'usage' },
    })
    expect(targetOf({ ...nothing, tokenFile: '/nowhere' }, env)).toMatchObject({
      ok: false,
      error: { kind: 'failed' },
    })
  })
})
