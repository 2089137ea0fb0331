// Webhooks of both kinds, to a receiver that fails and repeats what it was told.
import { randomBytes } from 'node:crypto'
import type { Computer } from '../computer.ts'
import type { Json } from '../operator.ts'
import { form, must } from './acts-of-access.ts'
import { done, type Scene } from './scene.ts'

/** Made before the computers come, so that they hear of everything. */
export async function webhooks(scene: Scene, cookie: string): Promise<void> {
  const { plant, canaries, receiver } = scene
  const own = `whsec_${randomBytes(32).toString('base64')}`
  canaries.watch('own secret of a webhook', own.slice('whsec_'.length))
  for (const wish of [
    { name: 'minted', kind: 'standard' },
    { name: 'own', kind: 'standard', secret: own },
    { name: 'minted for NanoMDM', kind: 'nanomdm' },
    { name: 'own for NanoMDM', kind: 'nanomdm', secret: plant('HMAC key of a receiver') },
  ]) {
    const { id, secret } = await done(scene, '/webhooks', { url: receiver.url, ...wish })
    scene.note('webhooks id', String(id))
    if (!('secret' in wish))
      canaries.watch(`${wish.name} secret`, String(secret).replace('whsec_', ''))
  }
  const url = `https://muster:${plant('password in the address of a webhook')}@example.com/`
  const refused = (body: Json) => scene.operator().post('/webhooks', { name: 'x', ...body })
  must((await refused({ url })).status, 422)
  must((await refused({ url: receiver.url, secret: plant('malformed secret') })).status, 422)
  must((await refused({ url: receiver.url, secrets: plant('secret misspelt') })).status, 422)
  const [first] = scene.noted['webhooks id'] ?? []
  const rotated = await done(scene, `/webhooks/${first}/rotate-secret`)
  canaries.watch('secret after a rotation', String(rotated['secret']).replace('whsec_', ''))
  const graced = { secret: plant('malformed secret of a rotation') }
  must((await scene.operator().post(`/webhooks/${first}/rotate-secret`, graced)).status, 422)
  const moved = `https://:${plant('password in a changed address')}@example.com/`
  must((await scene.operator().post(`/webhooks/${first}`, { url: moved })).status, 422)
  const inForm = `https://x:${plant('password in an address in a form')}@example.com/`
  const fields = { name: 'x', url: inForm, kind: 'standard', topics: '' }
  must((await form(scene, '/settings/webhooks', { ...fields, cookie })).status, 422)
}

/** Waits until everything was told once, and lets one message go out again. */
export async function deliveries(scene: Scene, mac: Computer): Promise<void> {
  const unlock = Buffer.from(scene.canaries.planted(`UnlockToken 1`)).toString('base64')
  const told = (): boolean =>
    scene.receiver.heard.some((message) => message.replaceAll(/\s/g, '').includes(unlock))
  for (let tries = 0; !told() && tries < 200; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 25))
  if (!told()) throw new Error(`no webhook was told of what ${mac.serial} sent`)
  for (const id of scene.noted['webhooks id'] ?? []) {
    await done(scene, `/webhooks/${id}/test`)
    await done(scene, `/webhooks/${id}/replay`, { since: '2020-01-01T00:00:00Z' })
  }
}
