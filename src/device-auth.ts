// How devices are known, as the settings want it.
import type { Context } from 'hono'
import type { Store } from '../storage/store.ts'
import type { Config } from './config/config.ts'
import { byHeader, bySignature, byTls, type Present } from './http/mdm/presented.ts'
import type { Authorities } from './intake/authorities.ts'
import type { Credential, CredentialFault } from './intake/credential.ts'
import { createDeviceRegistry } from './intake/device-registry.ts'
import { isIssuedBy } from './pki/certificate.ts'
import { createDeviceCertificates, type DeviceCertificates } from './pki/device-certificates.ts'
import { fail, ok, type Result, unreachable } from './result.ts'
import type { Live } from './runtime/live.ts'
import type { World } from './runtime/world.ts'

type DeviceAuthOptions = {
  readonly config: Config
  readonly authorities: Authorities
  readonly store: Store
  readonly world: World
  readonly live: Live
}

/** Who a device proved to be, and whether a body is its word. */
export type Sender = {
  readonly credential: Credential
  readonly signs: (body: Uint8Array) => boolean
}

/** By headers and connection, before a byte of the body is read. */
export function createDeviceAuth(
  options: DeviceAuthOptions,
): (c: Context) => Result<Sender, CredentialFault> {
  const { config, authorities, store, world, live } = options
  const certificates = createDeviceCertificates(() => authorities.trusted)
  const present = presenting(config, certificates, world)
  if (present === undefined) return () => ok({ credential: { kind: 'none' }, signs: () => true })
  const former = config.formerCa ?? []
  const registry = createDeviceRegistry({
    lookups: store.lookups,
    live,
    world,
    isFormer: ({ certificate }) => former.some((issuer) => isIssuedBy(certificate, issuer)),
  })
  return (c) => {
    const presented = present(c)
    if (!presented.ok) return fail({ ...presented.error, fingerprint: null, hostId: null })
    const credential = registry(presented.value)
    return credential.ok
      ? ok({ credential: credential.value, signs: presented.value.signs })
      : credential
  }
}

const secretHeader = 'x-muster-proxy-secret'

function presenting(
  config: Config,
  certificates: DeviceCertificates,
  world: World,
): Present | undefined {
  switch (config.deviceAuth) {
    case 'none':
      return undefined
    case 'signature':
      return bySignature({ certificates, skewMsMax: config.clockSkewMs }, world.now)
    case 'mtls':
      return byTls(certificates)
    case 'header': {
      const { proxies, certificateHeader: header, proxySecret: value } = config
      if (proxies === undefined) throw new Error('the settings were checked at the start')
      const secret = value === undefined ? undefined : { header: secretHeader, value }
      return byHeader({ certificates, proxies, header, secret })
    }
    default:
      return unreachable(config.deviceAuth)
  }
}
