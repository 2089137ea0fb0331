import { IncomingMessage } from 'node:http'

/** Node's own request behind one of Hono's: under the node server only, where there is a socket. */
export function incomingOf({ env }: { readonly env: unknown }): IncomingMessage | undefined {
  const incoming: unknown =
    typeof env === 'object' && env !== null ? Reflect.get(env, 'incoming') : undefined
  return incoming instanceof IncomingMessage ? incoming : undefined
}
