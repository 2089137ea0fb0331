import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { createLeave } from '../../src/stopping.ts'

test('a server that ends lets a slow reader have the whole of an answer that was given', async () => {
  const bytes = 16_000_000
  const leave = createLeave()
  const server = createServer(
    leave.before((_request, response) => void response.end('x'.repeat(bytes))),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  let received = 0
  socket.write('GET / HTTP/1.1\r\nHost: slow\r\n\r\n')
  await once(socket, 'readable')
  const left = leave.take(server, () => {})
  // Longer than anybody is waited for who has been answered.
  await new Promise((resolve) => setTimeout(resolve, 600))
  socket.on('data', (chunk: Buffer) => (received += chunk.length))
  await Promise.all([once(socket, 'close'), left])
  expect(received).toBeGreaterThan(bytes)
})
