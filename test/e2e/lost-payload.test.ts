// A command whose payload is lost or damaged in blob storage, and those behind it.
import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

/** Too large for a row. */
const payload = { Payload: 'x'.repeat(200_000) }

/** Paths of the blobs there are. */
function blobs(): readonly string[] {
  const folder = join(stage.muster.folder, 'blobs')
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
}

const shown = async (uuid: string) => (await stage.operator.get(`/commands/${uuid}`)).body

const stateOf = async (uuid: string): Promise<unknown> =>
  (await stage.operator.get(`/commands/${uuid}`)).body['state']

test.each([
  ['lost', (path: string) => rmSync(path)],
  ['damaged', (path: string) => truncateSync(path, 100)],
])(
  'a command whose payload is %s ends as failed, and those behind it go on',
  async (_how, spoil) => {
    const mac = await stage.enrolled()
    const send = async (body: unknown): Promise<string> => {
      const sent = await stage.operator.post(`/hosts/${mac.serial}/commands`, body)
      expect(sent.status).toBe(201)
      return String(sent.body['command_uuid'])
    }
    const before = new Set(blobs())
    const large = await send({ request_type: 'InstallProfile', payload })
    const added = blobs().filter((path) => !before.has(path))
    expect(added).toHaveLength(1)
    const behind = await send({ request_type: 'ProfileList' })
    for (const path of added) spoil(path)

    expect(await mac.idle()).toMatchObject({ uuid: behind })
    expect([await stateOf(large), await stateOf(behind)]).toEqual(['failed', 'sent'])
    expect(await shown(large)).toMatchObject({ request: null, unreadable: ['request'] })
    expect(await mac.report('Acknowledged', behind)).toBeUndefined()
    expect(await mac.idle()).toBeUndefined()
  },
)

test('a command waits while blob storage as a whole is not there', async () => {
  const mac = await stage.enrolled()
  const sent = await stage.operator.post(`/hosts/${mac.serial}/commands`, {
    request_type: 'InstallProfile',
    payload: { Payload: 'y'.repeat(200_000) },
  })
  rmSync(join(stage.muster.folder, 'blobs'), { recursive: true })
  await expect(mac.idle()).rejects.toThrow('a report was answered 503')
  const { body } = await stage.operator.get('/commands?state=sent')
  expect(body['items']).toMatchObject([{ command_uuid: sent.body['command_uuid'], state: 'sent' }])
})
