import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appleRoot } from '../../src/pki/apple-root.ts'
import {
  type Certificate,
  isIssuedBy,
  isValidAt,
  readCertificate,
} from '../../src/pki/certificate.ts'
import { readMachineInfo } from '../../src/pki/machine-info.ts'
import { readPem } from '../../src/pki/pem.ts'
import { openssl } from './openssl.ts'
import { needs } from '../programs/needs.ts'

const tool = openssl()
afterAll(tool.remove)

const certificateOf = (name: string): Certificate => {
  const blocks = readPem(tool.text(`${name}.pem`))
  const read = blocks.ok && blocks.value[0] ? readCertificate(blocks.value[0].der) : undefined
  if (!read?.ok) throw new Error(`${name} cannot be read`)
  return read.value
}

const plist =
  '<plist version="1.0"><dict><key>SERIAL</key><string>ZZTESTMAC0001</string></dict></plist>'

/** Makes `name.pem` and `name.key`; without an issuer it signs itself. `days` of -1: expired yesterday. */
function certify(
  name: string,
  wish: {
    readonly by?: string
    readonly ca: boolean
    readonly days?: number
    readonly bits?: number
    readonly cn?: string
  },
): void {
  const { by, ca, days = 900, bits = 2048, cn = name } = wish
  tool.run(
    'req',
    '-newkey',
    `rsa:${bits}`,
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-subj',
    `/O=Fake Apple/CN=${cn}`,
    '-out',
    'r.pem',
  )
  const signer =
    by === undefined
      ? ['-signkey', `${name}.key`]
      : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial']
  tool.run(
    'x509',
    '-req',
    '-in',
    'r.pem',
    ...signer,
    '-days',
    String(days),
    '-extfile',
    ca ? 'ca.ext' : 'leaf.ext',
    '-out',
    `${name}.pem`,
  )
}

beforeAll(() => {
  tool.write('plist', plist)
  tool.write('ca.ext', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n')
  tool.write('leaf.ext', 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n')
  certify('root', { ca: true })
  // As in Apple's chain, the authorities between have expired and the device has not.
  certify('phones', { by: 'root', ca: true, days: -1 })
  certify('devices', { by: 'phones', ca: true, days: -1 })
  certify('device', { by: 'devices', ca: false })
  certify('old-device', { by: 'devices', ca: false, bits: 1024 })
  certify('pretender', { by: 'device', ca: false })
  certify('stranger', { ca: false })
  certify('twin', { ca: true, cn: 'root' })
  certify('twins-device', { by: 'twin', ca: false })
  tool.write('chain', ['devices', 'phones'].map((name) => tool.text(`${name}.pem`)).join(''))
  tool.write(
    'whole',
    ['root', 'devices', 'phones'].map((name) => tool.text(`${name}.pem`)).join(''),
  )
  tool.write('half', tool.text('devices.pem'))
  tool.write(
    'with-leaf',
    ['device', 'devices', 'phones'].map((name) => tool.text(`${name}.pem`)).join(''),
  )
  tool.write('twin-root', tool.text('root.pem') + tool.text('twin.pem'))
})

const signed = (signer: string, ...flags: readonly string[]): Buffer => {
  tool.run(
    'cms',
    '-sign',
    '-binary',
    '-nodetach',
    '-in',
    'plist',
    '-signer',
    `${signer}.pem`,
    '-inkey',
    `${signer}.key`,
    '-outform',
    'DER',
    '-out',
    'info',
    ...flags,
  )
  return tool.read('info')
}
const outcome = (bytes: Uint8Array, roots = [certificateOf('root')]): string => {
  const read = readMachineInfo(bytes, roots)
  return read.ok ? Buffer.from(read.value.plist).toString() : read.error.kind
}

// prettier-ignore
const cases: readonly (readonly [string, string, readonly string[], string])[] = [
  ['a device, with the chain beside it',           'device',       ['-certfile', 'chain'],                                     plist],
  ['a device over SHA-1',                          'device',       ['-certfile', 'chain', '-md', 'sha1'],                      plist],
  ['a device of 1024 bits',                        'old-device',   ['-certfile', 'chain'],                                     plist],
  ['a device, with the root beside it too',        'device',       ['-certfile', 'whole'],                                     plist],
  ['a device that writes BER',                     'device',       ['-certfile', 'chain', '-stream'],                          plist],
  ['a device without its chain',                   'device',       [],                                                         'unknown-signer'],
  ['a device with half its chain',                 'device',       ['-certfile', 'half'],                                      'unknown-signer'],
  ['something a device certified',                 'pretender',    ['-certfile', 'with-leaf'],                                 'unknown-signer'],
  ['somebody who signed their own certificate',    'stranger',     ['-certfile', 'chain'],                                     'unknown-signer'],
  ['a device of another root of the same name',    'twins-device', ['-certfile', 'twin-root'],                                 'unknown-signer'],
  ['an authority instead of a device',             'devices',      ['-certfile', 'phones.pem'],                                     'unknown-signer'],
  ['the root itself',                              'root',         [],                                                         'unknown-signer'],
  ['a device that leaves its certificate out',     'device',       ['-certfile', 'chain', '-nocerts'],                         'bad-signature'],
  ['a device, without attributes',                 'device',       ['-certfile', 'chain', '-noattr'],                          'not-signed'],
  ['two devices',                                  'device',       ['-certfile', 'chain', '-signer', 'old-device.pem', '-inkey', 'old-device.key'], 'not-signed'],
]
for (const [who, signer, flags, expected] of cases)
  test(
    `MachineInfo signed by ${who} is ${expected === plist ? 'believed' : expected}`,
    needs('openssl'),
    () => expect(outcome(signed(signer, ...flags))).toBe(expected),
  )

test(
  'MachineInfo signed beside the message, over nothing, or not at all is not signed',
  needs('openssl'),
  () => {
    tool.run(
      'cms',
      '-sign',
      '-binary',
      '-in',
      'plist',
      '-signer',
      'device.pem',
      '-inkey',
      'device.key',
      '-outform',
      'DER',
      '-out',
      'beside',
      '-certfile',
      'chain',
    )
    expect(outcome(tool.read('beside'))).toBe('not-signed')
    tool.write('plist', '')
    expect(outcome(signed('device', '-certfile', 'chain'))).toBe('not-signed')
    tool.write('plist', plist)
    expect(outcome(Buffer.from(plist))).toBe('not-signed')
    expect(outcome(Buffer.alloc(70_000))).toBe('not-signed')
  },
)

test('a device of our own root is unknown to Apple', needs('openssl'), () => {
  const bytes = signed('device', '-certfile', 'chain')
  expect(readMachineInfo(bytes)).toMatchObject({
    error: {
      kind: 'unknown-signer',
      subject: 'O=Fake Apple, CN=device',
      issuer: 'O=Fake Apple, CN=devices',
    },
  })
  expect(outcome(bytes, [])).toBe('unknown-signer')
})

test('the built-in root is the one Apple publishes', needs('openssl'), () => {
  const root = appleRoot()
  expect(root.fingerprint).toBe('b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024')
  expect(root.subject).toContain('CN=Apple Root CA')
  expect(isIssuedBy(root, root)).toBe(true)
  expect(isValidAt(root, Date.UTC(2035, 0, 1))).toBe(true)
})

test('the chain given is really expired, as Apple has it', needs('openssl'), () => {
  expect(isValidAt(certificateOf('devices'), Date.now())).toBe(false)
  expect(isValidAt(certificateOf('phones'), Date.now())).toBe(false)
})

test(
  'no changed byte leaves another plist that is believed, and none throws',
  needs('openssl'),
  () => {
    const good = signed('device', '-certfile', 'chain')
    const roots = [certificateOf('root')]
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Uint8Array.from(good)
        bytes[at] = (bytes[at] ?? 0) ^ flip
        const read = readMachineInfo(bytes, roots)
        expect(!read.ok || Buffer.from(read.value.plist).toString() === plist).toBe(true)
      }),
      { numRuns: 1000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !readMachineInfo(bytes, roots).ok),
    )
  },
)
