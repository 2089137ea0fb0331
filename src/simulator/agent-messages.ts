import { gzipSync } from 'node:zlib'
import type { JsonObject } from '../protocol/osquery/json.ts'
import type { Identity } from './identity.ts'
import type { WireRequest } from './wire.ts'

export type AgentEndpoint = 'enroll' | 'config' | 'log' | 'distributed/read' | 'distributed/write'

/** Since this version agents also say their key in a header; older ones only in the body. */
export const agentVersions = ['5.23.1', '5.19.0'] as const
export type AgentVersion = (typeof agentVersions)[number]

export function agentRequest(
  endpoint: AgentEndpoint,
  body: JsonObject,
  { version, gzip = false }: { readonly version: AgentVersion; readonly gzip?: boolean },
): WireRequest {
  const text = JSON.stringify(body)
  const key = body['node_key']
  return {
    kind: `osquery.${endpoint}`,
    method: 'POST',
    path: `/api/osquery/${endpoint}`,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': `osquery/${version}`,
      ...(version === '5.23.1' && typeof key === 'string' && { authorization: `NodeKey ${key}` }),
      ...(gzip && { 'content-encoding': 'gzip' }),
    },
    body: gzip ? gzipSync(text) : text,
  }
}

export type EnrollOptions = {
  readonly identity: Identity
  readonly secret: string
  readonly version: AgentVersion
  /** Random per database: another one after a reinstallation. */
  readonly instance: string
  /** Knows no serial, as an agent without the rights to read it. */
  readonly sparse: boolean
}

/** Source: osquery, `EnrollPlugin` and `genHostDetails`: the first row of each table, all values text. */
export function enrollRequest({
  identity,
  secret,
  version,
  instance,
  sparse,
}: EnrollOptions): WireRequest {
  const { os, uuid } = identity
  const body: JsonObject = {
    enroll_secret: secret,
    host_identifier: uuid,
    platform_type: os.platformType,
    host_details: {
      os_version: osVersionRow(identity),
      osquery_info: osqueryInfoRow(identity, version, instance),
      system_info: sparse
        ? { ...systemInfoRow(identity), hardware_serial: '' }
        : systemInfoRow(identity),
      platform_info: { vendor: identity.hardware.vendor, version: '1.0', date: '01/15/2025' },
    },
  }
  return agentRequest('enroll', body, { version })
}

export const systemInfoRow = ({ hardware, ...identity }: Identity): JsonObject => ({
  hostname: identity.hostname,
  computer_name: identity.deviceName,
  local_hostname: identity.hostname,
  uuid: identity.uuid,
  hardware_serial: identity.serial ?? '',
  hardware_vendor: hardware.vendor,
  hardware_model: hardware.model,
  hardware_version: '1.0',
  cpu_brand: hardware.cpu,
  cpu_type: identity.os.arch,
  physical_memory: String(hardware.memoryBytes),
})

export function osVersionRow({ os }: Identity): JsonObject {
  const [major = '', minor = '', patch = '0'] = os.version.split(/[. ]/)
  return {
    name: os.name,
    version: os.version,
    major,
    minor,
    patch,
    build: os.build,
    platform: os.platform,
    platform_like: os.platformLike,
    arch: os.arch,
  }
}

export const osqueryInfoRow = (
  { uuid, os }: Identity,
  version: AgentVersion,
  instance: string,
): JsonObject => ({
  version,
  uuid,
  instance_id: instance,
  pid: '412',
  build_platform: os.platform,
  config_valid: '1',
  extensions: 'active',
})

/** Bodies no server can read. All must be answered with a JSON object that has `error`. */
export const malformedAgentRequests = (
  version: AgentVersion,
): readonly [WireRequest, ...WireRequest[]] => {
  const log = { ...agentRequest('log', {}, { version }), kind: 'osquery.malformed' } as const
  return [
    { ...log, body: '' },
    { ...log, body: '[]' },
    { ...log, body: '{"node_key":' },
    { ...log, body: '{"node_key":7,"log_type":"status","data":[]}' },
    { ...log, body: '{"log_type":"result","data":[]}' },
    { ...log, body: 'not gzip', headers: { ...log.headers, 'content-encoding': 'gzip' } },
    { ...log, path: '/api/osquery/teleport', body: '{}' },
  ]
}
