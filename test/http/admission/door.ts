// A server behind the admission whose answers, time and line a test has in its hands.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createAdmission } from '../../../src/http/admission/admission.ts'
import { type Line, openLine } from '../../e2e/socket.ts'

export async function openDoor(listener: RequestListener) {
  const lines: Line[] = []
  const warnings: string[] = []
  const world = { nowMs: 0 }
  let held: (() => void) | undefined
  let isHeld = false
  const admission = createAdmission({
    chance: { uuid: () => '0191a3b2-0000-7000-8000-000000000001', dice: () => 0.5 },
    elapsedMs: () => world.nowMs,
    soon(task) {
      if (isHeld) held = task
      else setImmediate(task)
    },
    warn: (sentence) => warnings.push(sentence),
  })
  const server = createServer(admission.before(listener))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    close(): void {
      for (const { socket } of lines) socket.destroy()
      server.closeAllConnections()
      server.close()
    },
    world,
    warnings,
    stats: admission.stats,
    /** Nothing begins any more. */
    hold(): void {
      isHeld = true
    },
    release(): void {
      isHeld = false
      if (held !== undefined) setImmediate(held)
      held = undefined
    },
    async open(): Promise<Line> {
      const line = await openLine(`http://127.0.0.1:${port}`)
      lines.push(line)
      return line
    },
  }
}

export const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: door\r\n\r\n`
