// What Apple's push service says when it takes no push, and whose fault that is.

/**
 * What must change before another try makes sense.
 *
 * `address`: the device must tell its token anew. `topic`: the certificate must be replaced. `request`: we wrote
 * nonsense. `service`: nothing, it is busy; later the same push will do.
 */
export type Fault = 'address' | 'topic' | 'request' | 'service'

export type Reason = {
  readonly status: number
  readonly fault: Fault
  /** This connection is not to be used again. */
  readonly reconnect?: true
}

/** Source: Apple, "Handling notification responses from APNs", table 4. */
// prettier-ignore
export const reasons = {
  BadDeviceToken:              { status: 400, fault: 'address' },
  DeviceTokenNotForTopic:      { status: 400, fault: 'address' },
  BadCollapseId:               { status: 400, fault: 'request' },
  BadExpirationDate:           { status: 400, fault: 'request' },
  BadMessageId:                { status: 400, fault: 'request' },
  BadPriority:                 { status: 400, fault: 'request' },
  BadTopic:                    { status: 400, fault: 'request' },
  DuplicateHeaders:            { status: 400, fault: 'request' },
  IdleTimeout:                 { status: 400, fault: 'request', reconnect: true },
  InvalidPushType:             { status: 400, fault: 'request' },
  MissingDeviceToken:          { status: 400, fault: 'request' },
  MissingTopic:                { status: 400, fault: 'request' },
  PayloadEmpty:                { status: 400, fault: 'request' },
  TopicDisallowed:             { status: 400, fault: 'request' },
  BadCertificate:              { status: 403, fault: 'topic', reconnect: true },
  BadCertificateEnvironment:   { status: 403, fault: 'topic', reconnect: true },
  ExpiredProviderToken:        { status: 403, fault: 'topic' },
  Forbidden:                   { status: 403, fault: 'topic' },
  InvalidProviderToken:        { status: 403, fault: 'topic' },
  MissingProviderToken:        { status: 403, fault: 'topic' },
  UnrelatedKeyIdInToken:       { status: 403, fault: 'topic' },
  BadEnvironmentKeyIdInToken:  { status: 403, fault: 'topic' },
  BadPath:                     { status: 404, fault: 'request' },
  MethodNotAllowed:            { status: 405, fault: 'request' },
  ExpiredToken:                { status: 410, fault: 'address' },
  Unregistered:                { status: 410, fault: 'address' },
  PayloadTooLarge:             { status: 413, fault: 'request' },
  TooManyProviderTokenUpdates: { status: 429, fault: 'service' },
  TooManyRequests:             { status: 429, fault: 'service' },
  InternalServerError:         { status: 500, fault: 'service', reconnect: true },
  ServiceUnavailable:          { status: 503, fault: 'service', reconnect: true },
  Shutdown:                    { status: 503, fault: 'service', reconnect: true },
} as const satisfies Readonly<Record<string, Reason>>

/** A word that is in no table yet is judged by its status. */
export function reasonOf(status: number, word: string): Reason {
  const known = Object.entries<Reason>(reasons).find(([reason]) => reason === word)?.[1]
  return known ?? { status, fault: faultOf(status) }
}

function faultOf(status: number): Fault {
  if (status === 403) return 'topic'
  if (status === 410) return 'address'
  return status === 429 || status >= 500 || status < 400 ? 'service' : 'request'
}

/** What became of one push. */
export type PushOutcome =
  | { readonly kind: 'pushed'; readonly apnsId: string }
  | {
      readonly kind: 'refused'
      readonly reason: string
      /** Null where it did not come to a request. */
      readonly status: number | null
      readonly fault: Exclude<Fault, 'service'>
      /** Since when (ms) Apple knows that the token is dead; null when it did not say. */
      readonly deadSince: number | null
    }
  /** Nothing is wrong with the push: the same one may succeed later. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs?: number }

export type Answer = {
  readonly status: number
  readonly apnsId: string
  readonly retryAfter: string | undefined
  /** JSON with a reason, or nothing. */
  readonly body: string
}

export function outcomeOf({ status, apnsId, body, retryAfter }: Answer, now: number): PushOutcome {
  if (status === 200) return { kind: 'pushed', apnsId }
  const { reason = `status ${status}`, timestamp } = readBody(body)
  const { fault } = reasonOf(status, reason)
  if (fault !== 'service')
    return { kind: 'refused', reason, status, fault, deadSince: timestamp ?? null }
  const retryAfterMs = retryAfterOf(retryAfter, now)
  return { kind: 'unavailable', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** Reasons are words. Anything else is not repeated to operators. */
const wordPattern = /^[A-Za-z]{1,64}$/

export function readBody(body: string): { readonly reason?: string; readonly timestamp?: number } {
  try {
    const said: unknown = JSON.parse(body)
    if (typeof said !== 'object' || said === null) return {}
    const { reason, timestamp } = said as {
      readonly reason?: unknown
      readonly timestamp?: unknown
    }
    return {
      ...(typeof reason === 'string' && wordPattern.test(reason) && { reason }),
      ...(typeof timestamp === 'number' && Number.isFinite(timestamp) && { timestamp }),
    }
  } catch {
    return {}
  }
}

/** Seconds or a date (RFC 9110, 10.2.3). No longer than a day: a typing mistake must not silence a fleet. */
const retryAfterMaxMs = 86_400_000

function retryAfterOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), retryAfterMaxMs)
}
