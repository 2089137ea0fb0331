import type { Context, Hono } from 'hono'
import { html, type Html } from '../../ui/html.ts'
import { shell } from '../../ui/shell.ts'
import { isSameOrigin } from '../auth.ts'
import { readBody } from '../body.ts'
import type { PagesDeps } from './deps.ts'
import { keepTheme, themeOf } from './theme.ts'
import { pageResponse } from './visit.ts'

/** A token and where to go: far more than either needs. */
const signInBytesMax = 8_192

/** Signing in and out, and the choice of colours: the forms that need no session. */
export function addSignIn(app: Hono, { sessions }: PagesDeps, files: string): void {
  const show = (context: Context, { next = '/hosts', fault = '', status = 200 }: Shown): Response =>
    pageResponse(
      String(
        shell(
          { title: 'Sign in', files, theme: themeOf(context), path: '/' },
          content(next, fault),
        ),
      ),
      status,
    )

  app.get('/', (context) => {
    const next = ownPath(context.req.query('next'))
    return sessions.authenticate(context) === undefined
      ? show(context, { next })
      : context.redirect(next, 303)
  })

  app.post('/sign-in', async (context) => {
    const fields = await fieldsOf(context)
    if (fields === undefined) return show(context, { fault: foreign, status: 403 })
    const next = ownPath(fields.get('next'))
    const secret = fields.get('token')?.trim() ?? ''
    return sessions.open(context, secret)
      ? context.redirect(next, 303)
      : show(context, { next, fault: 'This is none of the tokens there are.', status: 403 })
  })

  app.post('/sign-out', (context) => {
    if (isSameOrigin(context)) sessions.close(context)
    return context.redirect('/', 303)
  })

  app.post('/theme', async (context) => {
    const fields = await fieldsOf(context)
    if (fields !== undefined) keepTheme(context, fields.get('theme'))
    return context.redirect(pageBefore(context), 303)
  })
}

type Shown = { readonly next?: string; readonly fault?: string; readonly status?: number }

const foreign = 'The form does not come from a page of this server. Try again here.'

async function fieldsOf(context: Context): Promise<URLSearchParams | undefined> {
  if (!isSameOrigin(context)) return undefined
  const body = await readBody(context, { bytesMax: signInBytesMax })
  return body.ok ? new URLSearchParams(Buffer.from(body.value).toString()) : undefined
}

/** A path of ours; anything that could lead elsewhere leads to the hosts. */
export const ownPath = (next: string | null | undefined): string =>
  next && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next) ? next : '/hosts'

/** Our referrer policy leaves us the whole address of our own pages. */
function pageBefore({ req }: Context): string {
  const before = URL.parse(req.header('referer') ?? '')
  return before === null || before.origin !== new URL(req.url).origin
    ? '/hosts'
    : ownPath(before.pathname + before.search)
}

const content = (next: string, fault: string): Html =>
  html`<section class="sign-in">
    <h1>Sign in</h1>
    ${fault !== '' && html`<div class="notice bad" role="alert">${fault}</div>`}
    <form method="post" action="/sign-in">
      <input type="hidden" name="next" value="${next}" />
      <label>
        API token
        <input
          type="password"
          name="token"
          required
          autocomplete="current-password"
          spellcheck="false"
          placeholder="muster_…"
        />
      </label>
      <button class="main">Sign in</button>
    </form>
    <details>
      <summary>Where do I find a token?</summary>
      <p>
        The first one was printed to the terminal when the server first started, as “admin token”.
      </p>
      <p>
        Make another under <em>Settings</em>, or with <code>npx muster tokens create</code>. A
        viewer's token reads everything and changes nothing.
      </p>
      <p>
        Lost them all? Start the server with <code>MUSTER_ADMIN_TOKEN</code> set to a secret of 24
        characters or more; it is valid beside the others.
      </p>
    </details>
  </section>`
