import type { Context, Hono } from 'hono'
import type { PagesDeps } from './deps.ts'
import { createLiveStreams } from './live-streams.ts'
import { commandSubject, fleetSubject, hostSubject, type Subject } from './live-subject.ts'

/** The streams of open pages; `Last-Event-ID` or `since` says what a page knows already. */
export function addLive(app: Hono, deps: PagesDeps): void {
  const streams = createLiveStreams(deps)

  function open(context: Context, subject: Subject): Response {
    const { sessions } = deps
    const owner = sessions.ownerOf(context)
    if (owner === undefined) return new Response(null, { status: 403 })
    // A page elsewhere could otherwise learn when something happens here.
    if ((context.req.header('sec-fetch-site') ?? 'same-origin') !== 'same-origin')
      return new Response(null, { status: 403 })
    const stream = streams.open({
      subject,
      principalId: owner,
      since: seqOf(context.req.header('last-event-id') ?? context.req.query('since')),
      isAllowed: () => sessions.isOpen(context),
    })
    return stream ?? new Response(null, { status: 503, headers: { 'retry-after': '5' } })
  }

  app.get('/live/events', (context) => open(context, fleetSubject))
  app.get('/live/hosts/:id', (context) => open(context, hostSubject(deps, context.req.param('id'))))
  app.get('/live/commands/:uuid', (context) =>
    open(context, commandSubject(deps, context.req.param('uuid'))),
  )
}

const seqOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
