// What a request is, as far as its first line says.

/** Who reads the answer: each has a dialect for refusals. */
export type Audience = 'device' | 'agent' | 'operator' | 'person'

/** A poll that is refused loses nothing; a deed brings something or changes something. */
export type Urgency = 'poll' | 'deed'

export type Asked = { readonly audience: Audience; readonly urgency: Urgency }

const agentPath = /^\/api\/(?:v1\/)?osquery\/(?<route>[^?]*)/

const agentPolls: readonly string[] = ['config', 'distributed/read']

/** The first that fits. */
const paths: readonly (readonly [start: string, audience: Audience])[] = [
  ['/mdm', 'device'],
  ['/scep', 'device'],
  ['/api/', 'operator'],
]

/** `target` is the request line's, path and query. An MDM message may always be a result: only its body tells. */
export function askedOf(target: string): Asked {
  const route = agentPath.exec(target)?.groups?.['route']
  if (route !== undefined)
    return { audience: 'agent', urgency: agentPolls.includes(route) ? 'poll' : 'deed' }
  const audience = paths.find(([start]) => target.startsWith(start))?.[1] ?? 'person'
  return { audience, urgency: 'deed' }
}
