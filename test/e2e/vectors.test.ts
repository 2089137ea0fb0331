import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { buildBinaryPlist } from './binary-plist.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { bytesOf, loadVectors, type Vector } from './vectors.ts'
import { checkinType, exchange, type Got, harms, jsonOf, plistOf, reportType } from './wire.ts'

type Way = {
  readonly method: 'PUT' | 'POST'
  readonly path: (kind: Vector['kind']) => string
  readonly type: (kind: Vector['kind']) => string | undefined
  readonly body?: (bytes: Buffer) => Buffer
}

const typeOf = (kind: Vector['kind']): string =>
  kind === 'checkin' ? checkinType : `${reportType}; charset=UTF-8`

/** The ways in which clients and proxies bring the same messages. */
const ways: Readonly<Record<string, Way>> = {
  'as Apple documents it': { method: 'PUT', path: () => '/mdm', type: typeOf },
  'by POST': { method: 'POST', path: () => '/mdm', type: typeOf },
  'with check-ins on a path of their own': {
    method: 'PUT',
    path: (kind) => (kind === 'checkin' ? '/mdm/checkin' : '/mdm'),
    type: typeOf,
  },
  'without a content type': {
    method: 'PUT',
    path: (kind) => (kind === 'checkin' ? '/mdm/checkin' : '/mdm'),
    type: () => undefined,
  },
  'as binary property lists': { method: 'PUT', path: () => '/mdm', type: typeOf, body: toBinary },
}

const vectors = loadVectors()

let muster: Muster
const folder = newFolder()
beforeAll(async () => {
  muster = await startMuster(folder, { MUSTER_LOG_LEVEL: 'silent' })
})
afterAll(async () => {
  await muster.end('SIGKILL')
  dropFolder(folder)
})

// One server for all ways: whichever comes later meets computers that were there before, and enrol again.
for (const [name, way] of Object.entries(ways))
  describe(`the vectors sent ${name}`, () => {
    const send = (file: string, kind: Vector['kind']): Promise<Got> => {
      const type = way.type(kind)
      const bytes = bytesOf(file)
      return exchange(muster.url, {
        method: way.method,
        path: way.path(kind),
        headers: type === undefined ? {} : { 'content-type': type },
        body: way.body?.(bytes) ?? bytes,
      })
    }

    for (const { file, kind, expect: expected, before } of vectors)
      test(`${file} is answered ${expected.status} ${expected.body ?? ''}`, async () => {
        for (const first of before)
          expect(await send(first, 'checkin')).toMatchObject({ status: 200 })
        const got = await send(file, kind)
        expect(got.status).toBe(expected.status)
        expect(harms(got)).toEqual([])
        expectBody(got, expected.body ?? 'empty')
      })

    test('all of them together told of three computers', async () => {
      const hosts = await exchange(muster.url, {
        method: 'GET',
        path: '/api/v1/hosts',
        headers: { authorization: `Bearer ${muster.token}` },
      })
      expect(jsonOf(hosts)).toMatchObject({ total: 3 })
    })
  })

function expectBody(got: Got, body: string): void {
  if (body === 'json') expect(jsonOf(got)).toBeTypeOf('object')
  else if (body.startsWith('plist '))
    expect(Object.keys(plistOf(got))).toContain(body.slice('plist '.length))
  else expect(got.body.length).toBe(0)
}

/** The same values; what is no property list stays what it is. */
function toBinary(bytes: Buffer): Buffer {
  const read = readPlist(bytes)
  return read.ok ? buildBinaryPlist(read.value) : bytes
}

test('the bootstrap token comes back as it was given, byte for byte', async () => {
  const checkin = (file: string): Promise<Got> =>
    exchange(muster.url, {
      path: '/mdm',
      headers: { 'content-type': checkinType },
      body: bytesOf(`checkin-${file}.plist`),
    })
  for (const file of ['authenticate-macos', 'tokenupdate-macos', 'setbootstraptoken'])
    await checkin(file)
  const given = readPlist(bytesOf('checkin-setbootstraptoken.plist'))
  const got = plistOf(await checkin('getbootstraptoken'))
  expect(Object.keys(got)).toEqual(['BootstrapToken'])
  expect(given).toMatchObject({ ok: true, value: got })
  await checkin('setbootstraptoken-clear')
  expect((await checkin('getbootstraptoken')).body.length).toBe(0)
})
