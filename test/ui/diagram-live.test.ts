import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { chartOf } from '../../src/ui/diagram/chart.ts'
import { createDiagrams } from '../../src/ui/diagram/layout.ts'
import { diagramOutline } from '../../src/ui/diagram/outline.ts'
import { diagramStyle } from '../../src/ui/diagram/style.ts'
import { diagramSvg } from '../../src/ui/diagram/svg.ts'
import { computer } from './diagram/machines.ts'

const browserPath = '/usr/bin/chromium'
const diagrams = createDiagrams({ warn: console.error })
afterAll(() => diagrams.close())

const chart = chartOf(computer)
const marks = { lit: ['mdm.authenticated'], last: 'mdm.unenrolled>mdm.authenticated' }

async function withPage(look: (page: Page) => Promise<void>): Promise<void> {
  const geometry = await diagrams.geometry({ id: 'computer', version: 1 }, chart, 'RIGHT')
  const outline = String(await diagramOutline(chart, marks))
  const script = readFileSync(
    new URL('../../src/ui/static/diagram-live.js', import.meta.url),
    'utf8',
  )
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ colorScheme: 'light' })
    await page.setContent(
      `<!doctype html><style>${diagramStyle}</style>${diagramSvg(chart, geometry, marks)}${outline}
      <script type="module">${script}</script>`,
    )
    await look(page)
  } finally {
    await browser.close()
  }
}

/** Sends the event as htmx does for an SSE message: the text of the message under `data`. */
const tell = (page: Page, move: object): Promise<void> =>
  page.evaluate(`document.body.dispatchEvent(
    new CustomEvent('muster:state', { bubbles: true, detail: { data: ${JSON.stringify(JSON.stringify(move))} } }))`)

const lit = (page: Page, within: string): Promise<readonly string[]> =>
  page.evaluate(
    `[...document.querySelectorAll('${within} .lit')].map((state) => state.dataset.state)`,
  )

test('a live move lights states in the drawing and in the outline, and moves the last edge', async () => {
  await withPage(async (page) => {
    const on = ['mdm.enrolled', 'mdm.enrolled.idle']
    const edge = 'mdm.authenticated>mdm.enrolled'
    await tell(page, { machine: 'command', on: ['osquery'], off: ['mdm'] })
    expect(await lit(page, '.diagram')).toEqual(['mdm', 'mdm.authenticated'])
    await tell(page, { machine: 'computer', on, off: ['mdm.authenticated'], edge })
    for (const within of ['.diagram', '.outline']) {
      expect(await lit(page, within)).toEqual(['mdm', ...on])
      const last = await page.evaluate(
        `[...document.querySelectorAll('${within} .last')].map((each) => each.dataset.edge)`,
      )
      expect(last).toEqual([edge])
    }
    expect(await page.locator('.outline [aria-current="true"]').count()).toBe(3)
    await tell(page, { lit: ['osquery', 'osquery.live'] })
    expect(await lit(page, '.diagram')).toEqual(['osquery', 'osquery.live'])
    expect(await page.locator('.outline > li > ul li.lit > .here').first().isVisible()).toBe(true)
  })
})

test('the name of every state fits its box, with room for the dot', async () => {
  await withPage(async (page) => {
    const tooWide = await page.evaluate(`[...document.querySelectorAll('.state:not(:has(.state))')]
        .filter((state) => state.querySelector('.name').getBBox().width > state.querySelector('.box').getBBox().width - 40)
        .map((state) => state.dataset.state)`)
    expect(tooWide).toEqual([])
  })
})
