import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { spoken } from '../../e2e/socket.ts'
import { get, openDoor as open } from './door.ts'

/** A door that is closed when its test is over. */
async function openDoor(listener: RequestListener) {
  const door = await open(listener)
  onTestFinished(door.close)
  return door
}

/** Answers with its own path, so that orders can be compared. */
const echo: RequestListener = ({ url = '' }, response) => void response.end(`${url}\n`)

type Begun = { readonly request: IncomingMessage; readonly response: ServerResponse }

/** A listener that keeps what has begun until the test answers it. */
function holding() {
  const begun: Begun[] = []
  const listener: RequestListener = (request, response) => void begun.push({ request, response })
  return { begun, listener, paths: () => begun.map(({ request }) => request.url) }
}

describe('a connection', () => {
  test('that asks a hundred times at once gets its answers in order', async () => {
    const door = await openDoor(echo)
    const line = await door.open()
    const paths = Array.from({ length: 100 }, (_, nth) => `/${nth}`)
    line.socket.write(paths.map(get).join(''))
    const heard = await line.heardAnswers(100)
    expect(heard.match(/^\/\d+$/gm)).toEqual(paths)
  })

  test('has one request under way at a time, whatever else it has sent', async () => {
    const { begun, listener, paths } = holding()
    const door = await openDoor(listener)
    const line = await door.open()
    line.socket.write(['/a', '/b', '/c'].map(get).join(''))
    await vi.waitFor(() => expect(paths()).toEqual(['/a']))
    expect(door.stats().waiting).toBe(2)
    begun[0]?.response.end()
    await vi.waitFor(() => expect(paths()).toEqual(['/a', '/b']))
  })

  test('that asks without end gets as many turns as one that waits for each answer', async () => {
    const turns = { greedy: 0, patient: 0 }
    const door = await openDoor(({ url }, response) => {
      turns[url === '/greedy' ? 'greedy' : 'patient'] += 1
      response.end('x\n')
    })
    const greedy = await door.open()
    greedy.socket.write(get('/greedy').repeat(5_000))
    const patient = await door.open()
    for (let nth = 1; nth <= 100; nth += 1) {
      patient.socket.write(get('/patient'))
      await patient.heardAnswers(nth)
    }
    expect(turns.patient).toBe(100)
    // The patient one is away while its answer and its next question travel, and only then.
    expect(turns.greedy).toBeLessThan(1_000)
  })

  test('that asks without listening is not read from beyond a bound, and is read on as it is answered', async () => {
    const held: ServerResponse[] = []
    let [begun, mostWaiting, isHeld] = [0, 0, true]
    const door = await openDoor((request, response) => {
      begun += 1
      mostWaiting = Math.max(mostWaiting, door.stats().waiting)
      request.resume()
      if (isHeld) held.push(response)
      else response.end()
    })
    const { socket } = await door.open()
    socket.write(get('/flood').repeat(1_000_000))
    await vi.waitFor(() => expect(begun).toBe(1))
    for (let nth = 0; nth < 200; nth += 1) await turn()
    expect(socket.writableLength).toBeGreaterThan(0)
    isHeld = false
    held[0]?.end()
    await vi.waitFor(() => expect(begun).toBeGreaterThan(10_000), { timeout: 10_000 })
    expect(mostWaiting).toBeLessThan(4_000)
  })

  test('whose next requests wait still has the body of the present one read to its end', async () => {
    const bytes: number[] = []
    const door = await openDoor((request, response) => {
      let length = 0
      request.on('data', (chunk: Buffer) => (length += chunk.length))
      request.on('end', () => {
        bytes.push(length)
        response.end()
      })
    })
    const line = await door.open()
    const large = spoken('/mdm', 'text/plain', 'x'.repeat(2_000_000))
    line.socket.write(large + get('/').repeat(100) + large)
    await line.heardAnswers(102)
    expect(bytes).toEqual([2_000_000, ...Array.from({ length: 100 }, () => 0), 2_000_000])
  })

  test('that is gone takes along what it asked for and had not begun', async () => {
    const { listener, paths } = holding()
    const door = await openDoor(listener)
    door.hold()
    const [gone, stays] = [await door.open(), await door.open()]
    gone.socket.write(get('/gone').repeat(3))
    stays.socket.write(get('/stays'))
    await vi.waitFor(() => expect(door.stats().waiting).toBe(4))
    gone.socket.destroy()
    await vi.waitFor(() => expect(door.stats().waiting).toBe(1))
    door.release()
    await vi.waitFor(() => expect(paths()).toEqual(['/stays']))
  })
})

/** Before so many connections that the last in line would wait for so long. */
async function crowded(waitMs: number) {
  const door = await open(() => {
    // The first turns show how long the line takes; then the line stands still again.
    door.hold()
  })
  door.hold()
  const lines = await Promise.all(Array.from({ length: 1_100 }, door.open))
  for (const { socket } of lines) socket.write(get('/mdm'))
  await vi.waitFor(() => expect(door.stats().inLine).toBe(1_100))
  door.world.nowMs += waitMs
  door.release()
  await vi.waitFor(() => expect(door.stats().inLineMs).toBe(waitMs))
  return {
    ...door,
    /** What a newcomer hears, or undefined when it stands in line like everybody. */
    async ask(request: string): Promise<string | undefined> {
      const { waiting, refused } = door.stats()
      const line = await door.open()
      line.socket.write(request)
      await vi.waitFor(() =>
        expect(door.stats().waiting + door.stats().refused).toBe(waiting + refused + 1),
      )
      return door.stats().refused > refused ? line.heardAnswers(1) : undefined
    },
  }
}

const post = (route: string): string =>
  `POST ${route} HTTP/1.1\r\nHost: door\r\nContent-Length: 2\r\n\r\n{}`

describe('with so many in line that agents would give up before their turn', () => {
  let door: Awaited<ReturnType<typeof crowded>>

  describe('for half as long as that', () => {
    beforeAll(async () => {
      door = await crowded(5_000)
    })
    afterAll(() => door.close())

    test.each(['/api/osquery/distributed/read', '/api/osquery/config', '/api/v1/osquery/config'])(
      'a poll like %s is refused',
      async (route) => {
        expect(await door.ask(post(route))).toMatch(/^HTTP\/1\.1 503 /)
      },
    )

    test.each(['/api/osquery/log', '/api/osquery/enroll', '/mdm', '/scep/x', '/api/v1/hosts'])(
      'what comes to %s stands in line',
      async (route) => {
        expect(await door.ask(post(route))).toBeUndefined()
      },
    )
  })

  describe('for as long as that', () => {
    beforeAll(async () => {
      door = await crowded(9_000)
    })
    afterAll(() => door.close())

    const agentBody = '{"error":"overloaded, retry"}'

    test.each([
      ['an agent', '/api/osquery/log', 'application/json', agentBody],
      ["an agent at Fleet's address", '/api/v1/osquery/log', 'application/json', agentBody],
      ['a device', '/mdm', undefined, ''],
      ['a device that wants a certificate', '/scep/x', undefined, ''],
      [
        'an operator',
        '/api/v1/hosts',
        'application/problem+json',
        '"title":"Not now","status":503',
      ],
      ['a person', '/hosts', 'text/plain; charset=utf-8', 'try again in some seconds.\n'],
    ])('%s is refused in words it understands', async (_who, route, ...said) => {
      const [type, body] = said
      const [head = '', text = ''] = ((await door.ask(post(route))) ?? '').split('\r\n\r\n')
      expect(head).toMatch(/^HTTP\/1\.1 503 /)
      expect(/^content-type: (.*)$/im.exec(head)?.[1]).toBe(type)
      expect(/^content-length: (.*)$/im.exec(head)?.[1]).toBe(String(Buffer.byteLength(text)))
      expect(/^retry-after: (.*)$/im.exec(head)?.[1]).toBe('6')
      expect(text).toContain(body)
    })

    test('however many are refused, the log says it once in ten seconds', async () => {
      for (let nth = 0; nth < 5; nth += 1) await door.ask(post('/mdm'))
      expect(door.warnings).toHaveLength(1)
      door.world.nowMs += 10_000
      await door.ask(post('/mdm'))
      expect(door.warnings.at(-1)).toMatch(/ (?:[6-9]|\d{2,}) refused since the last warning$/)
    })
  })
})
