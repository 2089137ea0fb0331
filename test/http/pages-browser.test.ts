import { describe, expect, test } from 'vitest'
import { openBrowsing, type Watched } from './pages-browser.ts'
import { payloads } from './pages-payloads.ts'
import { visible } from '../../src/ui/visible.ts'
import { openHttpWorld, topic } from './world.ts'
import { needs } from '../programs/needs.ts'

const world = await openHttpWorld()
const browsing = await openBrowsing(world)
const { url } = browsing

const uuidOf = (group: string, index: number): string =>
  `${group.repeat(8)}-0000-4000-8000-${String(index).padStart(12, '0')}`

describe('an operator', { timeout: 60_000, ...needs('chromium') }, () => {
  const mac = { udid: uuidOf('A', 1), serial: 'C02BROWSE1', name: 'Grace’s Mac' }

  test('signs in, filters, opens a host and sends it a command', async () => {
    await world.enrolled(mac)
    await world.assigned('C02BROWSE2')
    const { page, trespasses } = await browsing.signedIn()
    expect(await page.locator('tbody tr').count()).toBe(2)
    await page
      .locator('.facet a', { hasText: /^\s*enrolled/ })
      .first()
      .click()
    expect(page.url()).toBe(`${url}/hosts?mdm=enrolled`)
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.getByRole('link', { name: mac.name }).click()
    await page.getByText('Send a command').click()
    await page.getByLabel('Command', { exact: true }).fill('DeviceInformation')
    await page.getByLabel('Payload').fill('{"Queries":["OSVersion"]}')
    await page.getByRole('button', { name: 'Send command' }).click()
    await page.waitForURL(/\/commands\/[\w-]{36}$/)
    await page.locator('h1 .chip', { hasText: 'queued' }).waitFor()
    expect(await page.locator('[data-state="queued"].lit').count()).toBeGreaterThan(0)

    // The device comes for it while the page stands open.
    const uuid = page.url().split('/').at(-1) ?? ''
    await page.locator('[data-live-sign][data-state="live"]').waitFor()
    await world.mdm({ UDID: mac.udid, Status: 'Idle', Topic: topic })
    await world.mdm({
      UDID: mac.udid,
      Status: 'Acknowledged',
      CommandUUID: uuid,
      QueryResponses: { OSVersion: '26.1' },
    })
    await page.locator('h1 .chip', { hasText: 'acknowledged' }).waitFor()
    await page.locator('.diagram-right [data-state="acknowledged"].lit').waitFor()
    await page.locator('.tree', { hasText: 'QueryResponses' }).waitFor()
    expect(trespasses).toEqual([])
  })

  test('sees the drawing of a host light up and its journal grow as it happens', async () => {
    const { page, trespasses } = await browsing.signedIn()
    await page.goto(`${url}/hosts/${mac.serial}`)
    const state = (id: string) => page.locator(`.diagram-right [data-state="${id}"].lit`)
    await state('mdm.enrolled.ready').waitFor()
    await page.locator('[data-live-sign][data-state="live"]').waitFor()
    await world.mdm({ MessageType: 'CheckOut', UDID: mac.udid, Topic: topic })
    await state('mdm.unenrolled').waitFor()
    expect(await state('mdm.enrolled.ready').count()).toBe(0)
    const taken = page.locator('.diagram-right [data-edge="mdm.enrolled>mdm.unenrolled"].last')
    expect(await taken.count()).toBe(1)
    await page.locator('#journal tr', { hasText: 'mdm.CheckOut' }).waitFor()
    await page.locator('#host-head .chip', { hasText: 'unenrolled' }).first().waitFor()
    expect(await page.locator('.outline [data-state="mdm.unenrolled"].lit').count()).toBe(1)
    expect(trespasses).toEqual([])
  })

  test('a page that was away catches up with what it missed', async () => {
    const { page, context } = await browsing.signedIn()
    await page.goto(`${url}/hosts/${mac.serial}`)
    await page.locator('[data-live-sign][data-state="live"]').waitFor()
    await context.setOffline(true)
    await world.enrolled(mac)
    await context.setOffline(false)
    await page.locator('.diagram-right [data-state="mdm.enrolled.ready"].lit').waitFor()
  })

  test('does all of it without a script', async () => {
    const { page } = await browsing.fresh({ javaScriptEnabled: false })
    await page.goto(`${url}/hosts/${mac.serial}`)
    await page.getByLabel('API token').fill(world.secrets.admin)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${url}/hosts/${mac.serial}`)
    await page.getByText('Send a command').click()
    await page.getByLabel('Command', { exact: true }).fill('ProfileList')
    await page.getByRole('button', { name: 'Send command' }).click()
    await page.getByRole('button', { name: 'Cancel command' }).click()
    await page.locator('h1 .chip', { hasText: 'cancelled' }).waitFor()
    await page.getByRole('button', { name: /Colours follow/ }).click()
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light')
  })

  test('reaches everything by keyboard and sees where they are', async () => {
    const { page } = await browsing.signedIn()
    await page.keyboard.press('/')
    expect(await page.evaluate('document.activeElement.name')).toBe('q')
    await page.locator('h1').click()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/hosts\/[\w-]{36}$/)
  })

  test('needs no sideways scrolling on a phone', async () => {
    const { page } = await browsing.signedIn()
    await page.setViewportSize({ width: 390, height: 844 })
    for (const path of [
      '/hosts',
      `/hosts/${mac.serial}`,
      '/commands',
      '/events',
      '/conflicts',
      '/machines/host',
      '/settings',
    ]) {
      await page.goto(url + path)
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(
        390,
      )
    }
  })
})

describe('whatever devices say', needs('chromium'), () => {
  test('would be noticed if it ran or was refused', async () => {
    const { page, trespasses } = await browsing.signedIn()
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')`,
    )
    await expect.poll(() => trespasses.join()).toContain('refused: script-src')
  })

  test('runs nowhere: no script, nothing the policy had to refuse, nothing loaded from elsewhere', async () => {
    const pages = await plant()
    const watching = await browsing.signedIn()
    const foreign: string[] = []
    watching.page.on('request', (request) => {
      if (!request.url().startsWith(url)) foreign.push(request.url())
    })
    for (const { path, says } of pages) {
      await look(watching, path)
      if (says !== undefined)
        expect(await watching.page.locator('main').textContent(), path).toContain(visible(says))
    }
    expect(watching.trespasses).toEqual([])
    expect(foreign).toEqual([])
  }, 240_000)
})

/** Opens a page, unfolds everything on it, and touches what could listen. */
async function look({ page }: Watched, path: string): Promise<void> {
  const response = await page.goto(url + path)
  expect(response?.status(), path).toBeLessThan(500)
  const found = (await page.evaluate(`(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
    for (const one of document.querySelectorAll('main *'))
      for (const type of ['mouseover', 'pointerenter', 'focus']) one.dispatchEvent(new Event(type))
    const odd = document.querySelectorAll('script:not([src^="/static/"]), iframe, base, meta[http-equiv], style, main img, [onerror], [onload], [onfocus], [onmouseover], [ontoggle], [href^="javascript"], [action^="http"]')
    return [...odd].map((one) => one.outerHTML.slice(0, 200))
  })()`)) as readonly string[]
  expect(found, path).toEqual([])
}

type Planted = {
  readonly path: string
  /** What stands on the page as text, so that we know it was there to be run. */
  readonly says?: string
}

/** A host for every payload, with the payload in every field a device or Apple's list may fill. */
async function plant(): Promise<readonly Planted[]> {
  const planted: Planted[] = [
    '/hosts?sort=hostname',
    '/commands',
    '/events',
    '/conflicts',
    '/machines/host',
  ].map((path) => ({ path }))
  for (const [index, payload] of payloads.entries()) {
    const udid = uuidOf('E', index)
    const serial = `C02XSS${String(index).padStart(3, '0')}`
    await world.api('/dep/devices', {
      method: 'POST',
      body: {
        devices: [
          {
            serial_number: serial,
            model: payload,
            color: payload,
            description: payload,
            asset_tag: payload,
            device_family: payload,
            profile_status: payload,
            profile_uuid: payload,
          },
        ],
      },
    })
    await world.mdm({
      MessageType: 'Authenticate',
      UDID: udid,
      Topic: payload,
      SerialNumber: serial,
      DeviceName: payload,
      Model: payload,
      ModelName: payload,
      OSVersion: payload,
      BuildVersion: payload,
      ProductName: payload,
      IMEI: payload,
    })
    await world.mdm({
      MessageType: 'TokenUpdate',
      UDID: udid,
      Topic: payload,
      Token: Buffer.from('t'),
      PushMagic: payload,
    })
    await world.mdm({
      MessageType: 'TokenUpdate',
      UDID: udid,
      UserID: uuidOf('F', index),
      UserShortName: payload,
      UserLongName: payload,
      Topic: payload,
      Token: Buffer.from('t'),
      PushMagic: payload,
    })
    await world.ask('/api/osquery/enroll', {
      method: 'POST',
      body: {
        enroll_secret: world.secrets.enroll,
        host_identifier: payload,
        platform_type: '21',
        host_details: {
          os_version: { name: payload, version: payload, platform: payload, build: payload },
          osquery_info: { version: payload, instance_id: payload },
          system_info: {
            uuid: udid,
            hardware_serial: serial,
            hostname: payload,
            computer_name: payload,
            hardware_model: payload,
            hardware_vendor: payload,
            cpu_brand: payload,
          },
        },
      },
    })
    const host = (await world.api(`/hosts/${serial}`)).json()
    const id = String(host['id'])
    const uuid = await world.sent(id, {
      request_type: 'InstalledApplicationList',
      payload: { Identifiers: [payload] },
    })
    await world.mdm({ UDID: udid, Status: 'Idle', Topic: topic })
    await world.mdm({
      UDID: udid,
      Status: 'Error',
      CommandUUID: uuid,
      [payload]: payload,
      InstalledApplicationList: [{ Name: payload, [payload]: { [payload]: payload } }],
      ErrorChain: [
        {
          ErrorCode: 1,
          ErrorDomain: payload,
          LocalizedDescription: payload,
          USEnglishDescription: payload,
        },
      ],
    })
    // A clone with a hostile name, for the conflicts.
    await world.mdm({
      MessageType: 'Authenticate',
      UDID: udid,
      Topic: payload,
      SerialNumber: `X${serial}`,
      DeviceName: payload,
      Model: payload,
    })
    const ref = encodeURIComponent(payload)
    planted.push(
      { path: `/hosts/${id}`, says: payload },
      { path: `/commands/${uuid}`, says: payload },
      // What a link from elsewhere could put into a page, one of these for each payload.
      {
        path:
          [
            `/hosts?q=${ref}&platform=${ref}`,
            `/hosts/${ref}`,
            `/commands?host=${ref}`,
            `/?next=${ref}`,
          ][index % 4] ?? '/',
      },
    )
  }
  return planted
}
