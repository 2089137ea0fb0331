// An open connection: how much room it has, whether it still stands, and why it went.
import type { ClientHttp2Session } from 'node:http2'
import type { World } from '../../runtime/world.ts'
import { faultOf, noCertificate } from './connect.ts'
import { type PushOutcome, readBody, reasonOf } from './reasons.ts'
import { type Ended, type PushWish, request } from './request.ts'

export type LiveSession = {
  /** How many more pushes it takes now. */
  room(): number
  /** Never rejects. */
  push(wish: PushWish): Promise<Ended>
  /** Apple took the connection down for our certificate's sake. */
  refusal(): PushOutcome | undefined
  /** Takes no more pushes; those under way may end. */
  retire(): void
  /** As `retire`; resolves once it is gone, by force when that takes too long. */
  close(): Promise<void>
}

export type Left = {
  readonly reason: string
  /** It never brought an answer. */
  readonly isBarren: boolean
  /** Apple took the connection down for our certificate's sake. */
  readonly refusal: PushOutcome | undefined
}

/** `left` is called at least once, as soon as it takes no more pushes. */
type Listener = { readonly left: (how: Left) => void }

/** Streams at once, whatever Apple allows: a thousand pushes are answered within a second. */
const streamsMax = 1_000

/** How often an idle connection is asked whether it still stands, and how long it has to say so. */
const pingEveryMs = 60_000
const pingTimeoutMs = 10_000

/** How long pushes under way have once the server stops. */
const closeTimeoutMs = 3_000

export function createLiveSession(
  session: ClientHttp2Session,
  world: World,
  { left }: Listener,
): LiveSession {
  let active = 0
  let answered = 0
  let refusal: PushOutcome | undefined
  let reason = 'the connection was closed'
  const isGone = (): boolean => session.closed || session.destroyed

  function retire(): void {
    if (!isGone()) session.close()
    left({ reason, isBarren: answered === 0 && refusal === undefined, refusal })
  }

  session.on('error', (error: Error) => {
    const fault = faultOf(error)
    reason = fault.reason
    if (fault.isOurs) refusal = certificateRefused(fault.reason)
  })
  session.on('goaway', (_code: number, _last: number, bytes?: Uint8Array) => {
    const { reason: word } = readBody(Buffer.from(bytes ?? []).toString())
    if (word !== undefined) {
      reason = word
      if (reasonOf(0, word).fault === 'topic') refusal = certificateRefused(word)
    }
    retire()
  })
  session.on('close', retire)
  keepAsking(session, world)

  return {
    room: () =>
      isGone()
        ? 0
        : Math.min(session.remoteSettings.maxConcurrentStreams ?? streamsMax, streamsMax) - active,
    async push(wish) {
      active += 1
      const end = await tried(session, wish, world.now())
      active -= 1
      if (end.kind === 'answered') answered += 1
      return end
    },
    refusal: () => refusal,
    retire,
    async close() {
      if (session.destroyed) return
      const gone = Promise.withResolvers<void>()
      session.once('close', () => gone.resolve())
      if (!session.closed) session.close()
      const late = world.later(() => session.destroy(), closeTimeoutMs)
      await gone.promise
      late.cancel()
    },
  }
}

/** Some routers forget idle connections and tell nobody; a ping finds out before a push does. */
function keepAsking(session: ClientHttp2Session, world: World): void {
  world.later(() => {
    if (session.closed || session.destroyed) return
    const late = world.later(() => session.destroy(new Error('no answer to a ping')), pingTimeoutMs)
    const isSent = session.ping((error) => {
      late.cancel()
      if (error === null) keepAsking(session, world)
      else session.destroy()
    })
    if (isSent) return
    late.cancel()
    session.destroy()
  }, pingEveryMs)
}

async function tried(session: ClientHttp2Session, wish: PushWish, now: number): Promise<Ended> {
  try {
    return await request(session, wish, now)
  } catch (error) {
    // The connection went between our look and the request.
    return { kind: 'lost', reason: faultOf(error).reason }
  }
}

/** `word` is Apple's reason where it gave one, else what TLS said. */
export const certificateRefused = (word: string): PushOutcome => ({
  kind: 'refused',
  reason: word === noCertificate || reasonOf(0, word).fault === 'topic' ? word : 'BadCertificate',
  status: null,
  fault: 'topic',
  deadSince: null,
})
