// The process of the greedy: it sends whole batches of ready bytes, so that asking costs less than answering.
import { connect, type Socket } from 'node:net'
import { type Call } from '../../bench/devices.ts'
import type { GreedyHeard, GreedyLoad } from './greedy.ts'

type Line = { socket: Socket; open: number }

const tickMs = 5

function ask({ port, greed, perSecond, calls }: GreedyLoad): () => GreedyHeard {
  const { connections, keepsConnections } = greed
  const depth = greed.depth ?? Infinity
  const wires = calls.map((call) => Buffer.from(wireOf(call)))
  let [due, sent, taken, owed, turn] = [0, 0, 0, 0, 0]
  const lines = Array.from({ length: connections }, () => dial({ open: 0 }))

  function dial(line: Omit<Line, 'socket'>): Line {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    const dialled = Object.assign(line, { socket, open: 0 })
    socket.on('data', (bytes: Buffer) => hear(dialled, bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => dial(dialled))
    return dialled
  }

  function hear(line: Line, bytes: Buffer): void {
    for (let at = bytes.indexOf(head); at !== -1; at = bytes.indexOf(head, at + 1)) {
      line.open = Math.max(0, line.open - 1)
      if (bytes[at + head.length] === digitTwo) taken += 1
      if (!keepsConnections) line.socket.destroy()
    }
  }

  function send(line: Line): number {
    const many = Math.min(Math.floor(owed), depth - line.open, Math.ceil(owed / connections))
    if (many <= 0 || line.socket.writableNeedDrain || line.socket.connecting) return 0
    const batch = Array.from({ length: many }, (_, nth) => wires[(sent + nth) % wires.length])
    line.socket.write(Buffer.concat(batch.filter((wire) => wire !== undefined)))
    line.open += many
    return many
  }

  setInterval(() => {
    due += perSecond * (tickMs / 1_000)
    owed += perSecond * (tickMs / 1_000)
    for (let tries = 0; owed >= 1 && tries < connections; tries += 1) {
      const line = lines[turn++ % connections]
      if (line === undefined) break
      const many = send(line)
      sent += many
      owed -= many
    }
    // What nobody can send now is not sent later: the rate is the rate.
    owed = Math.min(owed, perSecond)
  }, tickMs)
  return () => ({ due: Math.round(due), sent, taken })
}

const head = 'HTTP/1.1 '
const digitTwo = 0x32

function wireOf({ method, path, headers, body }: Call): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

process.once('message', (load: GreedyLoad) => {
  const figures = ask(load)
  process.once('message', () => process.send?.(figures(), () => process.exit()))
})
