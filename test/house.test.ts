// The house as a specification: who may import whom, and how large a room may grow.
// Each folder names everything it may import; whatever it does not name is a leak.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

/** Folder → allowed imports, most specific folder first. `type:` grants types, never code. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'machines/': ['machines/', 'xstate', 'type:src/protocol/'],
  'storage/': ['storage/', 'libsql', 'node:'],
  'src/protocol/': ['src/protocol/', 'src/result.ts', 'plist'],
  'src/pki/': ['src/pki/', 'src/result.ts', 'node:crypto'],
  'src/identity/': ['src/identity/', 'src/result.ts', 'type:storage/', 'type:machines/'],
  'src/runtime/': [
    'src/runtime/',
    'src/damage.ts',
    'src/result.ts',
    'machines/',
    'xstate',
    'type:storage/',
    'type:src/protocol/',
  ],
  'src/secrets/': ['src/secrets/', 'src/result.ts', 'node:', 'type:storage/'],
  'src/intake/': [
    'src/intake/',
    'src/identity/',
    'src/protocol/',
    'src/pki/',
    'src/damage.ts',
    'src/result.ts',
    'machines/',
    'type:src/runtime/',
    'src/secrets/',
    'type:storage/',
  ],
  'src/backup/': [
    'src/backup/',
    'src/result.ts',
    'modern-tar',
    'node:',
    'type:src/runtime/',
    'type:storage/',
  ],
  'src/effects/': [
    'src/effects/',
    'src/result.ts',
    'node:',
    'type:machines/',
    'type:src/runtime/',
    'type:src/secrets/',
    'type:storage/',
  ],
  'src/ui/': ['src/ui/', 'hono/html', 'elkjs', 'node:', 'type:machines/', 'type:xstate'],
  'src/http/': [
    'src/http/',
    'src/ui/',
    'src/protocol/',
    'src/pki/',
    'src/damage.ts',
    'src/result.ts',
    'hono',
    '@hono/',
    'prom-client',
    'zod',
    'node:',
    'type:machines/',
    'type:pino',
    'type:src/backup/',
    'type:src/intake/',
    'type:src/runtime/',
    'type:src/secrets/',
    'type:storage/',
  ],
  'src/cli/': [
    'src/cli/',
    'src/protocol/',
    'src/result.ts',
    'commander',
    'jsonc-parser',
    'node:',
    'type:src/simulator/',
  ],
  'src/config/': [
    'src/config/',
    'src/pki/',
    'src/effects/webhooks/allow-list.ts',
    'src/result.ts',
    'node:',
    'type:src/cli/',
    'type:src/intake/',
  ],
  'src/simulator/': ['src/simulator/', 'src/protocol/', 'src/pki/', 'src/result.ts', 'node:'],
  'src/': [
    'src/',
    'package.json',
    'machines/',
    'storage/',
    'hono',
    '@hono/node-server',
    'pino',
    'xstate',
    'node:',
  ],
}
const lineLimit = 300

const importOf =
  /^(?:import|export) (?<typeOnly>type )?(?:[^'=(]* from )?'(?<specifier>[^']+)'|\bimport\('(?<specifier>[^']+)'\)/gm

for (const file of globSync(['machines/**/*.ts', 'storage/**/*.ts', 'src/**/*.ts'])) {
  test(`${file} keeps to its room`, () => {
    const text = readFileSync(file, 'utf8')
    const room = Object.keys(rooms).find((folder) => file.startsWith(folder)) ?? 'no room'
    for (const { groups } of text.matchAll(importOf)) {
      const { specifier = '', typeOnly } = groups ?? {}
      const target = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier
      const granted = rooms[room]?.some((grant) =>
        grant.startsWith('type:')
          ? typeOnly !== undefined && target.startsWith(grant.slice('type:'.length))
          : target.startsWith(grant),
      )
      expect(granted, `${room} may not import ${target}`).toBe(true)
    }
    const lines = text.split('\n').length
    expect(lines, `${lines} lines: look for the second concept`).toBeLessThanOrEqual(lineLimit)
  })
}
