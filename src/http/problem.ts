// What operators are told when something goes wrong: RFC 9457, with a type that can be looked up.
import { Hono, type Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** One thing that is wrong with a request. */
export type ProblemError = {
  /** RFC 6901: into the body, or `/query/<name>` and `/path/<name>` for what stands in the address. */
  readonly pointer: string
  readonly detail: string
}

export type Problem = {
  readonly kind: ProblemKind
  /** A sentence about this occurrence. Never holds what a device sent, nor the text of an exception. */
  readonly detail?: string
  readonly errors?: readonly ProblemError[]
  /** Extension members, such as the candidates of an ambiguous reference. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

type ProblemKind = keyof typeof kinds

type Kind = { readonly status: ContentfulStatusCode; readonly title: string; readonly help: string }

const kinds = {
  moved: {
    status: 308,
    title: 'Merged into another host',
    help: 'Two hosts turned out to be one computer. Location names the host that lives on.',
  },
  malformed: {
    status: 400,
    title: 'The body cannot be read',
    help: 'The body is not JSON or not a property list, or it is cut short or compressed wrongly.',
  },
  unauthorized: {
    status: 401,
    title: 'No valid token',
    help: 'Send "Authorization: Bearer <token>" with a token that was not deleted.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    help: 'The token is valid and its role does not allow this. Viewers read, admins change.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    help: 'Nothing has that address. For hosts, near matches are listed under candidates.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    help: 'The address exists; Allow lists the methods it takes.',
  },
  ambiguous: {
    status: 409,
    title: 'Several hosts fit',
    help: 'The reference fits more than one host. Use the id of one of the candidates.',
  },
  'ambiguous-command': {
    status: 409,
    title: 'Several commands fit',
    help: 'Commands of several hosts, or of several channels of one, have this CommandUUID. Add ?host= with a reference to the host, or use the id of one of the candidates with ?by=id.',
  },
  conflict: {
    status: 409,
    title: 'Does not fit the present state',
    help: 'The request is sound, but not in the state things are in; detail says why.',
  },
  'command-exists': {
    status: 409,
    title: 'Another command has that UUID',
    help: 'The same command_uuid with the same body repeats a command; with another body it is a mistake.',
  },
  'not-enrolled': {
    status: 409,
    title: 'Not enrolled in MDM',
    help: 'A command needs a channel, and the host has none until it enrols.',
  },
  quarantined: {
    status: 409,
    title: 'The host is quarantined',
    help: 'Its identity contradicts another host. Resolve the conflict first.',
  },
  'unheard-topic': {
    status: 409,
    title: 'No enrolled host listens to that push topic',
    help: 'A device listens to the topic it enrolled with. A certificate of another topic wakes it no more; "force" takes it nevertheless.',
  },
  'last-admin': {
    status: 409,
    title: 'The last admin token',
    help: 'Nobody could change anything any more. Create another admin token first.',
  },
  slow: {
    status: 408,
    title: 'The body came too slowly',
    help: 'A body must come without pauses of 10 s, at 8 kB/s or more.',
  },
  'too-large': {
    status: 413,
    title: 'The body is too large',
    help: 'JSON may have 1 MB, a raw command 16 MB.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Not a media type read here',
    help: 'Name the type of the body in Content-Type; detail lists those that are read.',
  },
  invalid: {
    status: 422,
    title: 'Not as it must be',
    help: 'errors lists each member and parameter that is wrong, and why.',
  },
  'too-many-failures': {
    status: 429,
    title: 'Too many failures from this address',
    help: 'An address whose tokens fail again and again waits before its next try. A token that worked from there before is taken all the same.',
  },
  internal: {
    status: 500,
    title: 'A fault of the server',
    help: 'Our mistake. The request id finds it in the log.',
  },
  'backup-failed': {
    status: 500,
    title: 'The backup was not made',
    help: 'The database could not be copied; detail says why. Nothing was changed.',
  },
  damaged: {
    status: 500,
    title: 'The database is damaged here',
    help: 'What is asked for is not as it was written, so it is neither shown nor changed. The log names the row. Stop the server, let "muster check" name all that is damaged, and restore a backup, or save what is sound with "muster check --repair".',
  },
  unavailable: {
    status: 503,
    title: 'Not now',
    help: 'Too much waits already, or the disk is in trouble. Nothing was changed; try again.',
  },
} as const satisfies Readonly<Record<string, Kind>>

const statusOf = ({ kind }: Problem): ContentfulStatusCode => kinds[kind].status

/** The document, as it is sent and as the console may show it. */
export const problemBody = (
  { kind, detail, errors, more }: Problem,
  requestId: string,
): Readonly<Record<string, unknown>> => ({
  type: `/problems/${kind}`,
  title: kinds[kind].title,
  status: kinds[kind].status,
  detail: detail ?? kinds[kind].help,
  ...(errors && { errors }),
  ...more,
  request_id: requestId,
})

export function problemResponse(problem: Problem, requestId: string): Response {
  return Response.json(problemBody(problem, requestId), {
    status: statusOf(problem),
    headers: {
      ...(statusOf(problem) === 503 && { 'retry-after': '2' }),
      ...problem.headers,
      'content-type': 'application/problem+json',
    },
  })
}

/** For paths under `/api` that no version has. */
export const unknownPath = (context: Context): Response =>
  problemResponse({ kind: 'not-found', detail: 'No such path.' }, requestIdOf(context))

/** What hono's request-id middleware left; empty without it. */
export const requestIdOf = (context: Context): string => {
  const id: unknown = context.get('requestId')
  return typeof id === 'string' ? id : ''
}

/** Where `type` leads: what each kind means and what to do. Needs no token. */
export function createProblems(): Hono {
  const app = new Hono()
  app.get('/', (context) =>
    context.json({
      problems: Object.entries(kinds).map(([kind, about]) => described(kind, about)),
    }),
  )
  app.get('/:kind', (context) => {
    const kind = context.req.param('kind')
    return isKind(kind) ? context.json(described(kind, kinds[kind])) : unknownPath(context)
  })
  return app
}

const isKind = (kind: string): kind is ProblemKind => Object.hasOwn(kinds, kind)

const described = (
  kind: string,
  { status, title, help }: Kind,
): Readonly<Record<string, unknown>> => ({
  type: `/problems/${kind}`,
  status,
  title,
  help,
})
