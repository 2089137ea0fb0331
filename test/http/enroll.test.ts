import { afterAll, describe, expect, test } from 'vitest'
import { readMachineInfo } from '../../src/pki/machine-info.ts'
import { signCms } from '../../src/pki/cms-signing.ts'
import { readSigned, verifySigned } from '../../src/pki/cms-signed.ts'
import { writePem } from '../../src/pki/pem.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { isDict, type Dict } from '../../src/protocol/plist/value.ts'
import { hashToken } from '../../src/secrets/tokens.ts'
import { openssl } from '../pki/openssl.ts'
import { authority as rootOf, device, type Pair } from '../pki/signers.ts'
import { authorityOf } from './scep-peer.ts'
import { challengeIn, stageOf } from './scep-stage.ts'
import { openHttpWorld, topic } from './world.ts'
import { needs } from '../programs/needs.ts'

const makers = rootOf('A device maker')
const tlsRoot = rootOf('Our TLS')
const world = await openHttpWorld({
  MUSTER_PUSH_TOPIC: topic,
  MUSTER_PUBLIC_URL: 'https://mdm.example.test',
  MUSTER_DEVICE_ROOT: writePem('CERTIFICATE', makers.certificate.der),
  MUSTER_TLS_ROOT: writePem('CERTIFICATE', tlsRoot.certificate.der),
  MUSTER_ACCOUNT_ENROLLMENT: 'mdm-byod=https://sso.example.test/enroll',
})
const bare = await openHttpWorld()
const authority = await authorityOf(world)
const stage = stageOf(world, authority)
const { lookups } = world.server.keep.store
const tool = openssl()
afterAll(tool.remove)

const bodyOf = async (path: string, init: RequestInit = {}): Promise<Buffer> => {
  const response = await world.server.app.request(path, init)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return Buffer.from(await response.arrayBuffer())
}
const dictOf = (bytes: Uint8Array): Dict => {
  const read = readPlist(bytes)
  if (!read.ok || !isDict(read.value)) throw new Error('not a property list')
  return read.value
}
const payloadsOf = (profile: Dict): readonly Dict[] => {
  const all = profile['PayloadContent']
  return Array.isArray(all) ? all.filter(isDict) : []
}
const payloadOf = (profile: Dict, type: string): Dict => {
  const found = payloadsOf(profile).find(({ PayloadType }) => PayloadType === type)
  if (found === undefined) throw new Error(`no ${type}`)
  return found
}

describe('a profile', () => {
  test('says all that a device keeps for good', async () => {
    const { secret } = await stage.link()
    const profile = dictOf(await bodyOf(`/enroll/${secret}`))
    expect(profile).toMatchObject({
      PayloadType: 'Configuration',
      PayloadVersion: 1,
      PayloadScope: 'System',
      PayloadIdentifier: 'muster.enrollment',
    })
    const mdm = payloadOf(profile, 'com.apple.mdm')
    expect(mdm).toMatchObject({
      Topic: topic,
      ServerURL: 'https://mdm.example.test/mdm',
      CheckInURL: 'https://mdm.example.test/mdm/checkin',
      AccessRights: 8191,
      SignMessage: true,
      CheckOutWhenRemoved: true,
      ServerCapabilities: [
        'com.apple.mdm.per-user-connections',
        'com.apple.mdm.bootstraptoken',
        'com.apple.mdm.token',
      ],
    })
    const scep = payloadOf(profile, 'com.apple.security.scep')
    expect(mdm['IdentityCertificateUUID']).toBe(scep['PayloadUUID'])
    expect(scep['PayloadContent']).toMatchObject({
      URL: 'https://mdm.example.test/scep',
      Keysize: 2048,
      'Key Type': 'RSA',
      'Key Usage': 5,
      KeyIsExtractable: false,
    })
  })

  test(
    'names our authority by the fingerprint openssl finds, and brings what our TLS needs',
    needs('openssl'),
    async () => {
      const { secret } = await stage.link()
      const profile = dictOf(await bodyOf(`/enroll/${secret}`))
      const { CAFingerprint } = payloadOf(profile, 'com.apple.security.scep')[
        'PayloadContent'
      ] as Dict
      tool.write('ca.pem', writePem('CERTIFICATE', authority.der))
      const hex = tool.run('x509', '-in', 'ca.pem', '-noout', '-fingerprint', '-sha1')
      expect(
        Buffer.from(CAFingerprint as Uint8Array)
          .toString('hex')
          .toUpperCase(),
      ).toBe(hex.split('=')[1]?.trim().replaceAll(':', ''))
      const root = payloadOf(profile, 'com.apple.security.root')
      expect(Buffer.compare(root['PayloadContent'] as Uint8Array, tlsRoot.certificate.der)).toBe(0)
    },
  )

  test('has a challenge of its own at each download, kept as a hash with what it stands for', async () => {
    const [hostId = ''] = await world.assigned('ZZENROLL01')
    const { id, secret } = await stage.link({ host: 'ZZENROLL01', team: 'sales', uses_max: null })
    const [one, two] = [await bodyOf(`/enroll/${secret}`), await bodyOf(`/enroll/${secret}`)]
    const challenges = [one, two].map((bytes) => challengeIn(bytes.toString()))
    expect(new Set(challenges).size).toBe(2)
    for (const challenge of challenges) {
      expect(Buffer.from(challenge, 'base64url')).toHaveLength(32)
      expect(lookups.challenge(challenge)).toBeUndefined()
      expect(lookups.challenge(hashToken(challenge))).toMatchObject({
        kind: 'enrollment',
        host_id: hostId,
        link_id: id,
        team: 'sales',
        proven: null,
      })
    }
  })

  test(
    'comes signed by our authority when it is asked for so, and openssl agrees',
    needs('openssl'),
    async () => {
      const { secret } = await stage.link()
      tool.write('signed', await bodyOf(`/enroll/${secret}?signed=true`))
      tool.write('ca.pem', writePem('CERTIFICATE', authority.der))
      tool.run(
        'cms',
        '-verify',
        '-inform',
        'DER',
        '-in',
        'signed',
        '-CAfile',
        'ca.pem',
        '-purpose',
        'any',
        '-binary',
        '-out',
        'plain',
      )
      expect(dictOf(tool.read('plain'))['PayloadIdentifier']).toBe('muster.enrollment')
    },
  )
})

describe('a link', () => {
  test('shows a browser a page that mints nothing, and leads to the profile', async () => {
    const { secret, id } = await stage.link({ name: '<b>Sales</b>' })
    const headers = { accept: 'text/html,application/xhtml+xml' }
    const page = await world.ask(`/enroll/${secret}`, { headers })
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.text).toContain('&lt;b&gt;Sales&lt;/b&gt;')
    expect(page.text).toContain('href="?download"')
    expect(page.text).not.toContain('Challenge')
    const file = await world.ask(`/enroll/${secret}?download`, { headers })
    expect(file.headers.get('content-type')).toBe('application/x-apple-aspen-config')
    expect(file.headers.get('content-disposition')).toContain('.mobileconfig')
    for (const answer of [page, file]) {
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    }
    expect((await world.api('/enrollment-links')).text).not.toContain(secret)
    expect(id).not.toBe(secret)
  })

  // prettier-ignore
  const ended: readonly (readonly [string, () => Promise<string>, readonly [number, string]])[] = [
    ['that nobody opened',   async () => 'A'.repeat(43),                                                    [404, 'not known']],
    ['named by its id',      async () => (await stage.link()).id,                                           [404, 'not known']],
    ['that was revoked',     async () => { const { id, secret } = await stage.link(); await world.api(`/enrollment-links/${id}/revoke`, { method: 'POST' }); return secret }, [410, 'revoked']],
    ['that is used up',      async () => { const { secret } = await stage.link({ uses_max: 1 }); await stage.issued(challengeIn((await world.ask(`/enroll/${secret}`)).text)); return secret }, [410, 'as often']],
  ]
  test.each(ended)('%s gives no profile and says why', async (_, opening, [status, words]) => {
    const secret = await opening()
    const plain = await world.ask(`/enroll/${secret}`)
    expect(plain).toMatchObject({ status })
    expect(plain.text).toContain(words)
    const page = await world.ask(`/enroll/${secret}`, { headers: { accept: 'text/html' } })
    expect(page.text).toContain('<h1>Not enrolled</h1>')
  })

  test('is of no use before the server knows what devices listen to, and says what to do', async () => {
    const made = await bare.api('/enrollment-links', { method: 'POST', body: { name: 'x' } })
    const answer = await bare.ask(new URL(String(made.json()['url'])).pathname)
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('push certificate')
  })
})

const machine = (signer: Pair, keys: Readonly<Record<string, string>>): Uint8Array =>
  signCms({
    content: Buffer.from(buildPlist({ PRODUCT: 'Mac15,3', VERSION: '25A1', ...keys })),
    detached: false,
    certificate: signer.certificate,
    key: signer.key,
    digest: 'sha256',
    certificates: [signer.certificate.der],
  })
const mac = device(makers, 'a mac')
const keys = { SERIAL: 'ZZADE00001', UDID: 'A1B2C3D4-0000-4000-8000-0000000ADE01' }

const post = (body: Uint8Array) =>
  world.ask('/enroll/ade', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/pkcs7-signature' },
  })

describe('a device in Setup Assistant', () => {
  test('that Apple assigned to us gets a profile for its own host, by POST and in a header', async () => {
    const [hostId] = await world.assigned(keys.SERIAL)
    const message = machine(mac, keys)
    const web = await world.ask('/enroll/web', {
      headers: { 'x-apple-aspen-deviceinfo': Buffer.from(message).toString('base64') },
    })
    for (const answer of [await post(message), web]) {
      expect(answer.headers.get('content-type')).toBe('application/x-apple-aspen-config')
      const row = lookups.challenge(hashToken(challengeIn(answer.text)))
      expect(row).toMatchObject({ host_id: hostId, link_id: null })
      expect(JSON.parse(row?.proven ?? '')).toEqual({ serial: keys.SERIAL, udid: keys.UDID })
    }
  })

  // prettier-ignore
  const refused: readonly (readonly [string, () => Uint8Array, readonly [number, string]])[] = [
    ['of a serial nobody assigned to us', () => machine(mac, { ...keys, SERIAL: 'ZZADE00002' }), [403, 'not assigned']],
    ['without a serial',                  () => machine(mac, { UDID: keys.UDID }),               [403, 'serial number']],
    ['without a UDID',                    () => machine(mac, { SERIAL: keys.SERIAL }),           [403, 'UDID']],
    ['of another maker',                  () => machine(device(rootOf('Nobody'), 'x'), keys),    [403, 'Apple device']],
    ['signed by the maker itself',        () => machine(makers, keys),                           [403, 'Apple device']],
    ['that signed nothing',               () => Buffer.from(buildPlist(keys)),                   [400, 'nothing readable']],
    ['that says nothing',                 () => new Uint8Array(),                                [400, 'nothing readable']],
    ['with a signature cut short',        () => machine(mac, keys).subarray(0, 700),             [400, 'nothing readable']],
  ]
  test.each(refused)('%s gets none, and reads why', async (_, message, [status, words]) => {
    const answer = await post(message())
    expect(answer).toMatchObject({ status })
    expect(answer.text).toContain(words)
  })

  test('is told at the web address that it must say who it is', async () => {
    expect((await world.ask('/enroll/web')).status).toBe(400)
  })

  test('is not believed without the setting that names its maker', async () => {
    const message = machine(mac, keys)
    expect(readMachineInfo(message)).toMatchObject({ ok: false })
    const answer = await bare.ask('/enroll/ade', { method: 'POST', body: message })
    expect(answer.status).toBe(403)
  })
})

test('account-driven enrolment is found where a setting says so, and nowhere else', async () => {
  const path = '/.well-known/com.apple.remotemanagement?user-identifier=a@example.test'
  expect((await world.ask(path)).json()).toEqual({
    Servers: [{ Version: 'mdm-byod', BaseURL: 'https://sso.example.test/enroll' }],
  })
  expect((await bare.ask(path)).status).toBe(404)
})

test('a signer that was given signs every profile that is not asked for unsigned', async () => {
  const root = rootOf('A public root')
  const signer = device(root, 'Example Ltd')
  const pem =
    writePem('CERTIFICATE', signer.certificate.der) +
    signer.key.export({ type: 'pkcs8', format: 'pem' }).toString() +
    writePem('CERTIFICATE', root.certificate.der)
  const signing = await openHttpWorld({ MUSTER_PUSH_TOPIC: topic, MUSTER_PROFILE_SIGNER: pem })
  const made = await signing.api('/enrollment-links', { method: 'POST', body: { name: 'x' } })
  const { pathname } = new URL(String(made.json()['url']))
  const response = await signing.server.app.request(pathname)
  const message = readSigned(new Uint8Array(await response.arrayBuffer()))
  const verified = message.ok ? verifySigned(message.value, {}) : message
  expect(verified.ok && verified.value.certificate.subject).toBe('CN=Example Ltd')
  const plain = await signing.ask(`${pathname}?signed=false`)
  expect(plain.text).toContain('com.apple.mdm')
})
