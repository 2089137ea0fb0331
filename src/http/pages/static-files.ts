import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { diagramStyle } from '../../ui/diagram/style.ts'

const folder = new URL('../../ui/static/', import.meta.url)

const types = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'diagram-live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const

/**
 * Serves stylesheet, scripts and icon, and returns the folder they are under.
 *
 * Its name holds a digest of them all, so that browsers keep them for good and a new version is another address.
 */
export function addStaticFiles(app: Hono): string {
  const files = new Map(
    Object.entries(types).map(([name, type]) => {
      const text = readFileSync(new URL(name, folder), 'utf8')
      return [name, { type, text: name === 'console.css' ? text + diagramStyle : text }]
    }),
  )
  const digest = createHash('sha256')
  for (const { text } of files.values()) digest.update(text)
  const path = `/static/${digest.digest('base64url').slice(0, 12)}`
  app.get(`${path}/:name`, (context) => {
    const file = files.get(context.req.param('name'))
    if (file === undefined) return context.notFound()
    return new Response(file.text, {
      headers: {
        'content-type': file.type,
        'cache-control': 'public, max-age=31536000, immutable',
      },
    })
  })
  return path
}
