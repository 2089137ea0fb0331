// What the HTTP server costs alone: routes of as many bytes that decide nothing.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { emptyRead } from '../src/protocol/osquery/read.ts'

const app = new Hono()
const read = emptyRead as Uint8Array<ArrayBuffer>

app.get('/readyz', (c) => c.text('ready'))
app.post('/ignored', (c) => c.body(read, 200, { 'Content-Type': 'application/json' }))
app.post('/read', async (c) => {
  await c.req.arrayBuffer()
  return c.body(read, 200, { 'Content-Type': 'application/json' })
})
app.put('/ignored', (c) => c.body(null, 200, { 'Content-Length': '0' }))
app.put('/read', async (c) => {
  await c.req.arrayBuffer()
  return c.body(null, 200, { 'Content-Length': '0' })
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  process.stdout.write(`http://127.0.0.1:${port}\n`)
})
process.once('SIGTERM', () => process.exit())
