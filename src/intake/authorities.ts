// Who signs device certificates: an authority made at the first start, or one the operator brought.
import type { AuthorityRow } from '../../storage/certificate-rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { Authority } from '../pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../pki/certificate.ts'
import { createAuthority, keyBytes, restoreAuthority } from '../pki/new-authority.ts'
import { fail, ok, type Result } from '../result.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'

export type Authorities = {
  /** Signs what is issued from now on. */
  readonly active: Authority
  /** Whose certificates are believed: the active one, those before it, and those of a server we took over from. */
  readonly trusted: readonly Certificate[]
}

export type AuthoritiesOptions = {
  readonly store: Store
  readonly sealing: Sealing
  readonly world: World
  /** Brought by the operator. */
  readonly given?: Authority | undefined
  /** Former authorities of another server, whose devices are to be adopted. */
  readonly adopted?: readonly Certificate[] | undefined
}

/** Fails with one sentence for whoever starts the server. */
export async function openAuthorities(
  options: AuthoritiesOptions,
): Promise<Result<Authorities, string>> {
  const rows = options.store.lookups.authorities()
  const active =
    options.given === undefined ? await ownAuthority(options, rows) : await take(options, rows)
  if (!active.ok) return active
  const adopted = (options.adopted ?? []).filter(
    ({ der }) => !rows.some(({ certificate }) => equal(certificate, der)),
  )
  const remembered = await remember(options, rows, adopted)
  if (!remembered.ok) return remembered
  const former = rows.flatMap(({ certificate }) => {
    const read = readCertificate(certificate)
    return read.ok && read.value.fingerprint !== active.value.certificate.fingerprint
      ? [read.value]
      : []
  })
  const trusted = [active.value.certificate, ...former, ...adopted]
  return ok({ active: active.value, trusted })
}

/** The newest whose key is ours, or a new one. */
async function ownAuthority(
  options: AuthoritiesOptions,
  rows: readonly AuthorityRow[],
): Promise<Result<Authority, string>> {
  const kept = rows.findLast(({ key_ref }) => key_ref !== '')
  if (kept === undefined) return create(options)
  const key = await options.sealing.open(kept.key_ref)
  const restored = key.ok ? restoreAuthority(kept.certificate, { der: key.value }) : undefined
  return restored === undefined
    ? fail('The key of the device certificate authority cannot be read from the database.')
    : ok(restored)
}

async function create(options: AuthoritiesOptions): Promise<Result<Authority, string>> {
  const { store, sealing, world } = options
  const at = world.now()
  const id = world.uuid()
  const made = await createAuthority(`Muster device CA ${id.slice(-6)}`, at)
  const keyRef = `authority/${id}`
  const key = { ref: keyRef, hostId: '', kind: 'authority_key', bytes: keyBytes(made) }
  const sealed = await sealing.seal(key)
  if (!sealed.ok) return fail('The blob folder cannot be written.')
  const row = rowOf(id, made, { keyRef, at })
  return kept(store, [sealed.value, { put: 'authority', row }], made)
}

/** One that was brought signs. */
async function take(
  options: AuthoritiesOptions,
  rows: readonly AuthorityRow[],
): Promise<Result<Authority, string>> {
  const { given } = options
  if (given === undefined) throw new Error('nothing was brought')
  const kept = await remember(options, rows, [given.certificate])
  return kept.ok ? ok(given) : kept
}

/**
 * Authorities of which somebody else has the key: what they signed stays valid when the setting that named them is
 * another.
 */
async function remember(
  { store, world }: AuthoritiesOptions,
  rows: readonly AuthorityRow[],
  certificates: readonly Certificate[],
): Promise<Result<void, string>> {
  const at = world.now()
  const writes = certificates
    .filter(({ der }) => !rows.some(({ certificate }) => equal(certificate, der)))
    .map((certificate): Write => ({
      put: 'authority',
      row: rowOf(world.uuid(), { certificate }, { keyRef: '', at }),
    }))
  return writes.length === 0 ? ok(undefined) : kept(store, writes, undefined)
}

const rowOf = (
  id: string,
  { certificate }: Pick<Authority, 'certificate'>,
  { keyRef, at }: { readonly keyRef: string; readonly at: number },
): AuthorityRow => ({
  id,
  certificate: certificate.der,
  key_ref: keyRef,
  created_at: at,
})

async function kept<Value>(
  store: Store,
  writes: readonly Write[],
  value: Value,
): Promise<Result<Value, string>> {
  const committed = await store.commit(writes)
  return committed.ok ? ok(value) : fail(`The database cannot be written: ${committed.error.kind}.`)
}

const equal = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0
