// The server that answers for the declarations of devices, where the settings name one.
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { createForwarding, type ForwardDeclarations } from './effects/declarations/forwarding.ts'
import type { World } from './runtime/world.ts'

export const declarationsOf = (
  url: URL | undefined,
  { log, world }: { readonly log: Logger; readonly world: World },
): ForwardDeclarations | undefined =>
  url &&
  createForwarding({
    url,
    userAgent: `muster/${packageJson.version}`,
    elapsedMs: world.steady,
    warn: (sentence) => log.warn(sentence),
  })
