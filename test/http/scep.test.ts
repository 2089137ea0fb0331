import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { KeyPair } from '../../src/pki/certificate-issue.ts'
import { issuerAndSerial, sealEnvelope } from '../../src/pki/cms-enveloped.ts'
import { signCms } from '../../src/pki/cms-signing.ts'
import { buildCsr } from '../../src/pki/csr.ts'
import { der } from '../../src/pki/der-write.ts'
import { commonName, writeName } from '../../src/pki/distinguished-name.ts'
import { messageTypes, scepAttributes } from '../../src/pki/scep-message.ts'
import type { ScepWish } from '../../src/pki/scep-client.ts'
import { authority as rootOf, device } from '../pki/signers.ts'
import { signedIn } from './pages-visitor.ts'
import { type Json, openHttpWorld, topic } from './world.ts'
import {
  type Asked,
  askScep,
  authorityOf,
  keyPair,
  scepBytes,
  scepWish,
  throwAway,
} from './scep-peer.ts'
import { challengeIn, onlyOf, stageOf } from './scep-stage.ts'

const world = await openHttpWorld({ MUSTER_PUSH_TOPIC: topic })
const authority = await authorityOf(world)
const stage = stageOf(world, authority)
const { store } = world.server.keep

const pair = keyPair()
const other = keyPair()
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 })
const cubic = generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent: 3 })
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const obscure = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const stranger = rootOf('Stranger CA')
const strangers = device(stranger, 'h1')
const ownSigner = { certificate: throwAway(pair), key: pair.privateKey }
const [hostId = '', otherId = ''] = await world.assigned('ZZSCEP0001', 'ZZSCEP0002')

const asking = (change: Partial<Asked> = {}): ScepWish =>
  scepWish({ pair, signer: ownSigner, authority, ...change })
const holding = async (change: Partial<Asked> = {}): Promise<ScepWish> =>
  asking({ challenge: await stage.challenge(), ...change })
const withContent = async (content: Uint8Array): Promise<ScepWish> =>
  asking({ change: { content } })

/** How often certificates were issued so far. */
const issuedCount = async (): Promise<number> => {
  const page = await world.server.keep.queries.listJournal({
    events: ['certificate.issued'],
    limit: 1_000,
  })
  if (!page.ok) throw new Error('no journal')
  return page.value.items.length
}

async function expired(): Promise<string> {
  const challenge = await stage.challenge()
  const row = store.lookups.challenge(createHash('sha256').update(challenge).digest('hex'))
  if (row === undefined) throw new Error('not minted')
  await store.commit([{ put: 'challenge', row: { ...row, expires_at: Date.now() - 1 } }])
  return challenge
}

async function spent(): Promise<string> {
  const challenge = await stage.challenge()
  await stage.issued(challenge)
  return challenge
}

async function ofRevokedLink(): Promise<string> {
  const { id, secret } = await stage.link()
  const { text } = await world.ask(`/enroll/${secret}`)
  await world.api(`/enrollment-links/${id}/revoke`, { method: 'POST' })
  return challengeIn(text)
}

async function ofUsedUpLink(): Promise<string> {
  const { secret } = await stage.link({ uses_max: 1 })
  const [first, second] = [
    await world.ask(`/enroll/${secret}`),
    await world.ask(`/enroll/${secret}`),
  ]
  await stage.issued(challengeIn(first.text))
  return challengeIn(second.text)
}

async function ofDeletedHost(): Promise<string> {
  const [id = ''] = await world.assigned('ZZSCEPGONE1')
  const devices = [{ serial_number: 'ZZSCEPGONE1', op_type: 'deleted' }]
  const challenge = await stage.challenge({ host: id })
  await world.api('/dep/devices', { method: 'POST', body: { devices } })
  const gone = await world.api(`/hosts/${id}`, { method: 'DELETE' })
  if (gone.status >= 300) throw new Error(gone.text)
  return challenge
}

const csrOf = (challenge: string, keys = pair): Uint8Array =>
  buildCsr(keys, { subject: [commonName('x')], challengePassword: challenge })

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 0x01
  return copy
}

const renewing = async (signer: ScepWish['signer']): Promise<ScepWish> =>
  asking({ pair: other, signer, change: { messageType: 'RenewalReq' } })

const named = der.sequence(writeName([commonName('CA')]), writeName([commonName('a')]))

// prettier-ignore
const refused: readonly (readonly [string, () => Promise<ScepWish>, string])[] = [
  ['no challenge',                              async () => asking(),                                                                     'badRequest'],
  ['an empty challenge',                        async () => asking({ challenge: '' }),                                                    'badRequest'],
  ['a challenge nobody minted',                 async () => asking({ challenge: randomBytes(32).toString('base64url') }),                 'badRequest'],
  ['a challenge with one letter changed',       async () => asking({ challenge: `${(await stage.challenge()).slice(0, -2)}!!` }),         'badRequest'],
  ['a challenge with a blank behind it',        async () => asking({ challenge: `${await stage.challenge()} ` }),                         'badRequest'],
  ['a challenge in capitals',                   async () => asking({ challenge: (await stage.challenge()).toUpperCase() }),               'badRequest'],
  ['the hash a challenge is kept as',           async () => asking({ challenge: createHash('sha256').update(await stage.challenge()).digest('hex') }), 'badRequest'],
  ['the secret of a link',                      async () => asking({ challenge: (await stage.link()).secret }),                           'badRequest'],
  ['the id of a link',                          async () => asking({ challenge: (await stage.link()).id }),                               'badRequest'],
  ['an API token',                              async () => asking({ challenge: world.secrets.admin }),                                   'badRequest'],
  ['an enroll secret',                          async () => asking({ challenge: world.secrets.enroll }),                                  'badRequest'],
  ['a word that may be a challenge elsewhere',  async () => asking({ challenge: 'password' }),                                            'badRequest'],
  ["SQL's favourite",                           async () => asking({ challenge: "' OR 1=1 --" }),                                         'badRequest'],
  ['a challenge that ran out',                  async () => asking({ challenge: await expired() }),                                       'badTime'],
  ['a challenge that was spent on another key', async () => asking({ challenge: await spent() }),                                         'badRequest'],
  ['a challenge of a link that was revoked',    async () => asking({ challenge: await ofRevokedLink() }),                                 'badRequest'],
  ['a challenge of a link that is used up',     async () => asking({ challenge: await ofUsedUpLink() }),                                  'badRequest'],
  ['a challenge for a host that was deleted',   async () => asking({ challenge: await ofDeletedHost() }),                                 'badRequest'],
  ['an RSA key of 1024 bits',                   async () => withContent(csrOf(await stage.challenge(), weak)),                            'badAlg'],
  ['an RSA key with exponent 3',                async () => withContent(csrOf(await stage.challenge(), cubic)),                           'badAlg'],
  ["a key on bitcoin's curve",                  async () => withContent(csrOf(await stage.challenge(), obscure)),                         'badAlg'],
  ['a request whose signature was touched',     async () => withContent(flipped(csrOf(await stage.challenge()), -3)),                     'badMessageCheck'],
  ['a request whose challenge was touched',     async () => { const c = await stage.challenge(); return withContent(Buffer.from(Buffer.from(csrOf(c)).toString('latin1').replace(c, (await stage.challenge())), 'latin1')) }, 'badMessageCheck'],
  ['no request in the envelope',                async () => withContent(der.null()),                                                      'badMessageCheck'],
  ['nothing in the envelope',                   async () => withContent(Buffer.of(0)),                                                    'badMessageCheck'],
  ['two requests in one',                       async () => withContent(Buffer.concat([csrOf('a'), csrOf('b')])),                         'badMessageCheck'],
  ['a request cut short',                       async () => withContent(csrOf(await stage.challenge()).subarray(0, 300)),                 'badMessageCheck'],
  ['a request with a byte behind it',           async () => withContent(Buffer.concat([csrOf(await stage.challenge()), Buffer.of(0)])),   'badMessageCheck'],
  ['a key that is not the signer\'s',             async () => holding({ pair: other, signer: ownSigner }),                                   'badRequest'],
  ['an elliptic key that an RSA key signs for', async () => holding({ pair: elliptic, signer: ownSigner }),                                'badRequest'],
  ['a signer whose key is elliptic',            async () => holding({ signer: device(stranger, 'x', 'ec') }),                             'badAlg'],
  ['a poll for what is pending',                async () => asking({ change: { messageType: 'CertPoll', content: named } }),              'badCertId'],
  ['a wish for another certificate',            async () => asking({ change: { messageType: 'GetCert', content: issuerAndSerial(authority) } }), 'badCertId'],
  ['a wish for the revoked ones',               async () => asking({ change: { messageType: 'GetCRL', content: issuerAndSerial(authority) } }),  'badCertId'],
  ['a poll that names nothing',                 async () => asking({ change: { messageType: 'CertPoll', content: der.null() } }),         'badMessageCheck'],
  ['a renewal by a throw-away certificate',     async () => renewing(ownSigner),                                                          'badRequest'],
  ["a renewal by another authority's device",   async () => renewing(strangers),                                                          'badRequest'],
  ['a renewal by an authority itself',          async () => renewing(stranger),                                                           'badRequest'],
  ['a renewal before the first Authenticate',   async () => renewing(await stage.issued()),                                               'badCertId'],
  ['a renewal by a retired certificate',        async () => renewing(await stage.standing(hostId, 'retired')),                            'badCertId'],
  ['a renewal by a revoked certificate',        async () => renewing(await stage.standing(hostId, 'revoked')),                            'badCertId'],
  ['a renewal by one that ran out',             async () => renewing(await stage.standing(otherId, 'active', { not_after: Date.now() - 1 })), 'badCertId'],
  ['a renewal for a host that is no more',      async () => renewing(await stage.standing('00000000-0000-7000-8000-000000000000', 'active')), 'badCertId'],
]

test.each(refused)('%s is answered inside SCEP and gets nothing', async (_, wishing, failInfo) => {
  const wish = await wishing()
  const before = await issuedCount()
  expect(await askScep(world, wish)).toEqual({ status: 'failure', failInfo })
  expect(await issuedCount()).toBe(before)
})

const sealed = (content: Uint8Array, recipient = authority): Uint8Array => {
  const envelope = sealEnvelope(content, { recipient, cipher: 'aes-128-cbc' })
  if (!envelope.ok) throw new Error(envelope.error.kind)
  return envelope.value
}

type Crafted = {
  readonly type?: string | null
  readonly transaction?: string | null
  readonly content?: Uint8Array
  readonly detached?: boolean
  readonly certificates?: readonly Uint8Array[]
  readonly key?: typeof pair.privateKey
}

async function crafted(change: Crafted): Promise<Uint8Array> {
  const { type = messageTypes.PKCSReq, transaction = 'ABCD' } = change
  const attributes = [
    ...(type === null
      ? []
      : [{ oid: scepAttributes.messageType, value: der.printableString(type) }]),
    ...(transaction === null
      ? []
      : [{ oid: scepAttributes.transactionId, value: der.printableString(transaction) }]),
  ]
  return signCms({
    content: change.content ?? sealed(csrOf(await stage.challenge())),
    detached: change.detached ?? false,
    certificate: ownSigner.certificate,
    key: change.key ?? pair.privateKey,
    digest: 'sha256',
    attributes,
    certificates: change.certificates ?? [ownSigner.certificate.der],
  })
}

const honest = async (): Promise<Uint8Array> => scepBytes(await holding())

// prettier-ignore
const unanswered: readonly (readonly [string, () => Promise<Uint8Array>, number])[] = [
  ['no body',                                  async () => new Uint8Array(),                                          400],
  ['text',                                     async () => Buffer.from('hello'),                                      400],
  ['a property list',                          async () => Buffer.from('<plist/>'),                                   400],
  ['a bare request',                           async () => csrOf(await stage.challenge()),                            400],
  ['a bare envelope',                          async () => sealed(csrOf(await stage.challenge())),                    400],
  ['more than 256 kB',                         async () => Buffer.alloc(300_000, 0x30),                               400],
  ['half a message',                           async () => (await honest()).subarray(0, 900),                         400],
  ['a message with a byte behind it',          async () => Buffer.concat([await honest(), Buffer.of(0)]),             400],
  ['a message whose signature was touched',    async () => flipped(await honest(), -5),                               400],
  ['a message whose envelope was touched',     async () => flipped(await honest(), 400),                              400],
  ['a message signed by another key',          async () => crafted({ key: other.privateKey }),                        400],
  ['a message without its certificate',        async () => crafted({ certificates: [] }),                             400],
  ['a message with the certificate twice',     async () => crafted({ certificates: [ownSigner.certificate.der, ownSigner.certificate.der] }), 400],
  ['no messageType',                           async () => crafted({ type: null }),                                   400],
  ['a messageType nobody knows',               async () => crafted({ type: '99' }),                                   400],
  ["a server's messageType",                   async () => crafted({ type: '3' }),                                    400],
  ['no transactionID',                         async () => crafted({ transaction: null }),                            400],
  ['an empty transactionID',                   async () => crafted({ transaction: '' }),                              400],
  ['a transactionID of 256 letters',           async () => crafted({ transaction: 'A'.repeat(256) }),                 400],
  ['no envelope',                              async () => crafted({ detached: true, content: new Uint8Array() }),    200],
  ['an envelope for somebody else',            async () => crafted({ content: sealed(csrOf(await stage.challenge()), stranger.certificate) }), 200],
  ['an envelope that is none',                 async () => crafted({ content: csrOf(await stage.challenge()) }),      200],
]

test.each(unanswered)('%s issues nothing and breaks nothing', async (_, making, status) => {
  const body = Uint8Array.from(await making())
  const before = await issuedCount()
  const response = await world.server.app.request('/scep?operation=PKIOperation', {
    method: 'POST',
    body,
  })
  expect(response.status).toBe(status)
  expect(await issuedCount()).toBe(before)
})

test('what of a request the server did not ask for is not in the certificate', async () => {
  const wishes = ['CN=admin', 'O=Apple Inc.'].map((text) => commonName(text))
  const wish = await holding()
  const challenge = await stage.challenge()
  const content = buildCsr(pair, {
    subject: [...wishes, commonName('root')],
    challengePassword: challenge,
  })
  const certificate = onlyOf(await askScep(world, { ...wish, content }))
  expect(certificate.subject).toMatch(/^CN=Muster device [0-9a-f-]{36}$/)
  expect(certificate).toMatchObject({
    isCa: false,
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
  })
  expect(certificate.notBeforeMs).toBeLessThanOrEqual(Date.now() - 9 * 60_000)
  expect(certificate.x509.subjectAltName).toBeUndefined()
})

test('a device with a certificate gets one renewal at a time, however many keys it makes', async () => {
  const made = await stage.standing(hostId, 'active')
  const asksFor = (pair: KeyPair): ScepWish =>
    asking({ pair, signer: made, change: { messageType: 'RenewalReq' } })
  const pairs = Array.from({ length: 5 }, keyPair)
  const replies = await Promise.allSettled(pairs.map((one) => askScep(world, asksFor(one))))
  const statuses = replies.map((reply) => (reply.status === 'fulfilled' ? reply.value.status : ''))
  expect(statuses.filter((status) => status === 'success')).toHaveLength(1)
  const outstanding = (): readonly string[] =>
    store.lookups
      .certificatesOf(hostId)
      .filter(
        ({ renews, status }) => renews === made.certificate.fingerprint && status === 'issued',
      )
      .map(({ fingerprint }) => fingerprint)
  const [first = ''] = outstanding()
  expect(outstanding()).toHaveLength(1)
  expect(await askScep(world, asksFor(keyPair()))).toEqual({
    status: 'failure',
    failInfo: 'badRequest',
  })

  // Ten minutes later another key takes the place of the one that was never used.
  const row = store.lookups.certificate(first)
  if (row === undefined) throw new Error('not recorded')
  await store.commit([{ put: 'certificate', row: { ...row, issued_at: Date.now() - 600_001 } }])
  const second = onlyOf(await askScep(world, asksFor(keyPair())))
  expect(outstanding()).toEqual([second.fingerprint])
  expect(store.lookups.certificate(first)).toMatchObject({
    status: 'retired',
    ended_by: second.fingerprint,
  })
})

test('a hundred requests at once with one challenge and many keys get one certificate', async () => {
  const challenge = await stage.challenge()
  const keys = [pair, other]
  const before = await issuedCount()
  const wishes = Array.from({ length: 100 }, (_, index) =>
    scepWish({ pair: keys[index % 2] ?? pair, challenge, authority }),
  )
  // Those far back in line are told to come again, which makes askScep throw.
  const replies = await Promise.allSettled(wishes.map((wish) => askScep(world, wish)))
  const lucky = replies.filter(
    (reply) => reply.status === 'fulfilled' && reply.value.status === 'success',
  )
  expect(lucky).toHaveLength(1)
  expect(await issuedCount()).toBe(before + 1)
})

test('whoever lost our reply gets the same certificate again, and nobody else does', async () => {
  const wish = await holding()
  const first = onlyOf(await askScep(world, wish))
  const replies = await Promise.all([1, 2, 3].map(() => askScep(world, wish)))
  expect(replies.map((reply) => onlyOf(reply).fingerprint)).toEqual(
    [1, 2, 3].map(() => first.fingerprint),
  )
  const failed = { status: 'failure', failInfo: 'badRequest' }
  expect(await askScep(world, { ...wish, transactionId: 'another' })).toEqual(failed)
  const content = csrOf('x', other)
  expect(await askScep(world, { ...wish, content })).toEqual(failed)
})

test('a certificate waits an hour for its use, and asking again late brings none', async () => {
  const wish = await holding()
  const first = onlyOf(await askScep(world, wish))
  const row = stage.row(first)
  const hour = 3_600_000
  expect(Math.abs((row.first_use_by ?? 0) - row.issued_at - hour)).toBeLessThan(1_000)
  // As if the hour were over.
  await world.server.keep.store.commit([
    { put: 'certificate', row: { ...row, first_use_by: Date.now() - 1 } },
  ])
  expect(await askScep(world, wish)).toEqual({ status: 'failure', failInfo: 'badRequest' })
  const shown = (await world.api(`/certificates/${first.fingerprint}`)).json()
  expect(shown).toMatchObject({ status: 'expired-unused', host_id: null })
  for (const [status, count] of [
    ['expired-unused', 1],
    ['issued', 0],
  ] as const) {
    const { items } = (await world.api(`/certificates?status=${status}&limit=1000`)).json()
    const same = (items as readonly Json[]).filter(
      ({ fingerprint }) => fingerprint === first.fingerprint,
    )
    expect(same, status).toHaveLength(count)
  }
  const visitor = await signedIn(world, 'viewer')
  const { text } = await visitor.get(`/enrollment/certificates/${first.fingerprint}`)
  expect(text).toContain('expired-unused')
})

test('a certificate that renews another waits as long as its device does', async () => {
  const next = onlyOf(await askScep(world, await renewing(await stage.standing(hostId, 'active'))))
  expect(stage.row(next).first_use_by).toBeNull()
})

test('a device renews with the certificate it has, and lost replies cost nothing', async () => {
  const present = await stage.standing(hostId, 'active')
  const wish = await renewing(present)
  const next = onlyOf(await askScep(world, wish))
  expect(stage.row(next)).toMatchObject({
    renews: present.certificate.fingerprint,
    vouched_host_id: hostId,
    host_id: null,
    status: 'issued',
    profile: stage.row(present.certificate).profile,
  })
  expect(onlyOf(await askScep(world, wish)).fingerprint).toBe(next.fingerprint)
})

test('a certificate remembers the word it was issued on', async () => {
  const { id, secret } = await stage.link({ host: hostId, team: 'sales' })
  const { text } = await world.ask(`/enroll/${secret}`)
  const challenge = challengeIn(text)
  const { certificate } = await stage.issued(challenge)
  expect(stage.row(certificate)).toMatchObject({
    link_id: id,
    team: 'sales',
    vouched_host_id: hostId,
    host_id: null,
    proven: null,
    renews: null,
    status: 'issued',
  })
  const links = await world.api('/enrollment-links')
  expect(links.json()['items']).toContainEqual(
    expect.objectContaining({ id, uses: 1, status: 'used-up' }),
  )
})
