// What the code knows of secrets, so that a new one cannot come without being searched for.
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { serveFlags } from '../../../src/cli/serve-options.ts'
import { columns } from '../../../storage/columns.ts'
import { readConfig } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/setting.ts'
import { serve } from '../../../src/serve.ts'
import { openHttpWorld } from '../../http/world.ts'
import { createCanaries, watchKey } from './canaries.ts'
import { readFolder } from './everything.ts'
import { leaksOf } from './search.ts'
import { dropFolder, newFolder } from '../muster.ts'

const folder = newFolder()
afterAll(() => dropFolder(folder))

/** Settings by what a wrong one may say: `secret` are sent through by `settingsOf` in `scene.ts`. */
const settings = {
  secret: [
    'MUSTER_ADMIN_TOKEN',
    'MUSTER_CA_KEY',
    'MUSTER_ENROLL_SECRET',
    'MUSTER_MASTER_KEY',
    'MUSTER_PROFILE_SIGNER',
    'MUSTER_PROXY_SECRET',
    'MUSTER_SCEP_CHALLENGE',
  ],
  /** Files that everybody may read: certificates. */
  open: [
    'MUSTER_APNS_CA',
    'MUSTER_CA_CERTIFICATE',
    'MUSTER_DEVICE_ROOT',
    'MUSTER_FORMER_CA',
    'MUSTER_TLS_ROOT',
  ],
}

test('every setting that comes in a file is a secret that is searched for, or none', () => {
  const inFiles = serveFlags.filter(([flag]) => flag.endsWith('File')).map(([, name]) => name)
  expect(inFiles.toSorted()).toEqual([...settings.secret, ...settings.open].toSorted())
  const scene = readFileSync(new URL('./scene.ts', import.meta.url), 'utf8')
  expect(settings.secret.filter((name) => !scene.includes(`    ${name}: `))).toEqual([])
})

test('every column that stands for a secret holds a hash, a sealed one, or the name of one', () => {
  const telling = Object.entries(columns).flatMap(([table, names]) =>
    names
      .filter((name) => /hash|secret|key|_ref$|sealed|token|password|challenge/.test(name))
      .map((name) => `${table}.${name}`),
  )
  // Each was searched for as it is in clear. `enrollments.key` is a device's name, not a key.
  expect(telling.toSorted()).toEqual([
    'agents.node_key_hash',
    'authorities.key_ref',
    'certificates.challenge_hash',
    'certificates.public_key_hash',
    'challenges.hash',
    'challenges.public_key_hash',
    'enroll_secrets.hash',
    'enrollment_links.secret_hash',
    'enrollments.key',
    'push_certificates.key_ref',
    'sealed.sealed',
    'tokens.hash',
    'webhook_deliveries.payload_ref',
    'webhooks.former_secret_ref',
    'webhooks.secret_ref',
  ])
})

test('the key of an authority made here is sealed', async () => {
  const { server } = await openHttpWorld()
  const { folder: kept, store, sealing } = server.keep
  const [authority] = store.lookups.authorities()
  const opened = await sealing.open(authority?.key_ref ?? '')
  const key = Buffer.from(opened.ok ? opened.value : [])
  const canaries = createCanaries()
  watchKey(canaries, 'authority', createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
  expect(canaries.foundIn(key)).toHaveLength(2)
  expect(leaksOf(canaries)(readFolder(kept))).toEqual([])
})

describe('a wrong setting is named and not repeated:', () => {
  const mark = 'canary7f3a91'
  const pem = `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----\n`
  const file = join(folder, 'key.pem')
  writeFileSync(file, pem)
  // prettier-ignore
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['an admin token', { MUSTER_ADMIN_TOKEN: mark }],
    ['an enroll secret', { MUSTER_ENROLL_SECRET: mark }],
    ['a proxy secret', { MUSTER_PROXY_SECRET: mark }],
    ['a SCEP challenge', { MUSTER_SCEP_CHALLENGE: mark }],
    ['a master key', { MUSTER_MASTER_KEY: mark }],
    ['a signer of profiles', { MUSTER_PROFILE_SIGNER: pem }],
    ['a key as a certificate', { MUSTER_CA_CERTIFICATE: pem }],
    ['a key of an authority', { MUSTER_CA_KEY: pem }],
    ['a key as a root', { MUSTER_DEVICE_ROOT: pem }],
    ['a TLS key', { MUSTER_TLS_KEY: file, MUSTER_TLS_CERTIFICATE: file }],
    ['a password in the public URL', { MUSTER_PUBLIC_URL: `https://x:${mark}@mdm.example.com` }],
    ['a password in the push service', { MUSTER_APNS_URL: `https://x:${mark}@example.com` }],
    ['a secret as a list of networks', { MUSTER_PROXIES: mark }],
    ['a secret as a level', { MUSTER_LOG_LEVEL: mark }],
    ['a secret as a way of knowing devices', { MUSTER_DEVICE_AUTH: mark }],
    ['a secret as a place to listen', { MUSTER_LISTEN: mark }],
    ['a secret as receivers', { MUSTER_WEBHOOK_ALLOW: `${mark}/64` }],
  ]
  test.each(cases)('%s', async (name, env) => {
    const data = join(folder, name.replaceAll(' ', '-'))
    const said = await refusalOf({ MUSTER_LISTEN: '127.0.0.1:0', MUSTER_DATA: data, ...env })
    expect(said).toMatch(/^[^\n]*(?:MUSTER_|TLS)[^\n]*$/)
    expect(said).not.toContain(mark)
  })

  test('a secret in place of a file', () => {
    const config = readConfig({ scepChallengeFile: mark }, {})
    expect(config).toEqual({
      ok: false,
      error: '--scep-challenge-file names a file that cannot be read (ENOENT).',
    })
  })
})

/** What stops the start: the sentence that goes to stderr. */
async function refusalOf(env: Environment): Promise<string> {
  const config = readConfig({}, env)
  if (!config.ok) return config.error
  const { promise, resolve } = Promise.withResolvers<string>()
  serve({ ...config.value, logLevel: 'silent' }, () => {}).then(
    () => resolve('it started'),
    (reason: unknown) => resolve(String(reason)),
  )
  return promise
}
