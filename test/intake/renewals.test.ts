import { beforeAll, expect, test, vi } from 'vitest'
import { createChallenges } from '../../src/intake/challenges.ts'
import { createEnrollmentLinks } from '../../src/intake/enrollment-links.ts'
import { createProfiles } from '../../src/intake/profiles.ts'
import { createRenewals, type Round } from '../../src/intake/renewals.ts'
import type { Authority } from '../../src/pki/certificate-issue.ts'
import { hashToken, mintToken } from '../../src/secrets/tokens.ts'
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import { damageOf } from '../../storage/checksum.ts'
import { challengeIn } from '../http/scep-stage.ts'
import { authority as rootOf } from '../pki/signers.ts'
import { type House, openHouse } from '../runtime/world.ts'
import { rows } from '../storage/everything.ts'
import { openDoors, operator, ownerOf } from './world.ts'

const dayMs = 86_400_000
const mac = { uuid: 'A1B2C3D4-0000-4000-8000-0000000000E1', serial: 'ZZRENEW001' }
const fixed = {
  identifier: 'muster.enrollment',
  topic: 'com.apple.mgmt.former',
  serverUrl: 'https://former.example.test/mdm',
  checkInUrl: 'https://former.example.test/mdm/checkin',
}

let root: Authority
beforeAll(() => {
  root = rootOf('CA')
})

/** A computer that enrolled, and whoever renews its certificate. */
async function openShop(given?: House, damaged?: string) {
  const house = given ?? (await openHouse())
  const { store, clock, hosts, opened } = house
  const doors = openDoors(house)
  const tools = { store, live: hosts.live, world: clock, mint: mintToken, hash: hashToken }
  const challenges = createChallenges({ ...tools, lifetimeMs: 3_600_000, fixed: undefined })
  const told: Round[] = []
  const renewals = createRenewals({
    lookups: {
      ...store.lookups,
      certificate(fingerprint) {
        if (fingerprint === damaged) throw damageOf('certificates', [fingerprint])
        return store.lookups.certificate(fingerprint)
      },
    },
    queries: opened.queries,
    commands: doors.commands,
    profiles: createProfiles({
      lookups: store.lookups,
      world: clock,
      challenges,
      links: createEnrollmentLinks(tools),
      authorities: () => ({ active: root, trusted: [] }),
      publicUrl: 'https://present.example.test',
      topic: 'com.apple.mgmt.present',
      anchors: [],
      signer: undefined,
      assignedOnly: true,
    }),
    world: clock,
    beforeMs: 60 * dayMs,
    told: (round) => told.push(round),
  })
  if (given === undefined) {
    await doors.authenticate(mac)
    await doors.tokenUpdate(mac)
  }
  const hostId = ownerOf(house, 'uuid', mac.uuid) ?? ''
  async function holding(change: Partial<CertificateRow> = {}): Promise<CertificateRow> {
    const row: CertificateRow = {
      ...rows.certificate,
      challenge_hash: null,
      fingerprint: 'a'.repeat(64),
      status: 'active',
      host_id: hostId,
      profile: JSON.stringify(fixed),
      not_before: clock.now() - 345 * dayMs,
      not_after: clock.now() + 20 * dayMs,
      ...change,
    }
    expect(await store.commit([{ put: 'certificate', row }])).toMatchObject({ ok: true })
    return row
  }
  return { house, doors, renewals, told, hostId, holding }
}

/** The profile that a command carries, as the device will get it. */
async function profileIn({ sealing }: House, commandUUID: string | undefined): Promise<string> {
  const sealed = await sealing.open(`${commandUUID}.request`)
  if (!sealed.ok) throw new Error(sealed.error)
  const text = Buffer.from(sealed.value).toString()
  const payload = /<data>(?<data>[^<]+)<\/data>/.exec(text)?.groups?.['data'] ?? ''
  return Buffer.from(payload.replaceAll(/\s/g, ''), 'base64').toString()
}

test('a certificate that ends soon is renewed once, with what its host may never change', async () => {
  const { house, renewals, hostId, holding } = await openShop()
  await holding()
  expect(await renewals.round()).toEqual({ ending: 1, sent: 1, stuck: 0 })
  expect(await renewals.round()).toEqual({ ending: 1, sent: 0, stuck: 0 })
  const [command, ...others] = house.store.lookups.openCommands(hostId)
  expect(others).toEqual([])
  expect(command).toMatchObject({ request_type: 'InstallProfile' })
  const profile = await profileIn(house, command?.command_uuid)
  for (const part of Object.values(fixed)) expect(profile).toContain(`<string>${part}</string>`)
  expect(profile).not.toContain('present')
  const minted = house.store.lookups.challenge(hashToken(challengeIn(profile)))
  expect(minted).toMatchObject({ kind: 'renewal', host_id: hostId })
  // It outlives the command that carries it.
  expect(minted?.expires_at).toBeGreaterThanOrEqual(command?.expires_at ?? Infinity)
})

test('one that was not taken is tried again a day after its command ended, also after a restart', async () => {
  const first = await openShop()
  await first.holding()
  await first.renewals.round()
  const second = await openShop(first.house)
  expect(await second.renewals.round()).toMatchObject({ sent: 0 })
  await first.house.advance(7 * dayMs + 60_000)
  expect(await second.renewals.round()).toMatchObject({ sent: 0 })
  await first.house.advance(dayMs)
  expect(await second.renewals.round()).toMatchObject({ ending: 1, sent: 1 })
})

test('a damaged row keeps no other certificate from being renewed, in this round and the next ones', async () => {
  const { house, renewals, told, holding } = await openShop(undefined, 'a'.repeat(64))
  await holding()
  await holding({ fingerprint: 'b'.repeat(64) })
  const stop = renewals.start()
  await house.advance(120_000)
  await vi.waitFor(() => expect(told).toEqual([{ ending: 2, sent: 1, stuck: 1 }]))
  await house.advance(dayMs)
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(1))
  await stop.stop()
})

test('an operator who asks again is given the command that is on its way', async () => {
  const { renewals, holding } = await openShop()
  const { fingerprint } = await holding({ not_after: Date.parse('2099-01-01') })
  const [one, two] = [
    await renewals.renew(fingerprint, operator),
    await renewals.renew(fingerprint, operator),
  ]
  expect(one.ok && one.value.command_uuid).toBe(two.ok && two.value.command_uuid)
  expect(one.ok).toBe(true)
})

// prettier-ignore
const refused: readonly (readonly [string, Partial<CertificateRow>, string])[] = [
  ['that waits for its Authenticate',         { status: 'issued', host_id: null }, 'not-active'],
  ['that was revoked',                        { status: 'revoked' },               'not-active'],
  ['that ran out',                            { not_after: 5 },                    'too-late'],
  ['whose host is gone',                      { host_id: 'nobody' },               'no-such-host'],
  ['that came by no profile of ours',         { profile: null },                   'not-ours'],
]
test('what speaks for nobody, or cannot be spoken to, is not renewed', async () => {
  const { renewals, holding } = await openShop()
  for (const [index, [what, change, kind]] of refused.entries()) {
    const { fingerprint } = await holding({ fingerprint: String(index).repeat(64), ...change })
    const renewed = await renewals.renew(fingerprint, operator)
    expect(renewed, what).toMatchObject({ ok: false, error: { kind } })
  }
  const unknown = await renewals.renew('b'.repeat(64), operator)
  expect(unknown).toMatchObject({ ok: false, error: { kind: 'no-such-certificate' } })
})

test('what is far from its end waits, one that lives for days is renewed in its last third, and what cannot be is counted', async () => {
  const { house, renewals, holding } = await openShop()
  const now = house.clock.now()
  await holding({ fingerprint: '1'.repeat(64), not_after: now + 61 * dayMs })
  const short = { not_before: now - 2 * dayMs, not_after: now + 4 * dayMs }
  await holding({ fingerprint: '2'.repeat(64), ...short })
  await holding({ fingerprint: '3'.repeat(64), profile: null })
  expect(await renewals.round()).toEqual({ ending: 2, sent: 0, stuck: 1 })
  await house.advance(2 * dayMs + 60_000)
  expect(await renewals.round()).toEqual({ ending: 3, sent: 2, stuck: 1 })
})

test('it looks by itself, again and again, until it is stopped', async () => {
  const { house, renewals, told, hostId, holding } = await openShop()
  const looking = renewals.start()
  await holding()
  await house.advance(61_000)
  await expect.poll(() => told.length).toBe(1)
  expect(house.store.lookups.openCommands(hostId)).toHaveLength(1)
  await looking.stop()
  await house.advance(2 * 3_600_000)
  expect(told).toHaveLength(1)
})
