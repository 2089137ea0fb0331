// What Apple's push service refuses by itself, before it looks for the device.

/** How a push is answered when it is not taken. */
export type Answer = {
  readonly status: number
  readonly reason?: string
  /** Since when (ms) the token is dead. */
  readonly timestamp?: number
  /** As the header says it: seconds or a date. */
  readonly retryAfter?: string
}

export type Refusal = { readonly status: number; readonly reason: string }

type Request = {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
  /** Of the client's certificate. */
  readonly topic: string | undefined
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** As Apple's limit for a notification. */
const bodyBytesMax = 4_096

type Rule = (request: Request) => boolean

/** In Apple's words, with what is wrong. The first that applies is told. */
const rules: readonly (readonly [number, string, Rule])[] = [
  [405, 'MethodNotAllowed', ({ headers }) => headers[':method'] !== 'POST'],
  [404, 'BadPath', ({ headers }) => !String(headers[':path']).startsWith('/3/device/')],
  [400, 'MissingDeviceToken', ({ headers }) => headers[':path'] === '/3/device/'],
  [
    400,
    'BadDeviceToken',
    ({ headers }) => !/^\/3\/device\/(?:[0-9a-f]{2})+$/.test(String(headers[':path'])),
  ],
  [403, 'BadCertificate', ({ topic }) => topic === undefined],
  [400, 'InvalidPushType', ({ headers }) => headers['apns-push-type'] !== 'mdm'],
  [400, 'MissingTopic', ({ headers }) => headers['apns-topic'] === undefined],
  [400, 'TopicDisallowed', ({ headers, topic }) => headers['apns-topic'] !== topic],
  [
    400,
    'BadExpirationDate',
    ({ headers }) => !/^\d+$/.test(String(headers['apns-expiration'] ?? '0')),
  ],
  [
    400,
    'BadPriority',
    ({ headers }) => !['5', '10'].includes(String(headers['apns-priority'] ?? '10')),
  ],
  [
    400,
    'BadMessageId',
    ({ headers }) => !uuid.test(String(headers['apns-id'] ?? crypto.randomUUID())),
  ],
  [400, 'PayloadEmpty', ({ body }) => body === ''],
  [413, 'PayloadTooLarge', ({ body }) => Buffer.byteLength(body) > bodyBytesMax],
  [400, 'BadMessageId', ({ body }) => magicIn(body) === undefined],
]

export function refusalOf(request: Request): Refusal | undefined {
  const broken = rules.find(([, , applies]) => applies(request))
  return broken && { status: broken[0], reason: broken[1] }
}

/** The payload is one key and nothing else. */
function magicIn(body: string): string | undefined {
  try {
    const said = JSON.parse(body) as Readonly<Record<string, unknown>> | null
    const { mdm, ...rest } = said ?? {}
    return typeof mdm === 'string' && Object.keys(rest).length === 0 ? mdm : undefined
  } catch {
    return undefined
  }
}
