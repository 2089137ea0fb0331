// The hostile and odd bodies of test/fixtures/plist, spelled out: what each must be answered with by the
// readers and by `PUT /mdm`.
import { readFileSync } from 'node:fs'
import type { Body } from '../corpus/plist/case.ts'
import { classes } from '../corpus/plist/classes.ts'

const folder = new URL('../fixtures/plist/', import.meta.url)

export type CorpusCase = {
  readonly name: string
  readonly bytes: Uint8Array
  readonly as: 'report' | 'checkin' | 'command'
  readonly expect: { readonly ok: true } | { readonly fault: string }
  readonly http: 200 | 400 | 413
  readonly note: string
}

type Listed = Omit<CorpusCase, 'name' | 'bytes'> &
  (
    | { readonly file: string }
    | { readonly name: string; readonly recipe: readonly (string | Repeated)[] }
  )

type Repeated = { readonly repeat: string; readonly times: number }

export function loadCorpus(): readonly CorpusCase[] {
  const index: { readonly cases: readonly Listed[] } = JSON.parse(
    readFileSync(new URL('index.json', folder), 'utf8'),
  )
  const listed = index.cases.map((listed): CorpusCase => {
    const { as, expect, http, note } = listed
    return 'file' in listed
      ? {
          name: listed.file,
          bytes: readFileSync(new URL(listed.file, folder)),
          as,
          expect,
          http,
          note,
        }
      : { name: listed.name, bytes: spelled(listed.recipe), as, expect, http, note }
  })
  return [...listed, ...Object.values(classes).flat().map(caseOf)]
}

/** A body of the classes: what is taken is answered 200, what is too large 413, all else 400. */
const caseOf = (body: Body): CorpusCase => ({
  name: body.name,
  get bytes() {
    return body.bytes
  },
  as: body.as,
  expect: body.outcome === 'ok' ? { ok: true } : { fault: body.outcome },
  http: body.outcome === 'ok' ? 200 : body.outcome === 'too-large' ? 413 : 400,
  note: '',
})

const spelled = (recipe: readonly (string | Repeated)[]): Uint8Array =>
  Buffer.from(
    recipe
      .map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times)))
      .join(''),
  )
