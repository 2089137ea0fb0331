import type { Call } from './call.ts'
import { serveFlags, type ServeOptions } from './serve-options.ts'

/** The flags of a server that stood on the command line. */
export const serveOptions = ({ options }: Call): ServeOptions =>
  Object.fromEntries(
    serveFlags.flatMap(([name]) => {
      const value = options.text(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
