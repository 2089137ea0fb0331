// What stops a start, and that nothing of it is left behind.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { serveFlags } from '../../src/cli/serve-options.ts'
import { broughtAuthority } from '../../src/config/certificates.ts'
import { readConfig } from '../../src/config/config.ts'
import { writePem } from '../../src/pki/pem.ts'
import { serve } from '../../src/serve.ts'
import type { Environment } from '../../src/config/setting.ts'
import { authority as rootOf, device, type Pair } from '../pki/signers.ts'

const none = { MUSTER_DEVICE_AUTH: 'none' }

const root = rootOf('A CA')
const other = rootOf('Another CA')
const pem = ({ certificate }: Pair): string => writePem('CERTIFICATE', certificate.der)
const leaf = pem(device(root, 'a device'))

const refused: readonly (readonly [Environment, string])[] = [
  [{ MUSTER_LISTEN: '8080' }, 'MUSTER_LISTEN must be host:port, such as 127.0.0.1:8080.'],
  [{ MUSTER_LISTEN: '127.0.0.1:65536' }, 'MUSTER_LISTEN must be host:port'],
  [{ MUSTER_LISTEN: '[127.0.0.1:80' }, 'MUSTER_LISTEN must be host:port'],
  [{ MUSTER_LISTEN: 'me@127.0.0.1:80' }, 'MUSTER_LISTEN must be host:port'],
  [{ ...none, MUSTER_LISTEN: '0.0.0.0:80' }, 'MUSTER_LISTEN must be a loopback address'],
  [{ ...none, MUSTER_LISTEN: '[::]:80' }, 'MUSTER_LISTEN must be a loopback address'],
  [{ ...none, MUSTER_DEVICE_LISTEN: '0.0.0.0:80' }, 'MUSTER_DEVICE_LISTEN must be a loopback'],
  [{ MUSTER_ADMIN_TOKEN: 'x'.repeat(23) }, 'MUSTER_ADMIN_TOKEN must have at least 24 characters.'],
  [{ MUSTER_ENROLL_SECRET: 'short' }, 'MUSTER_ENROLL_SECRET must have at least 24 characters.'],
  [{ MUSTER_DEVICE_AUTH: 'mutual' }, 'MUSTER_DEVICE_AUTH must be one of: signature, mtls'],
  [{ MUSTER_DEVICE_AUTH: 'mtls' }, 'MUSTER_TLS_CERTIFICATE must be set'],
  [{ MUSTER_DEVICE_AUTH: 'header' }, 'MUSTER_PROXIES must be set'],
  [{ MUSTER_TLS_CERTIFICATE: 'tls.pem' }, 'MUSTER_TLS_CERTIFICATE and MUSTER_TLS_KEY belong'],
  [{ MUSTER_PROXIES: '10.0.0.0/33' }, 'MUSTER_PROXIES must be addresses or networks'],
  [{ MUSTER_PROXIES: 'proxy.example.com' }, 'MUSTER_PROXIES must be addresses or networks'],
  [{ MUSTER_CERTIFICATE_HEADER: 'Client_Cert' }, 'MUSTER_CERTIFICATE_HEADER must be the name'],
  [{ MUSTER_CLOCK_SKEW: 'always' }, 'MUSTER_CLOCK_SKEW must be a duration'],
  [{ MUSTER_FORMER_CA: 'not PEM' }, 'MUSTER_FORMER_CA must be certificates as PEM.'],
  [{ MUSTER_PUBLIC_URL: 'http://mdm.example.test' }, 'MUSTER_PUBLIC_URL must be an https address'],
  [{ MUSTER_PUBLIC_URL: 'https://mdm.example.test/a' }, 'MUSTER_PUBLIC_URL must be an https'],
  [{ MUSTER_PUSH_TOPIC: 'com.example' }, 'MUSTER_PUSH_TOPIC must be a push topic'],
  [{ MUSTER_SCEP_CHALLENGE: 'secret' }, 'MUSTER_SCEP_CHALLENGE must have at least 24 characters.'],
  [
    { MUSTER_CHALLENGE_LIFETIME: '5' },
    'MUSTER_CHALLENGE_LIFETIME must be a duration from 1m to 7d.',
  ],
  [{ MUSTER_CERTIFICATE_LIFETIME: '11y' }, 'MUSTER_CERTIFICATE_LIFETIME must be a duration'],
  [{ MUSTER_CA_CERTIFICATE: 'nonsense' }, 'MUSTER_CA_CERTIFICATE must be certificates as PEM.'],
  [{ MUSTER_DEVICE_ROOT: leaf }, 'MUSTER_DEVICE_ROOT must be certificates of authorities'],
  [
    { MUSTER_PROFILE_SIGNER: leaf },
    'MUSTER_PROFILE_SIGNER must hold a certificate first, with its',
  ],
  [
    { MUSTER_TLS_ROOT: '-----BEGIN CERTIFICATE-----' },
    'MUSTER_TLS_ROOT must be certificates as PEM',
  ],
  [{ MUSTER_BODY_MEMORY: '1MB' }, 'MUSTER_BODY_MEMORY must be a size of 64MB or more'],
  [{ MUSTER_BODY_MEMORY: '256' }, 'MUSTER_BODY_MEMORY must be a size of 64MB or more'],
  [{ MUSTER_ADE: 'everybody' }, 'MUSTER_ADE must be one of: assigned, any.'],
  [{ MUSTER_ACCOUNT_ENROLLMENT: 'https://x.test' }, 'MUSTER_ACCOUNT_ENROLLMENT must be mdm-byod='],
]

test.each(refused)('%o stops the start with a sentence that names it', (env, sentence) => {
  const config = readConfig({}, env)
  expect(config).toMatchObject({ ok: false })
  expect(config.ok ? '' : config.error).toContain(sentence)
})

describe('a secret or PEM', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-settings-'))
  const path = join(folder, 'secret')
  const secret = 'a secret of more than 24 characters'
  beforeAll(() => writeFileSync(path, `${secret}\n`))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(serveFlags.filter(([name]) => name.endsWith('File')).map(([, variable]) => variable))(
    'of %s may be in a file that %s_FILE names',
    (variable) => {
      const missing = readConfig({}, { [`${variable}_FILE`]: join(folder, 'nothing') })
      expect(missing).toEqual({
        ok: false,
        error: `${variable}_FILE names a file that cannot be read (ENOENT).`,
      })
      const misplaced = readConfig({}, { [variable]: path })
      expect(misplaced).toEqual({
        ok: false,
        error: `${variable} holds the path of a file, not its content: set ${variable}_FILE to the path instead.`,
      })
    },
  )

  test('is the content of the file without the line break at its end', () => {
    expect(readConfig({}, { MUSTER_ADMIN_TOKEN_FILE: path })).toMatchObject({
      ok: true,
      value: { adminToken: secret },
    })
  })

  test('given twice stops the start', () => {
    expect(readConfig({}, { MUSTER_ADMIN_TOKEN: secret, MUSTER_ADMIN_TOKEN_FILE: path })).toEqual({
      ok: false,
      error: 'Set MUSTER_ADMIN_TOKEN or MUSTER_ADMIN_TOKEN_FILE, not both.',
    })
  })

  test('where a path belongs stops the start, and is not repeated', () => {
    const pemText = pem(root)
    const tls = readConfig({}, { MUSTER_TLS_CERTIFICATE: pemText, MUSTER_TLS_KEY: 'key.pem' })
    expect(tls).toEqual({
      ok: false,
      error: 'MUSTER_TLS_CERTIFICATE must be the path of a PEM file, not its content.',
    })
    expect(readConfig({ adminTokenFile: secret }, {})).toEqual({
      ok: false,
      error: '--admin-token-file names a file that cannot be read (ENOENT).',
    })
  })
})

test('a flag outweighs the variable', () => {
  const config = readConfig({ listen: '[::1]:81' }, { MUSTER_LISTEN: 'nonsense' })
  expect(config).toMatchObject({ ok: true, value: { listen: { host: '::1', port: 81 } } })
})

test('a start that fails at its second address leaves the first one free', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-start-'))
  const [taken, devices] = [await occupy(0), await occupy(0)]
  onTestFinished(async () => {
    await taken.free()
    await rm(folder, { recursive: true })
  })
  await devices.free()
  const config = readConfig(
    {},
    {
      MUSTER_DATA: folder,
      MUSTER_LISTEN: `127.0.0.1:${taken.port}`,
      MUSTER_DEVICE_LISTEN: `127.0.0.1:${devices.port}`,
      MUSTER_LOG_LEVEL: 'silent',
    },
  )
  if (!config.ok) throw new Error(config.error)
  await expect(serve(config.value, () => {})).rejects.toThrow('is in use by another program')
  const again = await occupy(devices.port)
  await again.free()
})

/** Holds a port of this machine; 0 takes any. */
async function occupy(port: number): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    free: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

const keyOf = ({ key }: Pair): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const weak = generateKeyPairSync('ec', { namedCurve: 'P-256' })

// prettier-ignore
const brought: readonly (readonly [string, Environment, string])[] = [
  ['without its key',            { MUSTER_CA_CERTIFICATE: pem(root) },                               'belong together'],
  ['as a key alone',             { MUSTER_CA_KEY: keyOf(root) },                                     'belong together'],
  ["with another one's key",     { MUSTER_CA_CERTIFICATE: pem(root), MUSTER_CA_KEY: keyOf(other) },  'must be the private key'],
  ['with a key that is none',    { MUSTER_CA_CERTIFICATE: pem(root), MUSTER_CA_KEY: 'key' },         'must be the private key'],
  ['with a key of another kind', { MUSTER_CA_CERTIFICATE: pem(root), MUSTER_CA_KEY: weak.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }, 'must be the private key'],
]
test.each(brought)('an authority brought %s stops the start with a sentence', (_, env, words) => {
  const config = readConfig({}, env)
  const authority = config.ok ? broughtAuthority(config.value) : config
  expect(authority.ok ? '' : authority.error).toContain(words)
})
