import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { readCommand } from '../../src/protocol/mdm/command.ts'
import type { MessageFault } from '../../src/protocol/mdm/message-fault.ts'
import { readBody } from '../../src/protocol/mdm/body.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import type { Dict } from '../../src/protocol/plist/value.ts'
import type { Result } from '../../src/result.ts'
import { classes } from '../corpus/plist/classes.ts'
import { type CorpusCase, loadCorpus } from './plist-corpus.ts'

const corpus = loadCorpus()

const readers: Readonly<
  Record<CorpusCase['as'], (bytes: Uint8Array) => Result<unknown, MessageFault>>
> = { report: strictly(readReport), checkin: strictly(readCheckin), command: readCommand }

/** Without the second reading, which takes what a strict reader refuses. */
function strictly(
  read: (body: Dict) => Result<unknown, MessageFault>,
): (bytes: Uint8Array) => Result<unknown, MessageFault> {
  return (bytes) => {
    const body = readBody(bytes)
    return body.ok ? read(body.value) : body
  }
}

const faultOf = (fault: MessageFault): string => ('plist' in fault ? fault.plist.kind : fault.kind)

for (const body of corpus) {
  const { name, as, expect: wanted, note } = body
  const outcome = 'ok' in wanted ? 'is taken' : `fails as ${wanted.fault}`
  test(`${name} ${outcome}${note && `: ${note}`}`, () => {
    const { bytes } = body
    const read = readers[as](bytes)
    expect(read.ok ? { ok: true } : { fault: faultOf(read.error) }).toEqual(wanted)
    if (read.ok || !('plist' in read.error)) return
    // A fault points into the body, or right behind it.
    expect(read.error.plist.at).toBeGreaterThanOrEqual(0)
    expect(read.error.plist.at).toBeLessThanOrEqual(bytes.length)
  })
}

test('of most damaged reports the sender and the Status are found all the same', () => {
  const damaged = corpus.filter((body) => body.as === 'report' && 'fault' in body.expect)
  const found = damaged.filter(({ bytes }) => readReport(bytes).ok)
  expect(found.length / damaged.length).toBeGreaterThan(0.5)
})

test('every fixture is in the index and every class of damage has a case', () => {
  const listed = new Set(corpus.map(({ name }) => name))
  const files = readdirSync(new URL('../fixtures/plist/', import.meta.url))
  expect(files.filter((file) => file !== 'index.json' && !listed.has(file))).toEqual([])
  expect(corpus.filter(({ expect: wanted }) => 'fault' in wanted).length).toBeGreaterThan(150)
})

test('each of the sixteen classes of damage has at least 25 bodies, each under its own name', () => {
  expect(Object.keys(classes)).toHaveLength(16)
  for (const [name, bodies] of Object.entries(classes))
    expect(bodies.length, name).toBeGreaterThanOrEqual(25)
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
})

test('a body that is refused by HTTP alone is one the reader takes or finds too large', () => {
  for (const { name, http, expect: wanted } of corpus) {
    if (http === 200) expect(wanted, name).toEqual({ ok: true })
    if (http === 413) expect('ok' in wanted || wanted.fault === 'too-large', name).toBe(true)
  }
})
