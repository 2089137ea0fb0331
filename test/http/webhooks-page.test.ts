// Webhooks in the console, without a script.
import { expect, test } from 'vitest'
import { openReceiver } from '../effects/receiver.ts'
import { until } from '../effects/webhook-world.ts'
import { signedIn } from './pages-visitor.ts'
import { openHttpWorld } from './world.ts'

const world = await openHttpWorld({ MUSTER_WEBHOOK_ALLOW: '127.0.0.1' })

test('a webhook is made in the console, tried, sent to again, switched off and deleted', async () => {
  const receiver = await openReceiver((_, count) => (count === 1 ? 200 : 202))
  const visitor = await signedIn(world, 'admin')
  const page = (at: string) => visitor.get(at).then(({ text }) => text)
  expect(await page('/settings')).toContain('href="/settings/webhooks"')
  expect(await page('/settings/webhooks')).toContain('Nobody is told yet')
  const made = await visitor.post('/settings/webhooks', {
    name: '<b>tickets</b>',
    url: receiver.url,
    kind: 'standard',
    topics: 'mdm.*, osquery.enroll',
  })
  expect(made.text).toContain('whsec_')
  expect(made.text).toContain('&lt;b&gt;tickets&lt;/b&gt;')
  const at = /href="(?<at>\/settings\/webhooks\/[^"]+)"/.exec(made.text)?.groups?.['at'] ?? ''
  expect(await page('/settings/webhooks')).not.toContain('whsec_')
  expect(await page(at)).toContain('Nothing was told yet')

  expect(await visitor.post(`${at}/test`, {})).toMatchObject({ status: 303, location: at })
  await until(() => receiver.heard.length === 1)
  await expect.poll(async () => page(at)).toContain('delivered')
  const shown = await page(at)
  expect(shown).toContain('mdm.*, osquery.enroll')
  const delivery = /name="delivery" value="(?<id>[^"]+)"/.exec(shown)?.groups?.['id'] ?? ''
  await visitor.post(`${at}/replay`, { delivery })
  await until(() => receiver.heard.length === 2)
  expect(receiver.heard[1]?.headers['webhook-id']).toBe(delivery)

  await visitor.post(`${at}/disable`, {})
  expect(await page(at)).toContain('Switch on')
  const refused = await visitor.post(`${at}/test`, {})
  expect(refused).toMatchObject({ status: 409 })
  expect(refused.text).toContain('switched off')
  await visitor.post(`${at}/enable`, {})
  expect(await page(at)).toContain('Switch off')

  const rotated = await visitor.post(`${at}/rotate-secret`, { grace_ms: '86400000' })
  expect(rotated.text).toMatch(/class="secret"[^>]*>whsec_/)
  const later = await page(at)
  expect(later).not.toContain('whsec_')
  expect(later).toContain('Former secret')
  await visitor.post(`${at}/rotate-secret`, { grace_ms: '0' })
  expect(await page(at)).not.toContain('Former secret')

  const metrics = await world.ask('/metrics', { as: 'viewer' })
  expect(metrics.text).toMatch(/muster_webhook_attempts_total\{.*outcome="delivered"\} 2/)

  expect(await visitor.post(`${at}/delete`, {})).toMatchObject({ location: '/settings/webhooks' })
  expect(await visitor.get(at)).toMatchObject({ status: 404 })
})

test('what is wrong with an address is said above the form', async () => {
  const visitor = await signedIn(world, 'admin')
  const refused = await visitor.post('/settings/webhooks', {
    name: 'x',
    url: 'ftp://example.com',
    kind: 'standard',
    topics: '',
  })
  expect(refused).toMatchObject({ status: 422 })
  expect(refused.text).toContain('role="alert"')
})

test('a viewer is told that this is for admins', async () => {
  const visitor = await signedIn(world, 'viewer')
  expect((await visitor.get('/settings/webhooks')).text).toContain('Only admins see this')
})
