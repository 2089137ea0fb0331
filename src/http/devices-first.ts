import { Hono } from 'hono'

/** Paths that only devices use, below their roots and the roots themselves. */
const devicePath =
  /^https?:\/\/[^/]+\/(?:mdm|api\/osquery|api\/v1\/osquery|scep|enroll|\.well-known\/com\.apple\.remotemanagement)(?:[/?#]|$)/

/**
 * Devices beside everybody else on one listener, told apart before any routing: nearly all requests are polls,
 * and the operators' many patterns would be held against each of them.
 */
export function devicesFirst(devices: Hono, others: Hono): Hono {
  const front = new Hono()
  front.fetch = (request, ...rest) =>
    (devicePath.test(request.url) ? devices : others).fetch(request, ...rest)
  return front
}
