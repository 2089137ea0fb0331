// The messages of test/fixtures/mdm, in their sequence, with what must have happened before each.
import { readFileSync } from 'node:fs'

const folder = new URL('../fixtures/mdm/', import.meta.url)

export type Vector = {
  readonly file: string
  readonly kind: 'checkin' | 'report'
  readonly expect: { readonly status: number; readonly body?: string }
  /** Messages that put the server into the state this one belongs to. */
  readonly before: readonly string[]
}

type Listed = {
  readonly file: string
  readonly kind: string
  readonly expect?: Vector['expect']
}

export const bytesOf = (file: string): Buffer => readFileSync(new URL(file, folder))

/** What devices send, each with its answer; reports without one are answered with a command or nothing. */
export function loadVectors(): readonly Vector[] {
  const index: { readonly vectors: readonly Listed[] } = JSON.parse(String(bytesOf('index.json')))
  return index.vectors.flatMap(({ file, kind, expect }): Vector[] =>
    kind === 'checkin' || kind === 'report'
      ? [
          {
            file,
            kind,
            expect: today[file] ?? expect ?? { status: 200, body: 'empty or next command' },
            before: before[file] ?? [],
          },
        ]
      : [],
  )
}

/** Answers that change once tokens, declarations and challenges can be served. */
const today: Readonly<Record<string, Vector['expect']>> = {
  'checkin-userauthenticate-2.plist': { status: 410, body: 'empty' },
  'checkin-gettoken-maid.plist': { status: 400 },
  'checkin-gettoken-watch.plist': { status: 400 },
  'checkin-dm-declaration.plist': { status: 404 },
}

const mac = ['checkin-authenticate-macos.plist', 'checkin-tokenupdate-macos.plist']

/** Checkouts come in the middle of the sequence: their computers enrol again. */
const before: Readonly<Record<string, readonly string[]>> = {
  'checkin-userauthenticate-1.plist': [...mac, 'checkin-tokenupdate-macos-user.plist'],
  'checkin-getbootstraptoken.plist': ['checkin-setbootstraptoken.plist'],
  'report-idle-userenrollment.plist': [
    'checkin-authenticate-userenrollment.plist',
    'checkin-tokenupdate-userenrollment.plist',
  ],
}
