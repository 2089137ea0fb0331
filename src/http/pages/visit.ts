// How a page is asked for and answered: who looks, what comes back, and what is said when it cannot.
import type { Context, Handler } from 'hono'
import { unreachable, type Result } from '../../result.ts'
import { html, type Html } from '../../ui/html.ts'
import { shell } from '../../ui/shell.ts'
import { isSameOrigin, type Principal } from '../auth.ts'
import { readBody } from '../body.ts'
import { type Api, apiFor, type Refused } from './api-client.ts'
import type { PagesDeps } from './deps.ts'
import { fieldsOf } from './form-fields.ts'
import { pushBanner } from './push-banner.ts'
import { refusedContent } from './refused-page.ts'
import { themeOf } from './theme.ts'

/** Somebody signed in, looking. */
export type Visit = {
  readonly context: Context
  readonly url: URL
  readonly api: Api
  readonly principal: Principal
  /** Forms are for those who may use them. */
  readonly mayChange: boolean
  readonly now: number
}

type Answer =
  | {
      readonly kind: 'page'
      readonly title: string
      readonly content: Html
      readonly live?: string
      readonly status?: number
    }
  | { readonly kind: 'go'; readonly to: string }

export type Answered = Promise<Result<Answer, Refused>>

export type Visits = {
  page(run: (visit: Visit) => Answered): Handler
  form(run: (visit: Visit, fields: URLSearchParams) => Answered): Handler
}

/** A payload of 1 MB, as the API takes it, with its marks escaped once. */
const formBytesMax = 2 * 1024 * 1024

export function createVisits(deps: PagesDeps, files: string): Visits {
  const visitOf = (context: Context, principal: Principal): Visit => ({
    context,
    url: new URL(context.req.url),
    api: apiFor(deps, context),
    principal,
    mayChange: principal.role === 'admin',
    now: deps.world.now(),
  })

  async function give(visit: Visit, answered: Result<Answer, Refused>): Promise<Response> {
    const answer: Answer = answered.ok ? answered.value : refusedAnswer(visit, answered.error)
    switch (answer.kind) {
      case 'go':
        return visit.context.redirect(answer.to, 303)
      case 'page': {
        const { url, context, principal } = visit
        const frame = {
          files,
          path: url.pathname,
          who: principal,
          theme: themeOf(context),
          openConflicts: await openConflicts(deps),
          title: answer.title,
          live: answer.live,
        }
        const warnings = deps.pushCertificates.warnings().map(({ sentence }) => sentence)
        const content = html`${pushBanner(warnings)}${answer.content}`
        return pageResponse(String(shell(frame, content)), answer.status)
      }
      default:
        return unreachable(answer)
    }
  }

  return {
    page: (run) => async (context) => {
      const principal = deps.sessions.authenticate(context)
      if (principal === undefined) return context.redirect(signInPath(context), 303)
      const visit = visitOf(context, principal)
      return give(visit, await run(visit))
    },
    form: (run) => async (context) => {
      const principal = deps.sessions.authenticate(context)
      if (principal === undefined) return context.redirect('/', 303)
      const visit = visitOf(context, principal)
      if (!isSameOrigin(context)) return give(visit, foreign)
      if (!visit.mayChange) return give(visit, viewersOnly)
      const body = await readBody(context, { bytesMax: formBytesMax, isKnown: true })
      if (!body.ok) return give(visit, unreadable)
      const fields = await fieldsOf(context, body.value)
      return give(visit, fields === undefined ? unreadable : await run(visit, fields))
    },
  }
}

export const pageResponse = (text: string, status = 200): Response =>
  new Response(text, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  })

/** Back to where they wanted to go once they are signed in. */
function signInPath({ req }: Context): string {
  const { pathname, search } = new URL(req.url)
  return pathname === '/' ? '/' : `/?next=${encodeURIComponent(pathname + search)}`
}

async function openConflicts({ queries }: PagesDeps): Promise<number> {
  const page = await queries.listConflicts({ open: true, limit: 1 })
  return page.ok ? page.value.total : 0
}

function refusedAnswer(visit: Visit, refused: Refused): Answer {
  // The host is another by now: its page says all there is to say.
  if (refused.survivor !== undefined && visit.context.req.method === 'GET')
    return {
      kind: 'go',
      to: visit.url.pathname.replace(/(?<=^\/hosts\/)[^/]+/, refused.survivor),
    }
  const requestId: unknown = visit.context.get('requestId')
  const back = visit.context.req.method === 'GET' ? '/hosts' : visit.url.pathname
  return {
    kind: 'page',
    title: refused.title,
    content: refusedContent(refused, { requestId: String(requestId), back }),
    status: refused.status,
  }
}

const refusal = (status: number, title: string, detail: string): Result<never, Refused> => ({
  ok: false,
  error: { status, title, detail },
})

const foreign = refusal(403, 'Not allowed', 'The request does not come from a page of this server.')
const viewersOnly = refusal(403, 'Not allowed', 'Viewers read, admins change.')
const unreadable = refusal(413, 'The form is too large', 'Nothing was changed.')

/** What went wrong with a form, above it. */
export const refusedNotice = (refused: Refused | undefined): Html | undefined =>
  refused &&
  html`<div class="notice bad" role="alert">
    <strong>${refused.title}.</strong> ${refused.detail}
  </div>`
