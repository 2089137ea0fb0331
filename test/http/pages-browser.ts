// A real browser on a real socket.
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import type { HttpWorld } from './world.ts'
import { pathOf } from '../programs/needs.ts'

export type Watched = {
  readonly page: Page
  readonly context: BrowserContext
  /** Scripts that ran and should not have, and refusals by the policy. */
  readonly trespasses: readonly string[]
}

export type Browsing = {
  readonly url: string
  /** A fresh browser context, signed in as an admin. */
  signedIn(): Promise<Watched>
  fresh(options?: { readonly javaScriptEnabled?: boolean }): Promise<Watched>
}

export async function openBrowsing(world: HttpWorld): Promise<Browsing> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const listener = serve(
    { fetch: world.server.app.fetch, hostname: '127.0.0.1', port: 0 },
    ({ port }: AddressInfo) => resolve(port),
  )
  const url = `http://127.0.0.1:${await promise}`
  let launched: Promise<Browser> | undefined
  const browser = (): Promise<Browser> => (launched ??= launch())
  afterAll(async () => {
    await (await launched)?.close()
    listener.close()
  })
  const browsing: Browsing = {
    url,
    fresh: async (options) => watched(await browser(), options ?? {}),
    async signedIn() {
      const watching = await watched(await browser(), {})
      const { page } = watching
      await page.goto(url)
      await page.getByLabel('API token').fill(world.secrets.admin)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.waitForURL(`${url}/hosts`)
      return watching
    },
  }
  return browsing
}

const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: pathOf('chromium') ?? 'chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })

async function watched(
  browser: Browser,
  options: { readonly javaScriptEnabled?: boolean },
): Promise<Watched> {
  const context = await browser.newContext({ ...options, viewport: { width: 1440, height: 900 } })
  // Shorter than a test may take, so that a failure names what it waited for.
  context.setDefaultTimeout(15_000)
  const trespasses: string[] = []
  await context.exposeFunction('trespass', (what: string) => void trespasses.push(what))
  await context.addInitScript(`
    globalThis.alert = globalThis.confirm = globalThis.prompt = (text) => trespass('called: ' + text)
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      trespass('refused: ' + violatedDirective + ' ' + blockedURI))
  `)
  const page = await context.newPage()
  page.on('pageerror', ({ message }) => trespasses.push(`error: ${message}`))
  page.on('dialog', (dialog) => {
    trespasses.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return { page, context, trespasses }
}
