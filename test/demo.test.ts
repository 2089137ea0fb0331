// The demo as people see it, over its own API: commands are pushed before they are sent.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readConfig } from '../src/config/config.ts'
import { demo } from '../src/demo.ts'

const token = 'muster_admin-token-of-the-demo-test'

type Command = {
  readonly command_uuid: string
  readonly history: readonly { readonly state: string }[]
}

async function get<Content>(url: string, path: string): Promise<Content> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return (await answer.json()) as Content
}

/** What became of every command so far, such as `queued pushed sent acknowledged`. */
async function stories(url: string): Promise<readonly string[]> {
  const { items } = await get<{ readonly items: readonly Command[] }>(url, '/commands?limit=100')
  return Promise.all(
    items.map(async ({ command_uuid }) => {
      const { history } = await get<Command>(url, `/commands/${command_uuid}`)
      return history.map(({ state }) => state).join(' ')
    }),
  )
}

test('a command of the demo is pushed, brings its device by, and is answered', async () => {
  const config = readConfig(
    {},
    {
      MUSTER_LISTEN: '127.0.0.1:0',
      MUSTER_ADMIN_TOKEN: token,
      MUSTER_LOG_LEVEL: 'silent',
      // Wherever pushes are to go otherwise, those of the demo do not.
      MUSTER_APNS_URL: 'https://push.invalid',
    },
  )
  if (!config.ok) throw new Error(config.error)
  const said: string[] = []
  const ending = new AbortController()
  const over = demo(config.value, (line) => said.push(line), ending.signal)
  const started = Date.now()
  try {
    let told: readonly string[] = []
    while (!told.includes('queued pushed sent acknowledged')) {
      if (Date.now() - started > 50_000) throw new Error(`no command was: ${told.join(', ')}`)
      await sleep(250)
      const url = said[0]?.replace("Muster's demo: ", '')
      if (url !== undefined) told = await stories(url)
    }
  } finally {
    ending.abort()
  }
  expect(await over).toBe(0)
  expect(said.join('\n')).toMatch(/pushes +go to a push service of the demo's own/)
}, 60_000)
