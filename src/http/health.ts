// For whoever keeps the process running. No token: a load balancer has none.
import { Hono } from 'hono'

export type HealthDeps = {
  readonly version: string
  /** Whether requests should come here, and in a few words each why not. */
  readonly ready: () => {
    readonly ready: boolean
    readonly reasons: readonly string[]
    /** What does not work as it should although requests should come here, such as a full disk. */
    readonly degraded: readonly string[]
  }
}

/** `/livez`, `/readyz` and `/version`, to be mounted at the root. */
export function createHealth({ version, ready }: HealthDeps): Hono {
  const app = new Hono()
  app.get('/livez', (context) => context.json({ alive: true }))
  app.get('/readyz', (context) => {
    const now = ready()
    return context.json(now, now.ready ? 200 : 503)
  })
  app.get('/version', (context) => context.json({ name: 'muster', version }))
  return app
}
