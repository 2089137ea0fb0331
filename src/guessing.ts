// What slows those who guess secrets: counted by address, noted in the journal a minute at a time.
import type { Hono } from 'hono'
import type { Store } from '../storage/store.ts'
import type { Config } from './config/config.ts'
import { type ClientOf, createClientOf } from './http/client.ts'
import { createFailedSecrets, type FailedBatch, type FailedSecrets } from './http/failed-secrets.ts'
import { slowSignIns, slowTokenGuesses } from './http/slow-guesses.ts'
import { happened } from './intake/happening.ts'
import { commitTold } from './intake/told-commit.ts'
import type { Hosts } from './runtime/hosts.ts'
import type { World } from './runtime/world.ts'

export type Guessing = { readonly failedSecrets: FailedSecrets; readonly clientOf: ClientOf }

type GuessingOptions = {
  readonly store: Store
  readonly hosts: Pick<Hosts, 'live'>
  readonly world: World
}

export function openGuessing(
  { store, hosts, world }: GuessingOptions,
  { proxies }: Pick<Config, 'proxies'>,
): Guessing {
  const note = ({ kind, failures, addresses, foremost }: FailedBatch): void => {
    const cause = { kind: kind === 'enroll_secret' ? 'device' : 'operator', id: null } as const
    const detail = { kind, failures, addresses, foremost: foremost.join(', ') }
    // No request waits for it: what failed was answered.
    void commitTold({ store, live: hosts.live }, [
      happened('', { event: 'access.failed', cause, at: world.now() }, detail),
    ])
  }
  return {
    clientOf: createClientOf(proxies),
    failedSecrets: createFailedSecrets({
      elapsedMs: () => performance.now(),
      later: world.later,
      note,
    }),
  }
}

/** To be called before the routes that take an operator's secret. */
export function slowGuesses(app: Hono, guessing: Guessing): void {
  const tokens = slowTokenGuesses(guessing)
  for (const path of ['/api/v1/*', '/v1/*', '/migration', '/metrics']) app.use(path, tokens)
  app.post('/sign-in', slowSignIns(guessing))
}
