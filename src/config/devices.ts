// Settings about how devices are known, and about TLS that ends here.
import { BlockList, isIP } from 'node:net'
import { readRoots } from './certificates.ts'
import { readDuration } from './enrollment.ts'
import type { Certificate } from '../pki/certificate.ts'
import { fail, ok, type Result } from '../result.ts'
import { oneOf, readSecret, type Setting } from './setting.ts'

export type DeviceAuth = 'signature' | 'mtls' | 'header' | 'none'

export type DevicesConfig = {
  readonly deviceAuth: DeviceAuth
  /** How far the clock of a device that signs may be from ours. */
  readonly clockSkewMs: number
  /** Where proxies write the client's certificate. Lower case. */
  readonly certificateHeader: string
  /** Addresses that our proxies connect from. */
  readonly proxies: BlockList | undefined
  /** What proxies say besides. */
  readonly proxySecret: string | undefined
  /** Paths: the files are read again when they change. */
  readonly tlsCertificate: string | undefined
  readonly tlsKey: string | undefined
  /** Authorities of another server whose fleet is being taken over. */
  readonly formerCa: readonly Certificate[] | undefined
  /** A server that answers for the declarations of devices, as NanoMDM's -dm. */
  readonly declarationsUrl: URL | undefined
}

/** A day: what stands within it is a clock that is off, and a captured request is good for no longer. */
const usualSkewMs = 86_400_000

export const deviceSettings: {
  readonly [Name in keyof DevicesConfig]: Setting<DevicesConfig[Name]>
} = {
  deviceAuth: {
    flag: 'deviceAuth',
    variable: 'MUSTER_DEVICE_AUTH',
    read: oneOf(['signature', 'mtls', 'header', 'none']),
    fallback: 'signature',
  },
  clockSkewMs: {
    flag: 'clockSkew',
    variable: 'MUSTER_CLOCK_SKEW',
    read: readDuration({ min: '1m', max: '3650d' }),
    fallback: usualSkewMs,
  },
  certificateHeader: {
    flag: 'certificateHeader',
    variable: 'MUSTER_CERTIFICATE_HEADER',
    read: readHeaderName,
    fallback: 'client-cert',
  },
  proxies: {
    flag: 'proxies',
    variable: 'MUSTER_PROXIES',
    read: readAddresses,
    fallback: undefined,
  },
  proxySecret: {
    flag: 'proxySecretFile',
    variable: 'MUSTER_PROXY_SECRET',
    read: readSecret,
    fallback: undefined,
  },
  tlsCertificate: {
    flag: 'tlsCertificate',
    variable: 'MUSTER_TLS_CERTIFICATE',
    read: readPath,
    fallback: undefined,
  },
  tlsKey: { flag: 'tlsKey', variable: 'MUSTER_TLS_KEY', read: readPath, fallback: undefined },
  formerCa: {
    flag: 'formerCaFile',
    variable: 'MUSTER_FORMER_CA',
    read: readRoots,
    fallback: undefined,
  },
  declarationsUrl: {
    flag: 'declarationsUrl',
    variable: 'MUSTER_DECLARATIONS_URL',
    read: readServerUrl,
    fallback: undefined,
  },
}

/** Settings that make no sense together, in one sentence. */
export function devicesFault(config: DevicesConfig): string | undefined {
  const { deviceAuth, proxies, tlsCertificate, tlsKey } = config
  if ((tlsCertificate === undefined) !== (tlsKey === undefined))
    return 'MUSTER_TLS_CERTIFICATE and MUSTER_TLS_KEY belong together: set both or neither.'
  if (deviceAuth === 'mtls' && tlsCertificate === undefined)
    return 'MUSTER_TLS_CERTIFICATE must be set while devices are known by their TLS connection (MUSTER_DEVICE_AUTH=mtls).'
  return deviceAuth === 'header' && proxies === undefined
    ? 'MUSTER_PROXIES must be set while proxies say who a device is (MUSTER_DEVICE_AUTH=header).'
    : undefined
}

/** Without a query: what devices ask for is put behind the path. */
function readServerUrl(text: string): Result<URL, string> {
  const url = URL.parse(text)
  const isServer = url !== null && ['http:', 'https:'].includes(url.protocol)
  if (!isServer) return fail('must be an http or https address, such as http://127.0.0.1:9002/')
  const { username, password, search, hash } = url
  return username + password + search + hash === ''
    ? ok(url)
    : fail('must have no user name, query or fragment')
}

/** The files are read again when they change, so their content does not do. */
function readPath(text: string): Result<string, string> {
  return text.includes('-----BEGIN')
    ? fail('must be the path of a PEM file, not its content')
    : ok(text)
}

/** RFC 9110 section 5.1, without what some servers take for a dash. */
function readHeaderName(text: string): Result<string, string> {
  return /^[A-Za-z0-9-]{1,100}$/.test(text)
    ? ok(text.toLowerCase())
    : fail('must be the name of a header, letters, digits and dashes')
}

/** `10.0.0.0/8`, `fd00::/8` and plain addresses, several by comma. */
function readAddresses(text: string): Result<BlockList, string> {
  const list = new BlockList()
  for (const part of text.split(',')) {
    const { address = '', prefix } =
      /^(?<address>[0-9a-fA-F:.]+)(?:\/(?<prefix>\d{1,3}))?$/.exec(part.trim())?.groups ?? {}
    const version = isIP(address)
    const bits = version === 4 ? 32 : 128
    const length = prefix === undefined ? bits : Number(prefix)
    if (version === 0 || length > bits)
      return fail('must be addresses or networks, such as 10.0.0.0/8, several by comma')
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  }
  return ok(list)
}
