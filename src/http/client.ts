import type { Context } from 'hono'

/** The other end of the connection, whatever headers say; one name for all where there is no socket. */
export function clientOf(context: Pick<Context, 'env'>): string {
  const env: unknown = context.env
  const incoming =
    typeof env === 'object' && env !== null ? Reflect.get(env, 'incoming') : undefined
  const socket: unknown =
    typeof incoming === 'object' && incoming !== null ? Reflect.get(incoming, 'socket') : undefined
  const address: unknown =
    typeof socket === 'object' && socket !== null ? Reflect.get(socket, 'remoteAddress') : undefined
  return typeof address === 'string' ? address : 'nobody'
}
