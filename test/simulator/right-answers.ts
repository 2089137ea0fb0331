import { buildPlist } from '../../src/protocol/plist/build.ts'
import { isBytes } from '../../src/protocol/plist/value.ts'
import type { Dict } from '../../src/protocol/plist/value.ts'
import type { Reply, Request } from './peer.ts'

export const enrollSecret = 'an-enroll-secret-of-the-test'

export type Command = { readonly RequestType: string }

/** Answers every request as a right server would. Each Authenticate queues the commands anew, with new ids. */
export function createAnswers(commands: readonly Command[]): (request: Request) => Reply {
  const mdm = createMdmAnswers(commands)
  const osquery = createOsqueryAnswers()
  return (request) => {
    if (request.path.startsWith('/mdm')) return mdm(request.message)
    if (request.path.startsWith('/api/osquery/')) return osquery(request)
    return request.path.endsWith('/commands')
      ? json({ command_uuid: 'C0FFEE00-0000-4000-8000-000000000001' }, 201)
      : json({})
  }
}

const empty: Reply = {}
const malformed: Reply = { status: 400 }

type Queued = { readonly CommandUUID: string; readonly Command: Command }

function createMdmAnswers(commands: readonly Command[]): (message: Dict | undefined) => Reply {
  const queues = new Map<string, readonly Queued[]>()
  const tokens = new Map<string, Uint8Array>()
  let lives = 0

  const checkins: Readonly<Record<string, (device: string, message: Dict) => Reply>> = {
    Authenticate: (device) => {
      lives += 1
      const queue = commands.map((Command, at) => ({ CommandUUID: `C-${lives}-${at}`, Command }))
      queues.set(device, queue)
      return empty
    },
    TokenUpdate: () => empty,
    CheckOut: () => empty,
    UserAuthenticate: () => ({ status: 410 }),
    DeclarativeManagement: (_, { Endpoint }) => declarative(Endpoint),
    SetBootstrapToken: (device, { BootstrapToken }) => {
      if (isBytes(BootstrapToken)) tokens.set(device, BootstrapToken)
      return empty
    },
    GetBootstrapToken: (device) => ({
      body: buildPlist({ BootstrapToken: tokens.get(device) ?? new Uint8Array() }),
    }),
  }
  const report = (device: string, { Status, CommandUUID }: Dict): Reply => {
    const queue = queues.get(device) ?? []
    const final = Status === 'Acknowledged' || Status === 'Error' || Status === 'CommandFormatError'
    const open = final ? queue.filter((command) => command.CommandUUID !== CommandUUID) : queue
    queues.set(device, open)
    const [next] = open
    return next === undefined || Status === 'NotNow' ? empty : { body: buildPlist(next) }
  }
  return (message) => {
    const { UDID, EnrollmentID, MessageType, Status } = message ?? {}
    const device = UDID ?? EnrollmentID
    if (message === undefined || typeof device !== 'string') return malformed
    if (typeof Status === 'string') return report(device, message)
    const checkin = typeof MessageType === 'string' ? checkins[MessageType] : undefined
    return checkin?.(device, message) ?? malformed
  }
}

function declarative(endpoint: unknown): Reply {
  if (endpoint === 'tokens') {
    return json({ SyncTokens: { DeclarationsToken: 't1', Timestamp: '2026-01-01T00:00:00Z' } })
  }
  const none = { Activations: [], Assets: [], Configurations: [], Management: [] }
  if (endpoint === 'declaration-items') return json({ Declarations: none, DeclarationsToken: 't1' })
  return endpoint === 'status' ? empty : { status: 404 }
}

function createOsqueryAnswers(): (request: Request) => Reply {
  const keys = new Set<string>()
  return ({ path, body }) => {
    const message = objectOf(body)
    if (path.endsWith('/enroll')) {
      if (message['enroll_secret'] !== enrollSecret) return json({ error: 'wrong secret' }, 401)
      const key = `key-${keys.size + 1}`
      keys.add(key)
      return json({ node_key: key })
    }
    const key = message['node_key']
    if (!endpoints.has(path) || typeof key !== 'string') return json({ error: 'malformed' }, 400)
    if (!keys.has(key)) return json({ node_invalid: true, error: 'unknown' }, 401)
    return path.endsWith('/read')
      ? json({ queries: { 'detail.uptime': 'SELECT total_seconds FROM uptime' } })
      : json({})
  }
}

const endpoints: ReadonlySet<string> = new Set(
  ['config', 'log', 'distributed/read', 'distributed/write'].map((name) => `/api/osquery/${name}`),
)

function objectOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const json = (value: object, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
