// The script of docs/enrolling.md: curl and openssl alone play a device, against a server as it is installed.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { createOperator, type Operator } from './operator.ts'
import { needs } from '../programs/needs.ts'

const script = fileURLToPath(new URL('../../docs/enroll-by-hand.sh', import.meta.url))
const serial = 'C02BYHAND001'
const udid = '0A1B2C3D-1111-4222-8333-444455556666'

const folder = newFolder()
let muster: Muster
let operator: Operator

beforeAll(async () => {
  muster = await startMuster(folder, {
    MUSTER_LOG_LEVEL: 'silent',
    MUSTER_DEVICE_AUTH: 'signature',
    MUSTER_PUSH_TOPIC: 'com.apple.mgmt.External.by-hand',
  })
  operator = createOperator(muster.url, muster.token)
})
afterAll(async () => {
  await muster.end('SIGKILL')
  dropFolder(folder)
})

async function linkOf(wish: Readonly<Record<string, string>>): Promise<string> {
  const { status, body } = await operator.post('/enrollment-links', wish)
  expect(status).toBe(201)
  return String(body['url'])
}

/** What the script says, and how it ends: curl's 22 is a refusal of the server's. */
async function played(link: string): Promise<{ readonly code: unknown; readonly said: string }> {
  try {
    const args = [script, link, serial, udid]
    const { stderr } = await promisify(execFile)('bash', args, { cwd: folder })
    return { code: 0, said: stderr }
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string }
    return { code, said: stderr ?? String(error) }
  }
}

test(
  'a device made of curl and openssl enrols by a link, and is known by its certificate',
  needs('openssl', 'curl'),
  async () => {
    const { code, said } = await played(await linkOf({ name: 'by hand' }))
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('is enrolled') })
    const { body } = await operator.get(`/hosts/${serial}`)
    expect(body).toMatchObject({ udid, mdm: { state: 'enrolled.ready' }, quarantined: false })
  },
)

test(
  'the same words over a shared link take nothing over: that device is set apart, for somebody to see',
  needs('openssl', 'curl'),
  async () => {
    const [before] = await operator.all('/hosts')
    const { code } = await played(await linkOf({ name: 'a poster' }))
    expect(code).toBe(0)
    const hosts = await operator.all('/hosts')
    const apart = hosts.filter(({ id }) => id !== before?.['id'])
    expect(apart).toMatchObject([{ quarantined: true }])
    expect(hosts.find(({ id }) => id === before?.['id'])).toMatchObject({
      quarantined: false,
      epoch: 1,
      mdm: { state: 'enrolled.ready' },
    })
    const conflicts = await operator.all('/conflicts')
    expect(conflicts).toMatchObject([{ kind: 'takeover', others: [before?.['id']] }])
  },
)

test(
  'over a link made for the host it is the same computer, in its next life',
  needs('openssl', 'curl'),
  async () => {
    const host = (await operator.all('/hosts')).find(({ quarantined }) => quarantined === false)
    const { code, said } = await played(await linkOf({ name: 'again', host: String(host?.['id']) }))
    expect({ code, said }).toMatchObject({ code: 0 })
    const { body } = await operator.get(`/hosts/${String(host?.['id'])}`)
    expect(body).toMatchObject({ epoch: 2, mdm: { state: 'enrolled.ready' } })
  },
)
