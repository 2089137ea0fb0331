import { expect, test } from 'vitest'
import { openAuthorities } from '../../src/intake/authorities.ts'
import { isIssuedBy } from '../../src/pki/certificate.ts'
import { keyBytes } from '../../src/pki/new-authority.ts'
import { createSealing } from '../../src/secrets/sealing.ts'
import { createVault } from '../../src/secrets/vault.ts'
import { authority as rootOf } from '../pki/signers.ts'
import { type House, openHouse } from '../runtime/world.ts'

const open = async ({ store, sealing, clock: world }: House, given?: ReturnType<typeof rootOf>) => {
  const opened = await openAuthorities({ store, sealing, world, given })
  if (!opened.ok) throw new Error(opened.error)
  return opened.value
}

test('one is made at the first start, and is the same at the next', async () => {
  const house = await openHouse()
  const first = await open(house)
  const again = await open(house)
  const { certificate } = first.active
  expect(again.active.certificate.fingerprint).toBe(certificate.fingerprint)
  expect(certificate).toMatchObject({ isCa: true, publicKey: { asymmetricKeyType: 'rsa' } })
  expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(2_048)
  expect(isIssuedBy(certificate, again.active.certificate)).toBe(true)
})

test('one that is brought signs, and what was signed before is believed all the same', async () => {
  const house = await openHouse()
  const own = await open(house)
  const given = rootOf('The operator CA')
  const brought = await open(house, given)
  expect(brought.active.certificate.fingerprint).toBe(given.certificate.fingerprint)
  const names = brought.trusted.map(({ fingerprint }) => fingerprint)
  expect(names).toEqual([given.certificate.fingerprint, own.active.certificate.fingerprint])
  // Taken away again: ours signs anew, and theirs stays believed. Brought twice it is kept once.
  await open(house, given)
  const back = await open(house)
  expect(back.active.certificate.fingerprint).toBe(own.active.certificate.fingerprint)
  expect(back.trusted.map(({ fingerprint }) => fingerprint)).toEqual(names.toReversed())
})

test('what was adopted is believed after the setting that named its authority is gone', async () => {
  const { store, sealing, clock: world } = await openHouse()
  const { certificate } = rootOf('The CA of another server')
  const adopting = { store, sealing, world, adopted: [certificate] }
  for (const options of [adopting, adopting, { store, sealing, world }]) {
    const opened = await openAuthorities(options)
    const names = opened.ok ? opened.value.trusted.map(({ fingerprint }) => fingerprint) : []
    expect(names).toContain(certificate.fingerprint)
    expect(opened).toMatchObject({ value: { active: { certificate: { isCa: true } } } })
    expect(opened.ok && opened.value.active.certificate.subject).not.toBe(certificate.subject)
  }
  expect(store.lookups.authorities()).toHaveLength(2)
})

test('its key is nowhere in the database, and another master key does not open it', async () => {
  const house = await openHouse()
  const { active } = await open(house)
  const [row] = house.store.lookups.authorities()
  const sealed = house.store.lookups.sealed(row?.key_ref ?? '')?.sealed ?? Buffer.of()
  expect(sealed.length).toBeGreaterThan(1_000)
  expect(Buffer.from(sealed).includes(Buffer.from(keyBytes(active)).subarray(300, 332))).toBe(false)
  const sealing = createSealing({
    vault: createVault(new Uint8Array(32).fill(1)),
    blobs: house.opened.blobs,
    sealed: (ref) => house.store.lookups.sealed(ref),
  })
  const { store, clock: world } = house
  expect(await openAuthorities({ store, sealing, world })).toMatchObject({ ok: false })
})
