// Tokens, enroll secrets, sessions, and NanoMDM's scripts, with the right secrets and with wrong ones.
import { buildPlist } from '../../../src/protocol/plist/build.ts'
import { createOperator } from '../operator.ts'
import { done, type Scene } from './scene.ts'

export async function access(scene: Scene): Promise<void> {
  const { canaries, plant } = scene
  for (const [name, path, body] of [
    ['created admin token', '/tokens', { name: 'a', role: 'admin' }],
    ['created viewer token', '/tokens', { name: 'v', role: 'viewer' }],
    ['created enroll secret', '/enroll-secrets', { name: 'e' }],
  ] as const) {
    const made = await done(scene, path, body)
    canaries.watch(name, String(made['secret']))
  }
  const { out } = scene.said()
  canaries.watch('first admin token', /admin token {5}(\S+)/.exec(out)?.[1] ?? '')
  canaries.watch('first enroll secret', /enroll secret {3}(\S+)/.exec(out)?.[1] ?? '')
  const stranger = createOperator(scene.muster().url, plant('wrong admin token'))
  must((await stranger.get('/hosts')).status, 401)
}

/** Signs in; gives the cookie of whoever did. */
export async function sessions(scene: Scene): Promise<string> {
  const { canaries, plant } = scene
  const signIn = (token: string) => form(scene, '/sign-in', { token, next: '/hosts' })
  must((await signIn(plant('wrong token at the door'))).status, 403)
  const [cookie = ''] = ((await signIn(scene.muster().token)).headers['set-cookie'] ?? '').split(
    ';',
  )
  canaries.watch('session id', cookie.split('=')[1] ?? '')
  const wrong = `muster_session=${plant('wrong session id')}`
  must((await scene.ask('/hosts', { headers: { cookie: wrong } })).status, 303)
  return cookie
}

export const form = (
  scene: Scene,
  path: string,
  { cookie = '', ...fields }: Readonly<Record<string, string>>,
) =>
  scene.ask(path, {
    method: 'POST',
    headers: {
      cookie,
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams(fields).toString(),
  })

export const basic = (password: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`nanomdm:${password}`).toString('base64')}`,
})

export async function scripts(scene: Scene, udid: string): Promise<void> {
  const { plant } = scene
  const enqueue = (body: string | Uint8Array, password = scene.muster().token) =>
    scene.ask(`/v1/enqueue/${udid}`, { method: 'PUT', headers: basic(password), body })
  const command = (CommandUUID: string, PIN: string) =>
    buildPlist({ Command: { RequestType: 'DeviceLock', PIN }, CommandUUID })
  must((await enqueue('', plant('wrong password of a script'))).status, 401)
  must((await enqueue(command('canary-script', plant('PIN of a script')))).status, 200)
  must((await enqueue(command('canary-script', plant('PIN under a used name')))).status, 500)
  await enqueue(`<plist><dict><key>PIN</key><string>${plant('PIN in a script cut short')}`)
  const checkin = { MessageType: 'TokenUpdate', UDID: 'nobody', PushMagic: plant('migrated magic') }
  const asking = { method: 'PUT', headers: basic(scene.muster().token) }
  await scene.ask('/migration', { ...asking, body: buildPlist(checkin) })
  await scene.ask(`/v1/enqueue/${plant('secret in place of an enrollment id')}%zz`, asking)
}

export function must(status: number, expected: number): void {
  if (status !== expected) throw new Error(`answered ${status} where ${expected} was expected`)
}
