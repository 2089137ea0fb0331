// The program as an operator runs it, against a server in a process of its own.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  adminToken,
  enrollSecret,
  type Muster,
  newFolder,
  runMuster,
  startMuster,
} from '../e2e/muster.ts'
import { emptyFolder } from './run.ts'

const folder = newFolder()
let server: Muster
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  server = await startMuster(folder, { MUSTER_PUSH_TOPIC: 'com.apple.mgmt.External.cli' })
  env = { MUSTER_URL: server.url, MUSTER_TOKEN: adminToken, XDG_CONFIG_HOME: emptyFolder() }
})
afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

const muster = (line: string, more: Readonly<Record<string, string>> = {}) =>
  runMuster({ ...env, ...more }, line.split(' '))

const program = fileURLToPath(new URL('../../bin/muster.js', import.meta.url))

describe('against a server', () => {
  test('a simulated fleet lives without breaking a rule, and is listed afterwards', async () => {
    const line = 'simulate --hosts 12 --rounds 12 --poll 0 --seed cli --no-operator -o json'
    const simulated = await muster(line, { MUSTER_ENROLL_SECRET: enrollSecret })
    expect(simulated).toMatchObject({ code: 0 })
    expect(JSON.parse(simulated.out)).toMatchObject({ seed: 'cli', violations: { total: 0 } })
    const listed = await muster('hosts list --mdm enrolled --all -o json')
    const { items, total } = JSON.parse(listed.out)
    expect(items).toHaveLength(total)
    expect(total).toBeGreaterThan(2)
    const others = await muster('hosts list --mdm !enrolled --all -o ndjson')
    const all = await muster('hosts summary -o json')
    expect(others.out.trim().split('\n').filter(Boolean).length + total).toBe(
      JSON.parse(all.out).total,
    )
  })

  test('a command is sent, shown, listed, cancelled once and never twice', async () => {
    const { out: id } = await muster('hosts list --mdm enrolled.ready --limit 1 -o name')
    const sent = await muster(`commands send ${id.trim()} ProfileList --command-uuid cli-1 -o json`)
    expect(sent).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(sent.out)).toMatchObject({ command_uuid: 'cli-1', state: 'queued' })
    const again = await muster(
      `commands send ${id.trim()} ProfileList --command-uuid cli-1 -o name`,
    )
    expect(again).toMatchObject({ code: 0, out: 'cli-1\n' })
    const other = await muster(`commands send ${id.trim()} SecurityInfo --command-uuid cli-1`)
    expect(other).toMatchObject({ code: 5, out: '' })
    expect((await muster('commands get cli-1')).out).toMatch(
      /STATE +queued\n[^]*RequestType: ProfileList/,
    )
    expect((await muster('commands list --state queued -o name')).out).toBe('cli-1\n')
    expect(await muster('commands watch cli-1 --timeout 100ms')).toMatchObject({ code: 7 })
    expect(await muster('commands cancel cli-1 -o name')).toMatchObject({ code: 0, out: 'cli-1\n' })
    expect(await muster('commands cancel cli-1')).toMatchObject({ code: 5 })
    expect(await muster('commands watch cli-1')).toMatchObject({ code: 1 })
  })

  test('a host is explained, its journal read and its actor shown', async () => {
    const { out } = await muster('hosts list --mdm enrolled --limit 1 -o name')
    const id = out.trim()
    expect((await muster(`hosts get ${id} -o name`)).out).toBe(`${id}\n`)
    expect((await muster(`hosts explain ${id}`)).out).toMatch(/\nmdm +enrolled/)
    expect((await muster(`hosts journal ${id} --event mdm.TokenUpdate`)).out).toContain(
      'mdm.TokenUpdate',
    )
    expect(JSON.parse((await muster(`hosts actor ${id} -o json`)).out)).toMatchObject({
      machine: 'host',
    })
    expect((await muster(`machines get host --svg --host ${id}`)).out).toMatch(/^<svg /)
    expect(await muster(`hosts delete ${id} --dry-run`)).toMatchObject({ code: 0 })
    expect(await muster(`hosts get ${id} -o name`)).toMatchObject({ code: 0 })
  })

  test('devices of Apple’s list become hosts, and what is wrong with them is pointed at', async () => {
    const file = `${folder}/devices.json`
    writeFileSync(
      file,
      '[{"serial_number":"C02CLIE2E001","model":"MacBook Air","op_type":"added"}]',
    )
    expect((await muster(`dep add -f ${file}`)).out).toMatch(/C02CLIE2E001 +created/)
    expect((await muster('hosts get C02CLIE2E001')).out).toMatch(/STATUS +pending/)
    expect(await muster('commands send C02CLIE2E001 ProfileList')).toMatchObject({ code: 5 })
    writeFileSync(file, '[{"serial_number":7}]')
    const wrong = await muster(`dep add -f ${file}`)
    expect(wrong).toMatchObject({ code: 2, out: '' })
    expect(wrong.err).toContain('/devices/0/serial_number')
  })

  test('a viewer’s token reads and changes nothing, until it is deleted', async () => {
    const made = JSON.parse((await muster('tokens create reader -o json')).out)
    const asViewer = { MUSTER_TOKEN: String(made.secret) }
    expect(await muster('hosts summary', asViewer)).toMatchObject({ code: 0 })
    expect(await muster('hosts delete C02CLIE2E001 --yes', asViewer)).toMatchObject({ code: 4 })
    expect(await muster(`tokens delete ${made.id} --yes`)).toMatchObject({ code: 0 })
    expect(await muster('hosts summary', asViewer)).toMatchObject({ code: 4 })
  })

  test('an enroll secret and the conflicts are listed, and the events replayed', async () => {
    expect(await muster('enroll-secrets create autumn')).toMatchObject({ code: 0 })
    expect((await muster('enroll-secrets list')).out).toContain('autumn')
    expect(await muster('conflicts list --open any')).toMatchObject({ code: 0 })
    expect((await muster('events --since 0 --limit 3 -o name')).out).toBe('1\n2\n3\n')
  })

  test('nobody by that name is 3, and a state there is not is 2', async () => {
    expect(await muster('hosts get NOBODY')).toMatchObject({ code: 3, out: '' })
    expect(await muster('hosts list --mdm nowhere')).toMatchObject({ code: 2, out: '' })
  })
})

describe('as a process', () => {
  test('Ctrl-C ends what follows with 130', async () => {
    const child = spawn(process.execPath, [program, 'events', '--since', '0'], {
      env: { ...process.env, ...env },
      stdio: 'pipe',
    })
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
  })

  test('a reader that has left ends it in peace', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    const follow = `"${process.execPath}" "${program}" events --since 0`
    const script = `set -o pipefail; ${follow} | true; echo "code $?"`
    const options = { env: { ...process.env, ...env }, timeout: 20_000 }
    execFile('bash', ['-c', script], options, (_, ...said) => resolve(said))
    expect(await promise).toEqual(['code 0\n', ''])
  })
})
