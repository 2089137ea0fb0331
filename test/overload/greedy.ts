// Greedy clients: they ask at a fixed rate whatever they are answered, the next question before the last answer.
import { connect, type Socket } from 'node:net'
import { type Call } from '../../bench/devices.ts'

export type Greedy = {
  /** Questions that were due, that went out, and that were answered with a 200. */
  figures(): { readonly due: number; readonly sent: number; readonly taken: number }
  stop(): void
}

export type GreedyOptions = {
  readonly port: number
  readonly connections: number
  readonly perSecond: number
  /** Questions on one connection before the first is answered. */
  readonly depth: number
  readonly calls: readonly [Call, ...Call[]]
}

type Line = { socket: Socket; open: number }

const tickMs = 5

export function greedy({ port, connections, perSecond, depth, calls }: GreedyOptions): Greedy {
  const wires = calls.map((call) => Buffer.from(wireOf(call)))
  let [due, sent, taken, owed, turn, running] = [0, 0, 0, 0, 0, true]
  const lines = Array.from({ length: connections }, dial)

  function dial(): Line {
    const line: Line = { socket: connect(port, '127.0.0.1'), open: 0 }
    line.socket.setNoDelay(true)
    line.socket.on('data', (bytes: Buffer) => {
      for (let at = bytes.indexOf(head); at !== -1; at = bytes.indexOf(head, at + 1)) {
        line.open = Math.max(0, line.open - 1)
        if (bytes[at + head.length] === digitTwo) taken += 1
      }
    })
    line.socket.on('error', () => undefined)
    line.socket.on('close', () => {
      if (running) Object.assign(line, dial())
    })
    return line
  }

  const tick = setInterval(() => {
    due += perSecond * (tickMs / 1_000)
    owed += perSecond * (tickMs / 1_000)
    for (let tries = 0; owed >= 1 && tries < connections; tries += 1) {
      const line = lines[turn++ % connections]
      if (line === undefined) break
      const many = Math.min(Math.floor(owed), depth - line.open, Math.ceil(owed / connections))
      if (many <= 0 || line.socket.writableNeedDrain || line.socket.connecting) continue
      const batch = Array.from({ length: many }, (_, nth) => wires[(sent + nth) % wires.length])
      line.socket.write(Buffer.concat(batch.filter((wire) => wire !== undefined)))
      line.open += many
      sent += many
      owed -= many
    }
    // What nobody can send now is not sent later: the rate is the rate.
    owed = Math.min(owed, perSecond)
  }, tickMs)

  return {
    figures: () => ({ due: Math.round(due), sent, taken }),
    stop() {
      running = false
      clearInterval(tick)
      for (const { socket } of lines) socket.destroy()
    },
  }
}

const head = 'HTTP/1.1 '
const digitTwo = 0x32

function wireOf({ method, path, headers, body }: Call): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
