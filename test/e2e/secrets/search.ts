// Looks for secrets wherever a server shows or keeps anything.
import { describe, expect, test } from 'vitest'
import type { Canaries } from './canaries.ts'
import {
  type Fillings,
  readApi,
  readEvents,
  readFolder,
  readPages,
  type Shown,
} from './everything.ts'
import type { Muster } from '../muster.ts'
import { needs } from '../../programs/needs.ts'

export const leaksOf =
  (canaries: Canaries) =>
  (shown: readonly Shown[]): readonly string[] =>
    shown.flatMap(({ place, bytes }) =>
      canaries.foundIn(bytes).map((found) => `${found} in ${place}`),
    )

type Searched = {
  readonly canaries: Canaries
  /** The server as it is when a test begins. The last of them ends it. */
  readonly muster: () => Muster
  /** All that was said, over restarts. */
  readonly said: Muster['said']
  readonly fillings: () => Promise<Fillings>
  /** What it has to say once, by name. */
  readonly toldOnce: readonly string[]
}

/** Tests, to be run in order, that nothing which was watched is found anywhere. */
export function findsNoSecret({ canaries, muster, said, fillings, toldOnce }: Searched): void {
  const leaks = leaksOf(canaries)
  describe('no secret is found', needs('openssl'), () => {
    test('in any answer of the API, the metrics or the health of the server', async () => {
      const shown = await readApi(muster(), await fillings())
      expect(shown.length).toBeGreaterThan(100)
      expect(leaks(shown)).toEqual([])
      expect(neverShown(shown)).toEqual([])
    })

    test('in the stream of events', async () => {
      const events = await readEvents(muster())
      expect(events.bytes.length).toBeGreaterThan(1_000)
      expect(leaks([events])).toEqual([])
    })

    test('on any page of the console', async () => {
      const pages = await readPages(muster())
      for (const part of [
        'settings/webhooks/',
        'settings/push',
        'enrollment',
        'certificates',
        'commands/',
      ])
        expect(
          pages.some(({ place }) => place.includes(part) && place.endsWith('→ 200')),
          part,
        ).toBe(true)
      expect(leaks(pages)).toEqual([])
    })

    test('in the database, its write-ahead log, blobs and log files', async () => {
      const files = readFolder(muster().folder)
      expect(files.map(({ place }) => place)).toContain('file muster.db-wal')
      expect(leaks(files)).toEqual([])
      expect(await muster().end('SIGTERM')).toBe(0)
      expect(leaks(readFolder(muster().folder))).toEqual([])
    })

    test('in what the server said, beyond what it has to tell once', () => {
      const { out, err } = said()
      expect(err.length).toBeGreaterThan(500)
      expect(leaks([{ place: 'stderr', bytes: Buffer.from(err) }])).toEqual([])
      expect(leaks([{ place: 'stdout', bytes: Buffer.from(out) }])).toEqual(
        toldOnce.map((name) => `${name} (plain) in stdout`),
      )
    })
  })
}

/** Routes of which nothing was seen but refusals: then nothing was searched. */
function neverShown(shown: readonly Shown[]): readonly string[] {
  const byTemplate = Object.groupBy(shown, ({ template = '' }) => template)
  return Object.entries(byTemplate).flatMap(([template, all = []]) =>
    all.some(({ place }) => place.endsWith('→ 200')) ? [] : [template],
  )
}
