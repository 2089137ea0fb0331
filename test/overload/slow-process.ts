// Sockets that hold on and give nothing: kept at a number, whatever becomes of each.
import { connect, type Socket } from 'node:net'
import type { SlowHeard, SlowLoad } from './slow-sockets.ts'

const head = (length: number): string =>
  `PUT /mdm HTTP/1.1\r\nHost: slow\r\nContent-Type: application/x-apple-aspen-mdm\r\nContent-Length: ${length}\r\n`

/** A letter a second: first the headers, which never end. */
function dribble(socket: Socket): void {
  const text = `${head(100)}X-Slow: ${'x'.repeat(1_000)}`
  let at = 0
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? 'x'), 1_000)
  socket.on('close', () => clearInterval(timer))
}

/** Headers, the beginning of a body, and silence. */
const fallSilent = (socket: Socket): void => void socket.write(`${head(5_000)}\r\n<plist`)

/** Connects and says nothing at all. */
const sayNothing = (): void => undefined

/** Asks for a long answer of which it takes nothing. */
function neverRead(socket: Socket): void {
  socket.pause()
  socket.write('GET /api/v1/openapi.json HTTP/1.1\r\nHost: slow\r\n\r\n')
}

const kinds = [dribble, fallSilent, sayNothing, neverRead] as const

/** They come over two seconds: their number is what is met, not their coming. */
const joining = { everyMs: 50, parts: 40 } as const

process.once('message', ({ port, sockets, seconds }: SlowLoad) => {
  let [opened, open, ended, failed, next] = [0, 0, 0, 0, 0]
  function hold(nth: number): void {
    const kind = kinds[nth % kinds.length] ?? sayNothing
    const socket = connect(port, '127.0.0.1', () => {
      opened += 1
      open += 1
      socket.on('close', () => {
        open -= 1
        ended += 1
      })
      kind(socket)
      if (kind !== neverRead) socket.resume()
    })
    socket.on('error', () => (failed += 1))
    socket.on('close', () => setTimeout(hold, 1_000, nth))
  }
  const timer = setInterval(() => {
    for (let n = 0; n < sockets / joining.parts && next < sockets; n += 1) hold(next++)
  }, joining.everyMs)
  setTimeout(() => {
    clearInterval(timer)
    const heard: SlowHeard = { opened, open, ended, failed }
    process.send?.(heard, () => process.exit())
  }, seconds * 1_000)
})
