// Sockets that send all of a large body but its end, from senders that nobody knows.
import { connect } from 'node:net'
import type { HeldHeard, HeldLoad } from './held-sockets.ts'

const mebi = 1_048_576

type Kind = {
  readonly path: string
  readonly type: string
  readonly bytes: number
  readonly begins: string
}

// prettier-ignore
const kinds: readonly Kind[] = [
  { path: '/mdm',                          type: 'application/x-apple-aspen-mdm', bytes: 16 * mebi, begins: '<plist><dict><key>UDID</key><string>' },
  { path: '/api/osquery/log',              type: 'application/json',              bytes: 10 * mebi, begins: '{"log_type":"result","data":[{"a":"' },
  { path: '/api/osquery/log',              type: 'application/json',              bytes: 10 * mebi, begins: '{"node_key":"nobody","data":[{"a":"' },
  { path: '/api/osquery/distributed/write', type: 'application/json',             bytes: 10 * mebi, begins: '{"queries":{"a":[{"b":"' },
  { path: '/scep?operation=PKIOperation',  type: 'application/x-pki-message',     bytes: 262_144,   begins: '0' },
]

/** Whoever was sent away comes again. */
const againAfterMs = 5_000

const piece = Buffer.alloc(65_536, 'x')

/** Slow enough that what is met is the memory of the server and not the copying of this machine. */
const pieceEveryMs = 100

/** Sends a piece at a time as far as it is taken, and stops one byte before the end. */
function holdEnd(port: number, kind: Kind, heard: HeldHeard): void {
  const { path, type, bytes, begins } = kind
  const socket = connect(port, '127.0.0.1', () => {
    heard.opened += 1
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: held\r\nContent-Type: ${type}\r\nContent-Length: ${bytes}\r\n\r\n${begins}`,
    )
    let left = bytes - begins.length - 1
    const sending = setInterval(() => {
      if (socket.writableNeedDrain || left === 0) return
      const chunk = piece.subarray(0, Math.min(left, piece.length))
      left -= chunk.length
      heard.sentBytes += chunk.length
      socket.write(chunk)
    }, pieceEveryMs)
    socket.on('close', () => clearInterval(sending))
  })
  socket.resume()
  socket.on('error', () => undefined)
  socket.on('close', () => {
    heard.ended += 1
    // Another takes its place, so that there are always as many.
    setTimeout(holdEnd, againAfterMs, port, kind, heard)
  })
}

process.once('message', ({ port, sockets, seconds }: HeldLoad) => {
  const heard: HeldHeard = { opened: 0, ended: 0, sentBytes: 0 }
  for (let nth = 0; nth < sockets; nth += 1) {
    const kind = kinds[nth % kinds.length]
    if (kind !== undefined) setTimeout(holdEnd, (2_000 * nth) / sockets, port, kind, heard)
  }
  setTimeout(() => process.send?.(heard, () => process.exit()), seconds * 1_000)
})
